"""The requests that Grafana makes, word for word, as its data source for Prometheus sent them when they were noted.

The browser's are those of `@grafana/prometheus` 13.2.3, run against this API; those of Grafana's server follow its
sources: a health check, queries of panels, tables and alert rules.
"""

from typing import Any

import numpy as np
import pytest

from correlator.model.series import SeriesMatrix
from tests.kept import KeptSeries
from tests.unit.web.fakes import make_client, make_state

NOW = 1_795_667_468
SPAN = f"start={NOW - 3600}&end={NOW}"
MINUTES = f"limit=40000&start={NOW - 3608}&end={NOW + 52}"
METRIC = "match%5B%5D=%7B__name__%3D%22correlator_incident_active%22%7D"
EVERY_METRIC = "match%5B%5D=%7B__name__%21%3D%22%22%7D"
LABELS = [
    {"__name__": "correlator_incident_active", "namespace": namespace, "pod": pod}
    for namespace, pod in (("inference", "vllm-0"), ("other", "vllm-1"))
]
NAMES = ["__name__", "namespace", "pod"]
PODS = ["vllm-0", "vllm-1"]
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def asked(method: str, path: str, body: str = "") -> tuple[int, Any]:
    """Status and `data`."""
    times = np.arange(NOW - 7200, NOW + 1, 15) * 1000
    series = KeptSeries(SeriesMatrix(LABELS, times, np.ones((2, len(times)))))
    client = make_client(make_state(series=series))
    headers = {"content-type": FORM} if body else {}
    answer = client.request(method, f"/prometheus{path}", content=body.encode() or None, headers=headers)
    is_json = answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json().get("data") if is_json else answer.text


BROWSER = [
    ("GET", "/api/v1/rules", "", {"groups": []}),
    ("POST", "/api/v1/query_exemplars", f"query=test&start={NOW - 1800}000&end={NOW}000", []),
    ("GET", f"/api/v1/label/__name__/values?{MINUTES}", "", ["correlator_incident_active"]),
    ("POST", "/api/v1/labels", MINUTES, NAMES),
    ("GET", f"/api/v1/labels?{MINUTES}", "", NAMES),
    ("POST", "/api/v1/labels", f"{MINUTES}&{METRIC}", NAMES),
    ("GET", f"/api/v1/label/pod/values?{MINUTES}&match[]=correlator_incident_active", "", PODS),
    ("GET", f"/api/v1/label/pod/values?{MINUTES}&match[]=%7Bnamespace%3D%22other%22%7D", "", ["vllm-1"]),
    (
        "GET",
        f"/api/v1/label/__name__/values?{MINUTES}&match[]=%7B__name__%3D~%22(correlator_incident.*)%22%7D",
        "",
        ["correlator_incident_active"],
    ),
    ("GET", f"/api/v1/label/U__a_2e_b/values?{MINUTES}", "", []),
    ("POST", "/api/v1/series", f"{SPAN}&{EVERY_METRIC}&limit=40000", LABELS),
    ("POST", "/api/v1/series", f"{METRIC}&{SPAN}&limit=100", LABELS),
    ("GET", f"/api/v1/series?{SPAN}&{METRIC}&limit=100", "", LABELS),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), BROWSER)
def test_what_the_browser_asks(method: str, path: str, body: str, expected: object) -> None:
    """Editor, variables, ad hoc filters, exemplars and rules."""
    assert asked(method, path, body) == (200, expected)


def test_the_editor_reads_metadata() -> None:
    """Help and kind of each metric, with Grafana's limit."""
    status, data = asked("GET", "/api/v1/metadata?limit=40000")
    assert status == 200
    assert {"type", "help", "unit"} == data["correlator_incident_active"][0].keys()


@pytest.mark.parametrize("path", ["/api/v1/rules", "/api/v1/status/buildinfo", "/api/v1/metadata"])
def test_what_is_posted_first_is_asked_again(path: str) -> None:
    """Grafana's server may send these as POST, and goes on with GET only after 405 or 400."""
    assert asked("POST", path, "limit=40000")[0] == 405
    assert asked("GET", path)[0] == 200


def test_save_and_test() -> None:
    """The health check, and the question whether this is a Mimir: it is not, it has no `features`."""
    assert asked("POST", "/api/v1/query", "query=1%2B1&time=4")[1] == {"resultType": "scalar", "result": [4, "2"]}
    assert "features" not in asked("GET", "/api/v1/status/buildinfo")[1]


def test_a_table_and_an_alert_rule() -> None:
    """An instant, not aligned to any step, with fractions of a second and a timeout."""
    form = f"query=max+by+(pod)+(correlator_incident_active)&time={NOW - 1}.123&timeout=60s"
    status, data = asked("POST", "/api/v1/query", form)
    expected = [{"metric": {"pod": pod}, "value": [NOW - 1 + 0.123, "1"]} for pod in PODS]
    assert (status, data) == (200, {"resultType": "vector", "result": expected})


def test_an_annotation() -> None:
    """A range at steps of a minute; what is in it becomes regions."""
    form = f"query=correlator_incident_active+%3D%3D+1&start={NOW - 120}&end={NOW}&step=60"
    status, data = asked("POST", "/api/v1/query_range", form)
    values = [[NOW - 120, "1"], [NOW - 60, "1"], [NOW, "1"]]
    assert (status, data["resultType"]) == (200, "matrix")
    assert data["result"] == [{"metric": labels, "values": values} for labels in LABELS]
