"""`/api/v1/incidents`: lists, one, evidence, pictures, feedback."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from correlator.incidents.errors import StoreBusyError
from correlator.incidents.query import IncidentQuery
from correlator.model.finding import Evidence, TtftEffect, Verdict
from correlator.model.incident import Incident, State
from tests.factories import STARTED, make_evidence, make_incident, make_reasoned_evidence
from tests.unit.web.fakes import NOW, FakeIncidents, make_client, make_state

ONE = "/api/v1/incidents/c0ffee5eed"


def several(count: int) -> FakeIncidents:
    """A store with so many incidents, `i0` the oldest."""
    moments = [STARTED + timedelta(hours=rank) for rank in range(count)]
    return FakeIncidents(
        [make_incident(id=f"i{rank}", started_at=at, detected_at=at) for rank, at in enumerate(moments)]
    )


def test_incident_is_the_published_object() -> None:
    """One incident has the contract's fields, nesting and spelling."""
    answer = make_client().get(ONE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["started_at"] == "2026-11-23T02:04:15Z"
    assert body["verdict"] == "contention"
    assert body["state"] == "open"
    assert body["ended_at"] is None
    assert body["end_reason"] is None
    assert body["feedback"] is None
    assert body["ttft"]["mean_excess_seconds"]["suspects"] == 0.16
    assert body["use"]["queue_depth"] == {"baseline": 0.3, "observed": 31.5}
    assert body["suspects"][0]["write_bytes_per_second"] == {"baseline": 1.2e5, "observed": 4.13e8}
    assert body["links"]["self"] == ONE


def test_answers_fit_the_described_model() -> None:
    """What is answered reads back as the value that the OpenAPI description is made from."""
    assert TypeAdapter(Incident).validate_json(make_client().get(ONE).content) == make_incident()
    evidence = TypeAdapter(Evidence).validate_json(make_client().get(f"{ONE}/evidence").content)
    assert evidence == make_evidence()


def test_evidence_says_why_not_the_others() -> None:
    """Names, numbers and the named reason of everybody who was considered, and how many more there were."""
    incidents = FakeIncidents([make_incident()], {"c0ffee5eed": make_reasoned_evidence()})
    body = make_client(make_state(incidents=incidents)).get(f"{ONE}/evidence").json()
    assert body["considered"][0] == {
        "namespace": "monitoring",
        "pod": "prometheus-0",
        "workload": "StatefulSet/prometheus",
        "share_ratio": 0.0,
        "device_time_ratio": {"baseline": 0.03, "observed": 0.031},
        "bytes_per_second": {"baseline": 2e6, "observed": 2e6},
        "lag_seconds": None,
        "reason": "constant",
        "sentence": "constant: 2 MB/s before and after",
    }
    assert body["considered_rest"] == 108
    assert body["ruled_out"][0]["cause"] == "load"
    assert body["mean_ttft"]["without_suspects_seconds"] == 0.062
    assert body["limit"]["bytes_per_second"] == {"baseline": 6.1e7, "observed": 4.2e8}


def test_evidence_of_some_roles() -> None:
    """Whoever draws only first tokens need not load the rest; the axis and the reasoning stay."""
    body = make_client().get(f"{ONE}/evidence", params={"role": ["ttft", "ttft_baseline"]}).json()
    assert {curve["role"] for curve in body["series"]} == {"ttft", "ttft_baseline"}
    assert len(body["series"]) == 5
    assert len(body["times"]) == 160


def test_large_answers_are_compressed_for_those_who_take_it() -> None:
    """Curves are digits: less than half goes over the line. Small answers are left alone."""
    client = make_client()
    packed = client.get(f"{ONE}/evidence", headers={"accept-encoding": "gzip"})
    plain = client.get(f"{ONE}/evidence", headers={"accept-encoding": "identity"})
    assert packed.json() == plain.json()
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert "content-encoding" not in client.get("/-/healthy").headers


def test_list_is_newest_first_in_pages() -> None:
    """Following next_cursor yields every incident once, newest first, and ends with null."""
    client = make_client(make_state(incidents=several(5)))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = client.get("/api/v1/incidents", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["i4", "i3", "i2", "i1", "i0"]
    assert cursor is None


def test_every_filter_reaches_the_store() -> None:
    """All filters of the contract are handed on with their types."""
    store = several(1)
    filters = {
        "state": "open",
        "verdict": "load",
        "cluster": "eu",
        "namespace": "inference",
        "pod": "vllm",
        "suspect": "Job/reindex",
        "node": "n1",
        "volume": "n1/nvme0n1",
        "since": "2026-11-23T00:00:00Z",
        "until": "2026-11-24T01:00:00+01:00",
        "min_confidence": "0.8",
    }
    assert make_client(make_state(incidents=store)).get("/api/v1/incidents", params=filters).status_code == 200
    assert store.queries[-1] == IncidentQuery(
        state=State.OPEN,
        verdict=Verdict.LOAD,
        cluster="eu",
        namespace="inference",
        pod="vllm",
        suspect="Job/reindex",
        node="n1",
        volume="n1/nvme0n1",
        since=datetime(2026, 11, 23, tzinfo=UTC),
        until=datetime(2026, 11, 24, tzinfo=UTC),
        min_confidence=0.8,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "shut"),
        ("verdict", "guilty"),
        ("since", "yesterday"),
        ("since", "2026-11-23T00:00:00"),
        ("min_confidence", "1.5"),
        ("min_confidence", "nan"),
        ("limit", "0"),
        ("limit", "100000"),
        ("cursor", "nonsense"),
        ("nmaespace", "inference"),
    ],
)
def test_bad_parameter_is_named(name: str, value: str) -> None:
    """A wrong value and an unknown name are 422 problems that name the parameter."""
    answer = make_client().get("/api/v1/incidents", params={name: value})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["field"] for fault in answer.json()["errors"]] == [name]


def test_misspelt_filter_is_corrected() -> None:
    """An unknown filter is not ignored, and the nearest known one is proposed."""
    detail = make_client().get("/api/v1/incidents", params={"nmaespace": "x"}).json()["detail"]
    assert detail == "query nmaespace: unknown parameter; did you mean namespace?"


@pytest.mark.parametrize("path", ["", "/evidence", "/plot.svg", "/plot.png"])
def test_unknown_incident_is_404(path: str) -> None:
    """Whatever is asked of an incident that nobody knows is a problem that names it."""
    answer = make_client().get(f"/api/v1/incidents/nope{path}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no incident 'nope' is known"


def test_incident_without_evidence_has_an_empty_one() -> None:
    """An incident whose series were not kept answers an empty axis, not an error."""
    client = make_client(make_state(incidents=FakeIncidents([make_incident()])))
    body = client.get(f"{ONE}/evidence").json()
    assert not any(body.values())
    assert {"times", "series", "considered", "ruled_out"} <= set(body)
    assert client.get(f"{ONE}/plot.svg").status_code == 200


def test_nan_is_null() -> None:
    """A quantity that is no number is null in JSON, which has no NaN."""
    ttft = make_incident().ttft
    stalled = TtftEffect(
        statistic="p95",
        baseline_seconds=0.075,
        observed_seconds=float("nan"),
        peak_seconds=None,
        ratio=float("inf"),
        requests_affected=3,
        stalled=True,
        mean_excess_seconds=ttft.mean_excess_seconds,
    )
    answer = make_client(make_state(incidents=FakeIncidents([make_incident(ttft=stalled)]))).get(ONE)
    assert answer.json()["ttft"]["observed_seconds"] is None
    assert answer.json()["ttft"]["ratio"] is None


@pytest.mark.parametrize(("kind", "media_type"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_picture(kind: str, media_type: str) -> None:
    """The picture comes as SVG and PNG, and cannot run or load anything when opened by itself."""
    answer = make_client().get(f"{ONE}/plot.{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def test_picture_is_drawn_only_when_it_changed() -> None:
    """A browser that has the picture of this state of the incident is told so."""
    client = make_client()
    tag = client.get(f"{ONE}/plot.svg").headers["etag"]
    again = client.get(f"{ONE}/plot.svg", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{ONE}/plot.svg", headers={"if-none-match": '"other"'}).status_code == 200


def test_feedback_is_kept_and_shown() -> None:
    """What a person says is kept with its time, and is in the incident from then on."""
    client = make_client()
    said = {"verdict_right": True, "culprits": ["rag/reindex-1"], "note": " as always "}
    answer = client.post(f"{ONE}/feedback", json=said)
    assert answer.status_code == 200
    expected = {
        "verdict_right": True,
        "culprits": ["rag/reindex-1"],
        "note": "as always",
        "given_at": f"{NOW:%Y-%m-%dT%H:%M:%S}Z",
    }
    assert answer.json()["feedback"] == expected
    assert client.get(ONE).json()["feedback"] == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"culprits": []}, "verdict_right"),
        ({"verdict_right": True, "culprits": ["reindex"]}, "culprits.0"),
        ({"verdict_right": True, "culprit": "a/b"}, "culprit"),
        ({"verdict_right": True, "note": "x" * 10_001}, "note"),
    ],
)
def test_bad_feedback_names_the_field(body: dict[str, object], field: str) -> None:
    """Feedback that cannot be used is refused with the field at fault, not half kept."""
    answer = make_client().post(f"{ONE}/feedback", json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_feedback_on_unknown_incident_is_404() -> None:
    """Nothing is kept for an incident that nobody knows."""
    answer = make_client().post("/api/v1/incidents/nope/feedback", json={"verdict_right": False})
    assert answer.status_code == 404


def test_failing_store_is_503_with_its_reason() -> None:
    """A store that cannot answer is said to be the reason, with where and what to do."""
    store = FakeIncidents()
    store.fail_with = StoreBusyError("/data/store.db", "database is locked", "try again")
    answer = make_client(make_state(incidents=store)).get("/api/v1/incidents")
    assert answer.status_code == 503
    assert answer.json()["detail"] == (
        "the store of incidents does not answer: /data/store.db: database is locked: try again"
    )
