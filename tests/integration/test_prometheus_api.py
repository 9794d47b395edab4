"""What Grafana asks beside queries, of a real Prometheus and of the daemon: names, values, errors, methods."""

import gzip
import json
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.asked_queries import selectors
from tests.integration.two_apis import Parameters, TwoApis, same_answer
from tests.oracles.kept_series import BEGIN_MS, CYCLES, STEP_MS, kept_series
from tests.remote_write import RECEIVING, write
from tests.servers import prometheus

SPAN = {"start": str(BEGIN_MS // 1000 - 60), "end": str((BEGIN_MS + CYCLES * STEP_MS) // 1000)}
AT = str(BEGIN_MS // 1000 + 3000)
LIMIT = {"limit": "40000"}


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoApis]:
    """Both over the same three hours."""
    matrix = kept_series()
    with prometheus(tmp_path_factory.mktemp("api"), arguments=RECEIVING) as url:
        write(url, matrix)
        yield TwoApis(url, matrix)


SHOWING = (
    "ttft",
    'ttft{pod="x", statistic=~"p9."} offset 5m',
    "extreme",
    "-extreme",
    "ttft > 10",
    "10 < bool ttft",
    "ttft > on(namespace, pod, statistic) baseline",
    "ttft and on(namespace, pod) (active == 1)",
    "ttft unless on(namespace, pod) (active == 1)",
    "active or on(namespace, pod) ttft",
    "sum by (pod) (ttft)",
    "count without (pod) (ttft)",
    "avg(ttft)",
    "topk by (namespace) (2, ttft)",
    "last_over_time(ttft[20m])",
    "avg_over_time(ttft[10m])",
    "sum_over_time(extreme[10m])",
    "info * on(namespace, pod) group_left active",
    'info * on(namespace, pod) group_left(statistic) ttft{statistic="p50"}',
    "sum(ttft) / count(ttft)",
    "ttft % 3",
)


@pytest.mark.parametrize("query", SHOWING)
def test_every_kind_of_query_shows_something(apis: TwoApis, query: str) -> None:
    """At an instant and over a range: none of these is empty, so that to agree means something."""
    for path, times in (("query", {"time": AT}), ("query_range", {**SPAN, "step": "60"})):
        real, ours = apis.both(path, {"query": query, **times})
        assert real[1]["data"]["result"]
        assert same_answer(query, real, ours)


@pytest.mark.parametrize(
    "query", ["1e22", "1/3", "1e-7", "-1/0", "0/0", "2^10", "-1^2", "2^3^2", "7 % -3", "1 atan2 2"]
)
def test_a_scalar(apis: TwoApis, query: str) -> None:
    """Numbers are written with the same digits."""
    real, ours = apis.both("query", {"query": query, "time": "4"})
    assert real == ours


def test_numbers_of_any_size(apis: TwoApis) -> None:
    """Every digit and exponent of six hundred random numbers."""
    real, ours = apis.both("query", {"query": "wild[4h]", "time": SPAN["end"]})
    assert len(real[1]["data"]["result"][0]["values"]) > 600
    assert ours == real


FAILING = (
    "", "ttft[", "{}", '{pod=~".*"}', 'ttft{pod=~"("}', "rate(ttft)", "unknown(ttft)", "1 and 2", "1 > 2", "ttft[0s]",
    "sum(1)", "ttft - on(pod) baseline", '{__name__=~"ttft|baseline"} + 1', "ttft * on(namespace) group_left active",
    "topk(0/0, ttft)", '-{__name__=~"ttft|baseline"}',
)  # fmt: skip


@pytest.mark.parametrize("path", ["query", "query_range"])
@pytest.mark.parametrize("query", FAILING)
def test_a_wrong_query(apis: TwoApis, query: str, path: str) -> None:
    """It fails with the same status, type and words, but for those of the parser."""
    real, ours = apis.both(path, {"query": query, "time": AT, **SPAN, "step": "60"})
    assert real[0] >= 400
    assert same_answer(query, real, ours), json.dumps([real, ours])


WRONG: tuple[tuple[str, Parameters], ...] = (
    ("query", {"query": "1", "time": "yesterday"}),
    ("query", {"query": "1", "time": "2023-02-30T00:00:00Z"}),
    ("query", {"query": "1", "timeout": "long"}),
    ("query_range", {"query": "1", "end": "60", "step": "1"}),
    ("query_range", {"query": "1", "start": "0", "step": "1"}),
    ("query_range", {"query": "1", "start": "0", "end": "60"}),
    ("query_range", {"query": "1", "start": "60", "end": "0", "step": "1"}),
    ("query_range", {"query": "1", "start": "0", "end": "60", "step": "0"}),
    ("query_range", {"query": "1", "start": "0", "end": "60", "step": "-5s"}),
    ("query_range", {"query": "1", "start": "0", "end": "60", "step": "1e300"}),
    ("query_range", {"query": "1", "start": "0", "end": "11001", "step": "1"}),
    ("query_range", {"query": "ttft[5m]", "start": "0", "end": "60", "step": "1"}),
    ("query_range", {"query": '"text"', "start": "0", "end": "60", "step": "1"}),
    ("query_exemplars", {"query": "ttft", "start": "60", "end": "0"}),
    ("query_exemplars", {"query": "ttft[", "start": "0", "end": "60"}),
    ("series", {}),
    ("series", {"match[]": "ttft{"}),
    ("series", {"match[]": "ttft", "start": "now"}),
    ("labels", {"match[]": "ttft{"}),
    ("labels", {"end": "never"}),
)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("path", "parameters"), WRONG)
def test_a_wrong_parameter(apis: TwoApis, path: str, parameters: Parameters, method: str) -> None:
    """It is named as Prometheus names it."""
    real, ours = apis.both(path, parameters, method=method)
    assert real[0] == 400
    assert same_answer("", real, ours), json.dumps([real, ours])


RIGHT: tuple[tuple[str, Parameters], ...] = (
    ("query", {"query": "1+1", "time": "4"}),
    ("query", {"query": "ttft", "time": "2023-11-14T23:00:00.25Z"}),
    ("query", {"query": "ttft", "time": "2023-11-15T00:00:00+01:00", "timeout": "30s"}),
    ("query_range", {"query": "1", "start": "0", "end": "11000", "step": "1"}),
    ("query_range", {"query": "ttft", **SPAN, "step": "1m"}),
    ("query_range", {"query": "ttft", "start": "1.7e9", "end": "2023-11-14T23:00:00Z", "step": "7.25"}),
    ("query_exemplars", {"query": "test", "start": "1763906400000", "end": "1763910000000"}),
    ("labels", {}),
    ("labels", {**SPAN, **LIMIT}),
    ("labels", {"match[]": ["ttft", "nothing"], **SPAN, **LIMIT}),
    ("series", {"match[]": ["ttft", 'ttft{pod="x"}', "info"], **SPAN}),
    ("series", {"match[]": '{__name__=~"nothing"}', **SPAN}),
)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("path", "parameters"), RIGHT)
def test_what_grafana_asks(apis: TwoApis, path: str, parameters: Parameters, method: str) -> None:
    """As form or in the URL: the same answer."""
    real, ours = apis.both(path, parameters, method=method)
    assert real[0] == 200
    if path == "series":
        for body in (real[1], ours[1]):
            body["data"].sort(key=lambda labels: sorted(labels.items()))
    assert same_answer("", real, ours) if path == "query" else real == ours


@pytest.mark.parametrize("name", ["__name__", "pod", "volume", "nothing", "bad-name", "1st"])
@pytest.mark.parametrize("match", [[], ["ttft"], ['{__name__=~"(ttft|info)"}', 'extreme{pod!="e1"}'], ["ttft{"]])
def test_values_of_a_label(apis: TwoApis, name: str, match: list[str]) -> None:
    """With and without selectors, for names that there are, that there are not, and that cannot be."""
    asked = {"match[]": match, **SPAN, **LIMIT}
    real, ours = apis.both(f"label/{name}/values", asked, method="GET")
    assert real == ours if real[0] == 200 else same_answer("", real, ours)


@settings(max_examples=60)
@given(match=st.lists(selectors(), min_size=1, max_size=2))
def test_series_of_generated_selectors(apis: TwoApis, match: list[str]) -> None:
    """The same series match, and have the same label names."""
    for path in ("series", "labels"):
        real, ours = apis.both(path, {"match[]": match, **SPAN})
        for body in (real[1], ours[1]):
            if path == "series" and "data" in body:
                body["data"].sort(key=lambda labels: sorted(labels.items()))
        assert real == ours if real[0] == 200 else same_answer("", real, ours)


@pytest.mark.parametrize("path", ["label/pod/values", "metadata", "rules", "alerts", "status/buildinfo"])
def test_what_is_only_read_refuses_forms(apis: TwoApis, path: str) -> None:
    """405, on which Grafana asks again with GET."""
    real, ours = apis.both(path, {}, method="POST")
    assert real[0] == 405
    assert ours == real


def test_an_unknown_path_is_not_found(apis: TwoApis) -> None:
    """In plain text."""
    real, ours = apis.both("nothing/here", {}, method="GET")
    assert ours == real == (404, "404 page not found\n")


def test_nothing_is_ruled_or_alerted(apis: TwoApis) -> None:
    """As by a Prometheus without rules."""
    for path in ("rules", "alerts"):
        real, ours = apis.both(path, {}, method="GET")
        assert ours == real


def test_build_information_has_the_same_fields(apis: TwoApis) -> None:
    """And no `features`, by which Grafana would take it for a Mimir."""
    real, ours = apis.both("status/buildinfo", {}, method="GET")
    assert ours[1]["data"].keys() == real[1]["data"].keys()


def test_body_and_url_are_read_together(apis: TwoApis) -> None:
    """What stands in the body comes first."""
    form = {"query": "ttft", "time": AT}
    _, ours = apis.both("query?time=0&query=nothing", form)
    assert ours[1]["data"]["result"]
    _, ours = apis.both(f"query?time={AT}", {"query": "ttft"})
    assert ours[1]["data"]["result"]


def test_what_is_compressed_is_the_same(apis: TwoApis) -> None:
    """Grafana asks for gzip."""
    url = f"{apis.url}/api/v1/series?match[]=%7B__name__!=%22%22%7D"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"accept-encoding": "gzip"})) as answer:  # noqa: S310
        assert answer.headers["content-encoding"] == "gzip"
        real = json.loads(gzip.decompress(answer.read()))
    ours = apis.ours.get(
        "/prometheus/api/v1/series?match[]=%7B__name__!=%22%22%7D", headers={"accept-encoding": "gzip"}
    )
    assert ours.headers["content-encoding"] == "gzip"
    assert sorted(map(str, ours.json()["data"])) == sorted(str(dict(sorted(each.items()))) for each in real["data"])
