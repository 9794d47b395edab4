"""`/-/healthy`, `/-/ready`, `/metrics` and `/api/v1/status`."""

from dataclasses import replace

from pydantic import TypeAdapter

from correlator.incidents.errors import StoreCorruptError
from correlator.publish.status import EngineStatus
from tests.factories import make_incident
from tests.unit.web.fakes import FakeIncidents, make_client, make_state, make_status

DOWN = "http://prometheus:9090 does not answer: connection refused"


def failing_store() -> FakeIncidents:
    """A store whose file is damaged."""
    store = FakeIncidents()
    store.fail_with = StoreCorruptError("/data/store.db", "file is not a database", "restore a copy")
    return store


def test_healthy_whatever_happens() -> None:
    """The process is alive even when nothing else works: a restart would not help."""
    state = replace(make_state(incidents=failing_store(), status=make_status(problems=(DOWN,))), snapshot=lambda: None)
    assert make_client(state).get("/-/healthy").status_code == 200


def test_ready() -> None:
    """With fresh data and a store that answers the daemon is ready."""
    assert make_client().get("/-/ready").status_code == 200


def test_not_ready_says_all_reasons() -> None:
    """Each reason is named, with what and where: the engine's problems, no cycle yet, the store."""
    state = replace(make_state(incidents=failing_store(), status=make_status(problems=(DOWN,))), snapshot=lambda: None)
    answer = make_client(state).get("/-/ready")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reasons"] == [
        DOWN,
        "no cycle of the engine has finished yet; try again in a moment",
        "the store of incidents does not answer: /data/store.db: file is not a database: restore a copy",
    ]


def test_status_is_the_engines() -> None:
    """Version, source, demo, last cycle, lag and blind spots, with null for what has not happened."""
    status = make_status(demo=True, last_cycle_at=None)
    answer = make_client(make_state(status=status)).get("/api/v1/status")
    assert TypeAdapter(EngineStatus).validate_json(answer.content) == status
    assert answer.json()["last_cycle_at"] is None
    assert answer.json()["demo"] is True


def test_metrics_are_those_of_now() -> None:
    """`/metrics` speaks of the newest snapshot, the open incidents and whether the daemon is ready."""
    body = make_client().get("/metrics").text
    assert "correlator_ready 1.0" in body
    assert 'correlator_volume_queue_depth{device="nvme0n1",node="n1",volume="n1/nvme0n1"} 31.5' in body
    assert 'correlator_incidents_total{verdict="contention"} 1.0' in body


def test_metrics_by_negotiation() -> None:
    """A scraper that asks for OpenMetrics gets it."""
    answer = make_client().get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_metrics_outlive_the_store() -> None:
    """A damaged store takes its own series away, and readiness, but not the scrape."""
    answer = make_client(make_state(incidents=failing_store())).get("/metrics")
    assert answer.status_code == 200
    assert "correlator_ready 0.0" in answer.text
    assert "correlator_incident" not in answer.text


def test_metrics_speak_of_their_own_cluster() -> None:
    """A store that several clusters share does not make one daemon publish the incidents of another."""
    store = FakeIncidents([make_incident(cluster="other")])
    state = make_state(incidents=store, status=make_status(cluster="eu-1"))
    body = make_client(state).get("/metrics").text
    assert 'correlator_incidents_total{cluster="eu-1",verdict="contention"} 0.0' in body
    assert "correlator_incident_info" not in body
    assert "No incident is open." in make_client(state).get("/").text
