"""The Prometheus API beside what a real Prometheus proves: refusals of ours, metadata, limits, failures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from correlator.incidents.errors import StoreError
from correlator.model.series import SeriesMatrix
from correlator.publish.families import FAMILIES
from tests.kept import KeptSeries
from tests.unit.web.fakes import NOW, make_client, make_state

NOW_MS = int(NOW.timestamp() * 1000)
LABELS = [{"__name__": "x", "pod": pod} for pod in ("a", "b", "c")]


@pytest.fixture
def series() -> KeptSeries:
    """Three series until now."""
    times = np.arange(NOW_MS - 600_000, NOW_MS + 1, 15_000)
    return KeptSeries(SeriesMatrix(LABELS, times, np.arange(3.0)[:, None].repeat(len(times), axis=1)))


@pytest.fixture
def client(series: KeptSeries) -> TestClient:
    """Over those series."""
    return make_client(make_state(series=series))


def got(client: TestClient, path: str, **parameters: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The body of a success."""
    answer = client.get(f"/prometheus/api/v1/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_health_check_of_grafana(client: TestClient) -> None:
    """Save & test asks this, to the byte."""
    answer = client.post("/prometheus/api/v1/query", data={"query": "1+1", "time": "4"})
    assert answer.content == b'{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}'


def test_without_a_time_it_is_now(client: TestClient) -> None:
    """As the daemon's clock has it."""
    (item, *_) = got(client, "query", query='x{pod="b"}')["data"]["result"]
    assert item == {"metric": LABELS[1], "value": [NOW_MS / 1000, "1"]}


EMPTY_MATCHER = "parse error: vector selector must contain at least one non-empty matcher"
NO_TIME = "Invalid time value for 'time': cannot parse \"1e300\" to a valid timestamp"


@pytest.mark.parametrize(
    ("path", "parameters", "status", "kind", "text"),
    [
        ("query", {"query": "rate(x[5m])"}, 422, "execution", "unsupported: the function rate"),
        ("series", {"match[]": '{pod="a" or pod="b"}'}, 422, "execution", "unsupported: or between matchers"),
        ("labels", {"match[]": "{}"}, 400, "bad_data", f'invalid parameter "match[]": {EMPTY_MATCHER}'),
        ("query", {"query": "x", "timeout": "0"}, 503, "timeout", "query timed out in expression evaluation"),
        ("labels", {"limit": "-1"}, 400, "bad_data", 'invalid parameter "limit": limit must be non-negative'),
        ("labels", {"limit": "many"}, 400, "bad_data", "limit must be a number"),
        ("query", {"query": "1", "time": "1e300"}, 400, "bad_data", f'invalid parameter "time": {NO_TIME}'),
    ],
)
def test_errors(
    client: TestClient, path: str, parameters: Mapping[str, str], status: int, kind: str, text: str
) -> None:
    """Each has Prometheus' envelope."""
    answer = client.get(f"/prometheus/api/v1/{path}", params=parameters)
    assert answer.status_code == status
    assert answer.json() == {"status": "error", "errorType": kind, "error": text}


def test_a_store_that_does_not_answer(client: TestClient, series: KeptSeries) -> None:
    """503 `unavailable` and what it said, whoever asks; scalars need no store."""
    series.fail_with = StoreError("correlator.db", "the disk is gone", "")
    for path, parameters in (("query", {"query": "x"}), ("series", {"match[]": "x"}), ("labels", {})):
        answer = client.get(f"/prometheus/api/v1/{path}", params=parameters)
        assert (answer.status_code, answer.json()["errorType"]) == (503, "unavailable")
        assert "the disk is gone" in answer.json()["error"]
    assert got(client, "query", query="1+1", time="4")["data"]["result"] == [4, "2"]


def test_a_crash_shows_nothing_of_itself(client: TestClient, series: KeptSeries) -> None:
    """500 `internal`."""
    series.fail_with = ZeroDivisionError("secret")
    answer = client.get("/prometheus/api/v1/query", params={"query": "x"})
    assert (answer.status_code, answer.json()["errorType"]) == (500, "internal")
    assert "secret" not in answer.text


def test_a_limit_cuts_and_says_so(client: TestClient) -> None:
    """Grafana sends 40000 with each list and shows the warning."""
    assert got(client, "label/pod/values", limit=2) == {
        "status": "success",
        "data": ["a", "b"],
        "warnings": ["results truncated due to limit"],
    }
    for limit in ("0", "3", "40000"):
        assert got(client, "label/pod/values", limit=limit) == {"status": "success", "data": ["a", "b", "c"]}


def test_metadata_tells_every_metric(client: TestClient) -> None:
    """By the names that series have, so that the editor finds them."""
    data = got(client, "metadata", limit=40000)["data"]
    assert data.keys() == {family.name for family in FAMILIES}
    assert data["correlator_incidents_total"] == [
        {"type": "counter", "help": "Incidents opened so far, by their verdict.", "unit": ""}
    ]
    assert len(got(client, "metadata", limit=2)["data"]) == 2
    assert list(got(client, "metadata", metric="correlator_demo")["data"]) == ["correlator_demo"]
    assert got(client, "metadata", metric="x")["data"] == {}


def test_names_within_a_span(client: TestClient) -> None:
    """What had no value there is not told."""
    before = {"start": (NOW_MS - 7_200_000) / 1000, "end": (NOW_MS - 3_600_000) / 1000}
    assert got(client, "labels", **before)["data"] == []
    assert got(client, "labels", start=before["end"])["data"] == ["__name__", "pod"]


def test_a_panel_does_not_hold_up_what_is_alive(client: TestClient) -> None:
    """The security headers and problem details of the rest do not leak into each other."""
    assert client.get("/prometheus/api/v1/nothing").headers["x-content-type-options"] == "nosniff"
    assert client.get("/nothing").headers["content-type"] == "application/problem+json"
    too_large = client.post("/prometheus/api/v1/query", data={"query": "x" * 1_000_001})
    assert too_large.status_code == 413
