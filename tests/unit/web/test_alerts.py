"""What is known of an alert, for whoever follows a link."""

import json
import re
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.enrichment import Enricher
from correlator.alerting.fingerprint import fingerprint
from correlator.alerting.passed import Passed
from correlator.alerting.subject import LabelNames
from correlator.incidents.errors import StoreError
from correlator.model.finding import Verdict
from correlator.web.state import AlertsKnown, WebState
from tests.factories import STARTED, make_incident, make_suspect, make_victim, make_volume
from tests.unit.web.fakes import FakeIncidents, make_client, make_state, make_store

DOCUMENT = Path(__file__).parents[3] / "docs" / "alerts-proxy.md"
VICTIM = {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
SEEN = AlertSeen({"alertname": "Slow", **VICTIM}, STARTED, None)
FINGERPRINT = fingerprint(SEEN.labels)
FITS, AROUND = "namespace=inference&pod=vllm-7c9f4-x2x8q&alertname=Slow", "starts_at=2026-11-23T02:05:00Z"


class FakeProxy:
    """Answers as it is told."""

    def __init__(self, passed: Passed) -> None:
        self.passed = passed
        self.asked: list[object] = []

    async def post(self, body: bytes, headers: Any) -> Passed:  # noqa: ANN401 - a mapping
        """Take alerts."""
        self.asked.append((body, dict(headers)))
        return self.passed

    async def get(self, path: str) -> Passed:
        """Take a question."""
        self.asked.append(path)
        return self.passed


def state_of(incidents: FakeIncidents | None = None) -> WebState:
    """A state by which one alert came."""
    enricher = partial(Enricher, mapping=LabelNames(), external_url="https://correlator.example")
    alerts = AlertsKnown(names=LabelNames(), enricher=enricher, seen={FINGERPRINT: SEEN}.get)
    return replace(make_state(incidents=incidents or make_store()), alerts=alerts)


def several() -> FakeIncidents:
    """Two incidents of one node, of different causes."""
    other = make_incident(
        id="beef",
        episode_id="e2",
        victim=make_victim(pod="other"),
        volume=make_volume(id="x", name="n1/x"),
        suspects=(make_suspect(pod="backup"),),
    )
    return FakeIncidents([make_incident(), other])


@pytest.fixture
def client() -> TestClient:
    """Somebody who follows a link."""
    return make_client(state_of())


@pytest.mark.parametrize(
    "path",
    [f"/api/v1/alerts/{FINGERPRINT}", f"/api/v1/alerts?{FITS}&{AROUND}", f"/api/v1/alerts?{FITS}"],
)
def test_an_alert_is_found_by_its_fingerprint_and_by_its_labels(client: TestClient, path: str) -> None:
    """With the incident and the annotations that a notification gets."""
    found = client.get(path).json()
    assert found["found"]
    assert found["fingerprint"] == FINGERPRINT
    assert found["labels"] == SEEN.labels
    assert found["annotations"]["correlator_verdict"] == "contention"
    assert [each["id"] for each in found["incidents"]] == ["c0ffee5eed"]
    assert found["incident_count"] == 1
    assert found["is_final"]
    assert client.get(found["links"]["self"]).json() == found


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/alerts/0123456789abcdef",
        "/api/v1/alerts?namespace=inference&pod=other",
        f"/api/v1/alerts?{FITS}&starts_at=2020-01-01T00:00:00Z",
        "/api/v1/alerts?severity=page",
        "/api/v1/alerts",
    ],
)
def test_nothing_is_found_yet(client: TestClient, path: str) -> None:
    """That is no error: it may come."""
    answer = client.get(path)
    assert answer.status_code == 200
    found = answer.json()
    assert not found["found"]
    assert found["detail"].startswith("nothing found yet")
    assert (found["incidents"], found["annotations"], found["is_final"]) == ([], {}, False)


def test_without_a_time_the_newest_is_told() -> None:
    """A link that knows no time is followed when all is over."""
    client = make_client(state_of(FakeIncidents([make_incident(state="resolved", ended_at=STARTED)])))
    assert client.get("/api/v1/alerts?pod=vllm-7c9f4-x2x8q").json()["found"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/alerts/nonsense", "fingerprint"),
        ("/api/v1/alerts?pod=a&pod=b", "pod"),
        ("/api/v1/alerts?pod=a&starts_at=yesterday", "starts_at"),
        ("/alerts?pod=a&starts_at=yesterday", "starts_at"),
        (f"/api/v1/alerts/{FINGERPRINT}?pod=x", "pod"),
    ],
)
def test_what_makes_no_sense_is_named(client: TestClient, path: str, field: str) -> None:
    """422 with the field."""
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_store_that_does_not_answer_is_an_error() -> None:
    """Not a "nothing found"."""
    incidents = make_store()
    incidents.fail_with = StoreError("/x.db", "locked", "wait")
    assert make_client(state_of(incidents)).get(f"/api/v1/alerts?{FITS}").status_code == 503


@pytest.mark.parametrize("path", [f"/alerts/{FINGERPRINT}", f"/alerts?{FITS}&{AROUND}"])
def test_a_link_leads_to_the_incident(client: TestClient, path: str) -> None:
    """For now: the next time it may be another."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/c0ffee5eed")
    assert answer.headers["cache-control"] == "no-store"


def test_a_link_to_nothing_says_so(client: TestClient) -> None:
    """On a page, with what was asked for, and nothing of it as markup."""
    answer = client.get("/alerts?alertname=<b>Slow</b>&pod=other")
    assert answer.status_code == 200
    assert "Nothing found yet" in answer.text
    assert "&lt;b&gt;Slow" in answer.text
    assert "<b>" not in answer.text


def test_a_link_to_several_causes_lists_them() -> None:
    """Nobody is accused by a redirect."""
    answer = make_client(state_of(several())).get(f"/alerts?node=n1&{AROUND}")
    assert answer.status_code == 200
    assert 'href="/incidents/c0ffee5eed"' in answer.text
    assert 'href="/incidents/beef"' in answer.text
    assert "nobody is accused" in answer.text


def test_an_open_cause_is_not_the_last_word() -> None:
    """Whoever asks may ask again."""
    incidents = FakeIncidents([make_incident(verdict=Verdict.UNDETERMINED, suspects=())])
    assert not make_client(state_of(incidents)).get(f"/api/v1/alerts?{FITS}").json()["is_final"]


@pytest.mark.parametrize(
    ("passed", "status"),
    [(Passed(200), 200), (Passed(502, "both are down"), 502), (Passed(400, "bad labels"), 400)],
)
@pytest.mark.parametrize("prefix", ["", "/alertmanager"])
def test_alerts_go_to_the_proxy(passed: Passed, status: int, prefix: str) -> None:
    """The body as it is, with what says how to read it; what came of it is the answer."""
    proxy = FakeProxy(passed)
    client = make_client(replace(make_state(), alerts_proxy=proxy))
    answer = client.post(
        f"{prefix}/api/v2/alerts",
        content=b"[]",
        headers={"content-type": "application/json", "authorization": "Bearer x"},
    )
    assert answer.status_code == status
    assert proxy.asked == [(b"[]", {"content-type": "application/json"})]
    assert status == 200 or answer.json()["detail"] == passed.detail


def test_without_alertmanagers_nobody_takes_alerts() -> None:
    """And nobody is told that they have arrived."""
    client = make_client()
    for answer in (client.post("/api/v2/alerts", json=[]), client.get("/alertmanager/-/ready")):
        assert answer.status_code == 503
        assert "alerting.proxy.alertmanagers" in answer.json()["detail"]


def test_the_documented_template_makes_a_link_that_works(tmp_path: Path, client: TestClient) -> None:
    """Rendered by Alertmanager's own tool, with labels that need care."""
    (template,) = re.findall(r"^\{\{ define .*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    (tmp_path / "link.tmpl").write_text(template, encoding="utf-8")
    labels = {**SEEN.labels, "odd": "a&b=ü #%+"}
    alert = {"labels": labels, "startsAt": "2026-11-23T02:05:00.123Z", "endsAt": "0001-01-01T00:00:00Z"}
    (tmp_path / "data.json").write_text(json.dumps({"alerts": [alert]}), encoding="utf-8")
    command = [
        "amtool",
        "template",
        "render",
        f"--template.glob={tmp_path / 'link.tmpl'}",
        f"--template.data={tmp_path / 'data.json'}",
        '--template.text={{ range .Alerts }}{{ template "correlator.link" . }}{{ end }}',
    ]
    link = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert client.get(link.removeprefix("https://correlator.example")).headers["location"] == "/incidents/c0ffee5eed"
    found = client.get(link.replace("https://correlator.example/", "/api/v1/")).json()
    assert found["labels"] == labels
