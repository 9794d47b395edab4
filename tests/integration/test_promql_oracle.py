"""The daemon's answers against those of a real Prometheus that holds the same series."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.asked_queries import instant_queries, range_queries
from tests.integration.two_apis import TwoApis, same_answer
from tests.oracles.kept_series import BEGIN_MS, CYCLES, STEP_MS, kept_series
from tests.remote_write import RECEIVING, write
from tests.servers import prometheus

END_MS = BEGIN_MS + CYCLES * STEP_MS
MARGIN_MS = 900_000
GENERATED = settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoApis]:
    """Both over the same three hours."""
    matrix = kept_series()
    with prometheus(tmp_path_factory.mktemp("oracle"), arguments=RECEIVING) as url:
        write(url, matrix)
        yield TwoApis(url, matrix)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


instants = st.one_of(
    st.integers(BEGIN_MS - MARGIN_MS, END_MS + MARGIN_MS),
    st.integers(0, CYCLES).map(lambda cycle: BEGIN_MS + cycle * STEP_MS),  # the very moment of a reading
    st.integers(0, CYCLES).map(lambda cycle: BEGIN_MS + cycle * STEP_MS + 300_000),  # and when it is last shown
)


@GENERATED
@given(query=instant_queries, at=instants)
def test_an_instant(apis: TwoApis, query: str, at: int) -> None:
    """Any query that is served has the same answer at any moment, errors included."""
    real, ours = apis.both("query", {"query": query, "time": _seconds(at)})
    assert same_answer(query, real, ours), json.dumps([real, ours])


@GENERATED
@given(
    query=range_queries,
    start=instants,
    step=st.sampled_from(["1", "7.25", "15", "15s", "60", "1m30s", "300", "1h"]),
    length=st.sampled_from([0, 60_000, 600_000, 3_000_000, 7_200_000]),
)
def test_a_range(apis: TwoApis, query: str, start: int, step: str, length: int) -> None:
    """The same at every step of a range."""
    asked = {"query": query, "start": _seconds(start), "end": _seconds(start + length), "step": step}
    real, ours = apis.both("query_range", asked)
    assert same_answer(query, real, ours), json.dumps([real, ours])
