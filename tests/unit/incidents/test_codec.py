"""Incidents as JSON."""

import math
import pickle
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import orjson
import pytest

from correlator.incidents.codec import Document, from_json, incident_json, pack, to_document, to_json, unpack
from correlator.model.finding import Change, Evidence
from correlator.model.incident import Feedback, Incident
from tests.factories import (
    HOSTILE,
    STARTED,
    make_episode,
    make_evidence,
    make_incident,
    make_reasoned_evidence,
    make_suspect,
)

FEEDBACK = Feedback(verdict_right=True, culprits=("rag/reindex",), note=HOSTILE, given_at=STARTED)


@pytest.mark.parametrize(
    "value", [make_incident(), make_episode(), make_evidence(), make_reasoned_evidence(), FEEDBACK]
)
def test_json_gives_back_the_value(value: Document) -> None:
    """What is written is what is read, to the last field and digit."""
    assert from_json(type(value), to_json(value)) == value


def test_packed_gives_back_the_value() -> None:
    """The stored form loses nothing, and is smaller."""
    incident, evidence = make_incident(feedback=FEEDBACK), make_evidence()
    assert unpack(Incident, pack(incident)) == incident
    assert unpack(Evidence, pack(evidence)) == evidence
    assert len(pack(evidence)) < len(to_json(evidence)) / 2


def test_field_names_are_the_published_ones() -> None:
    """The document has the names that dashboards and scripts depend on."""
    document = to_document(make_incident())
    published = (
        "id episode_id cluster state verdict confidence reasons started_at detected_at ended_at end_reason victim"
    )
    assert set(f"{published} ttft volume use suspects blind_spots explanation advice feedback links".split()) <= set(
        document
    )
    assert set(document["links"]) == {"self", "plot", "page", "report"}
    assert document["suspects"][0]["kind"] == "pod"
    assert document["ttft"]["mean_excess_seconds"]["suspects"] == 0.16


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (STARTED, "2026-11-23T02:04:15Z"),
        (STARTED + timedelta(microseconds=1500), "2026-11-23T02:04:15.001500Z"),
    ],
)
def test_instants_are_utc_with_a_z(at: datetime, written: str) -> None:
    """Instants are RFC 3339 in UTC; an incident that was read writes them in the same way."""
    incident = make_incident(started_at=at)
    again = from_json(Incident, incident_json(incident))
    assert orjson.loads(incident_json(incident))["started_at"] == written
    assert incident_json(again) == incident_json(incident)


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    """An offset other than UTC survives as the same moment."""
    at = STARTED.astimezone(timezone(timedelta(hours=2)))
    assert from_json(Incident, incident_json(make_incident(started_at=at))).started_at == STARTED


def test_what_is_read_can_be_sent_to_another_process() -> None:
    """An incident that was read can be pickled."""
    incident = from_json(Incident, incident_json(make_incident()))
    assert pickle.loads(pickle.dumps(incident)) == make_incident()  # noqa: S301 - our own bytes


def test_unknown_figures_are_null() -> None:
    """NaN and infinity are no JSON: they are written as null and read as None."""
    suspect = make_suspect(write_bytes_per_second=Change(math.nan, math.inf))
    again = unpack(Incident, pack(make_incident(suspects=(suspect,))))
    assert again.suspects[0].write_bytes_per_second == Change(None, None)


@pytest.mark.parametrize(
    "incident",
    [make_incident(confidence=math.nan), make_incident(suspects=(make_suspect(confidence=math.inf),))],
)
def test_a_probability_must_be_a_number(incident: Incident) -> None:
    """An incident that could not be read again is refused before it is stored."""
    with pytest.raises(ValueError, match="not a finite number"):
        pack(incident)


@pytest.mark.parametrize(
    "data",
    [b"", b"no zlib", pack(make_evidence()), pack(make_incident())[:-9]],
    ids=["empty", "foreign", "other kind", "truncated"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    """Bytes that are not a packed incident are a ValueError, never half an incident."""
    with pytest.raises(ValueError, match=r"compressed|validation"):
        unpack(Incident, data)


def test_fields_of_the_future_are_passed_over() -> None:
    """A document with a field that this version does not know can be read."""
    document = to_document(make_incident()) | {"mood": "bad"}
    assert from_json(Incident, orjson.dumps(document)) == make_incident()


def test_documents_of_the_first_version_can_be_read() -> None:
    """Whatever the first version stored stays readable: a field added to the model needs a default, or a migration."""
    assert replace(from_json(Incident, FIRST_VERSION), id="x").id == "x"


def test_evidence_of_the_first_version_tells_of_nobody_else() -> None:
    """What was kept before evidence said why not the others is read as evidence that does not say it."""
    added = {"considered", "considered_rest", "ruled_out", "mean_ttft", "limit"}
    document = {key: value for key, value in to_document(make_reasoned_evidence()).items() if key not in added}
    assert set(document) == {"times", "onset", "ended_at", "series"}
    assert from_json(Evidence, orjson.dumps(document)) == make_evidence()


FIRST_VERSION = """
{"id":"c0ffee5eed","episode_id":"e9150de","cluster":"","state":"open","verdict":"contention","confidence":0.97,
"reasons":["chain_complete"],"started_at":"2026-11-23T02:04:15Z","detected_at":"2026-11-23T02:04:45Z",
"updated_at":"2026-11-23T02:10:15Z","ended_at":null,"end_reason":null,
"victim":{"namespace":"inference","pod":"vllm-0","workload":"Deployment/vllm","model_name":"llama","node":"n1","tier":""},
"ttft":{"statistic":"p95","baseline_seconds":0.075,"observed_seconds":0.242,"peak_seconds":0.301,"ratio":3.23,
"requests_affected":4100,"stalled":false,"mean_excess_seconds":{"total":0.167,"suspects":0.16,"load":0.0,"own_io":0.0,
"unattributed_io":0.002,"unexplained":0.005}},
"volume":{"id":"disk:n1:nvme0n1","name":"n1/nvme0n1","kind":"disk","node":"n1","device":"nvme0n1",
"claims":["inference/models"],"bound":"throughput","via":"own"},
"use":{"utilization_ratio":{"baseline":0.07,"observed":0.97},"queue_depth":{"baseline":0.3,"observed":31.5},
"node_io_stalled_ratio":{"baseline":0.01,"observed":0.44},"victim_io_stalled_ratio":{"baseline":null,"observed":null},
"read_latency_seconds":{"baseline":0.0002,"observed":0.0094},"write_latency_seconds":{"baseline":0.0004,"observed":0.0121},
"errors":[]},
"suspects":[{"kind":"pod","namespace":"rag","pod":"reindex-1","workload":"Job/reindex","node":"n1","tier":"batch",
"confidence":0.97,"accused":true,"direction":"write","share_ratio":0.94,"mean_excess_seconds":0.157,"lag_seconds":0.0,
"p_value":0.001,"q_value":0.004,"read_bytes_per_second":{"baseline":0.0,"observed":0.0},
"write_bytes_per_second":{"baseline":1.2e5,"observed":4.13e8},"read_operations_per_second":{"baseline":0.0,"observed":0.0},
"write_operations_per_second":{"baseline":8.0,"observed":3150.0}}],
"blind_spots":[{"signal":"container_pressure_io","reason":"none"}],"explanation":"Since 02:04:15 UTC …",
"advice":[{"action":"Suspend the job","why":"It carries 94 %","command":"kubectl …"}],"feedback":null,
"links":{"self":"/api/v1/incidents/c0ffee5eed","plot":"/api/v1/incidents/c0ffee5eed/plot.svg",
"page":"/incidents/c0ffee5eed"}}
"""
