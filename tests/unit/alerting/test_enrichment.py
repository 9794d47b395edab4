"""Which incidents an alert belongs to, and what is told of them."""

# ruff: noqa: ANN401 - a change may be of any field

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from correlator.alerting.annotations import AMBIGUOUS, LONGEST_EXPLANATION, NONE_ACCUSED
from correlator.alerting.enrichment import NOTHING, Enricher, Enrichment
from correlator.alerting.loops import KEYS
from correlator.alerting.subject import LabelNames
from correlator.model.finding import Verdict
from correlator.model.incident import Incident, State
from tests.factories import STARTED, make_incident, make_suspect, make_victim, make_volume

URL = "https://correlator.example"
FIRED = STARTED + timedelta(minutes=2)
VICTIM = {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
MINUTE = timedelta(minutes=1)


def told(
    incidents: list[Incident],
    labels: dict[str, str] = VICTIM,
    starts_at: datetime | None = FIRED,
    ends_at: datetime | None = None,
    url: str = URL,
) -> Enrichment:
    """What is known of an alert with these labels."""
    return Enricher(incidents, LabelNames(), url).of({"alertname": "Slow", **labels}, starts_at, ends_at)


def other(**changes: Any) -> Incident:
    """Another victim on another disk of the same node, with another culprit."""
    incident = make_incident(
        id="beef",
        episode_id="e2",
        confidence=0.9,
        victim=make_victim(pod="vllm-other"),
        volume=make_volume(id="disk:n1:sda", name="n1/sda", device="sda"),
        suspects=(make_suspect(pod="backup-1", confidence=0.9),),
    )
    return replace(incident, **changes)


def ended(at: datetime, **changes: Any) -> Incident:
    """One that is over."""
    return make_incident(state=State.RESOLVED, ended_at=at, **changes)


def test_the_first_notification_names_the_culprit() -> None:
    """Verdict, who, how sure, why, and where more is to be had."""
    enriched = told([make_incident()])
    assert enriched.incident_ids == ("c0ffee5eed",)
    assert enriched.is_final
    assert dict(enriched.annotations) == {
        "correlator_verdict": "contention",
        "correlator_suspects": "rag/reindex-28812345-h8kz2 (97 %)",
        "correlator_confidence": "0.97",
        "correlator_explanation": make_incident().explanation,
        "correlator_link": f"{URL}/incidents/c0ffee5eed",
        "correlator_plot": f"{URL}/api/v1/incidents/c0ffee5eed/plot.png",
    }
    assert tuple(enriched.annotations) == KEYS


def test_without_an_address_there_are_no_links() -> None:
    """A path alone leads nowhere from a chat."""
    assert set(KEYS) - told([make_incident()], url="").annotations.keys() == {"correlator_link", "correlator_plot"}


@pytest.mark.parametrize(
    "labels",
    [
        VICTIM,
        {"pod": "vllm-7c9f4-x2x8q"},
        {"namespace": "inference", "model_name": "llama-3.1-8b"},
        {"namespace": "inference", "deployment": "vllm"},
        {"node": "n1"},
        {"node": "n1", "device": "/dev/nvme0n1"},
        {"volume": "n1/nvme0n1"},
        {"volume": "disk:n1:nvme0n1"},
        {"namespace": "rag", "persistentvolumeclaim": "scratch"},
        {"job": "node-exporter", "namespace": "monitoring", "pod": "node-exporter-1", "instance": "n1:9100"},
        {"namespace": "inference", "severity": "page"},
    ],
)
def test_an_incident_is_found_by_whatever_names_it(labels: dict[str, str]) -> None:
    """Each thing that both know."""
    assert told(
        [make_incident(), other(victim=make_victim(namespace="x", node="n9"), volume=None)], labels
    ).incident_ids


@pytest.mark.parametrize(
    "labels",
    [
        {"namespace": "inference", "pod": "vllm-7c9f4-other"},
        {"namespace": "other", "pod": "vllm-7c9f4-x2x8q"},
        {**VICTIM, "node": "n2"},
        {"node": "n1", "device": "eth0"},
        {"namespace": "inference", "job_name": "train"},
        {"namespace": "rag", "persistentvolumeclaim": "models"},
        {"severity": "page"},
        {},
    ],
)
def test_one_label_that_disagrees_is_enough(labels: dict[str, str]) -> None:
    """And an alert that names nothing belongs to nothing."""
    assert told([make_incident()], labels) is NOTHING


def test_another_cluster_has_pods_of_the_same_name() -> None:
    """Only where both say of which cluster they are."""
    labels = {**VICTIM, "cluster": "eu-1"}
    assert told([make_incident(cluster="eu-2")], labels) is NOTHING
    assert told([make_incident(cluster="eu-1")], labels).incident_ids
    assert told([make_incident()], labels).incident_ids


@pytest.mark.parametrize(
    ("incident", "is_near"),
    [
        (make_incident(), True),
        (ended(FIRED + MINUTE), True),
        (ended(FIRED - 9 * MINUTE, started_at=FIRED - 20 * MINUTE), True),
        (ended(FIRED - 11 * MINUTE, started_at=FIRED - 20 * MINUTE), False),
        (make_incident(started_at=FIRED + MINUTE), True),
        (make_incident(started_at=FIRED + 3 * MINUTE), False),
    ],
)
def test_an_alert_belongs_to_the_incident_of_its_time(incident: Incident, is_near: bool) -> None:
    """Open when it began, or shortly before (its `for`, its rates) or after (an onset is dated by steps)."""
    assert bool(told([incident]).incident_ids) is is_near


def test_the_incident_that_was_open_then_is_meant() -> None:
    """Not the one before, however sure that was."""
    before = ended(FIRED - 3 * MINUTE, id="before", started_at=FIRED - 9 * MINUTE, confidence=0.99)
    now = make_incident(confidence=0.6, started_at=FIRED - MINUTE)
    assert told([before, now]).incident_ids == (now.id,)


def test_what_begins_after_an_alert_ended_is_none_of_its() -> None:
    """An end before the beginning is Go's zero time: none."""
    late = make_incident(started_at=FIRED + MINUTE)
    assert told([late], ends_at=FIRED + MINUTE / 2) is NOTHING
    assert told([late], ends_at=datetime(1, 1, 1, tzinfo=FIRED.tzinfo)).incident_ids


def test_an_alert_without_a_beginning_begins_now() -> None:
    """It belongs to what is open."""
    over = ended(FIRED, id="over")
    assert told([over, make_incident()], starts_at=None).incident_ids == ("c0ffee5eed",)


def test_a_resolved_alert_is_told_the_same() -> None:
    """Its beginning is what counts, and the incident has been there."""
    incident = ended(FIRED + 5 * MINUTE)
    assert told([incident], ends_at=FIRED + 6 * MINUTE) == told([incident])


def test_victims_of_one_cause_are_counted() -> None:
    """A node-level alert is told the most believable, and how many more."""
    neighbour = make_incident(id="n", confidence=0.9, victim=make_victim(pod="vllm-b"))
    enriched = told([neighbour, make_incident()], {"node": "n1"})
    assert enriched.incident_ids == ("c0ffee5eed", "n")
    assert enriched.annotations["correlator_verdict"] == "contention"
    assert enriched.annotations["correlator_explanation"].endswith("(1 more incident fits this alert.)")


def test_nobody_is_accused_where_causes_differ() -> None:
    """What fits is listed instead."""
    enriched = told([make_incident(), other()], {"node": "n1"})
    assert enriched.annotations["correlator_verdict"] == AMBIGUOUS
    assert enriched.annotations["correlator_suspects"] == NONE_ACCUSED
    assert "correlator_confidence" not in enriched.annotations
    explanation = enriched.annotations["correlator_explanation"]
    assert "reindex" not in explanation
    assert "contention at inference/vllm-other on n1/sda" in explanation
    assert enriched.incident_ids == ("c0ffee5eed", "beef")


def test_an_unknown_cause_contradicts_nobody() -> None:
    """However much is believed of it."""
    unknown = other(verdict=Verdict.UNDETERMINED, suspects=(), confidence=1.0)
    enriched = told([unknown, make_incident()], {"node": "n1"})
    assert enriched.annotations["correlator_verdict"] == "contention"
    assert enriched.is_final


def test_a_verdict_that_accuses_nobody_says_so() -> None:
    """Without a gap where templates show a name; and an open cause is not the last word."""
    enriched = told([make_incident(verdict=Verdict.UNDETERMINED, suspects=(), confidence=0.0)])
    assert enriched.annotations["correlator_suspects"] == NONE_ACCUSED
    assert not enriched.is_final
    assert told([ended(FIRED, verdict=Verdict.UNDETERMINED)]).is_final


def test_a_namespace_alone_is_said_to_be_little() -> None:
    """Anything in it may have been meant."""
    explanation = told([make_incident()], {"namespace": "inference"}).annotations["correlator_explanation"]
    assert explanation.startswith("The alert names no more than a namespace.")


def test_the_order_of_incidents_does_not_matter() -> None:
    """Both Alertmanagers of a pair, and both Prometheus, get the same."""
    incidents = [make_incident(), other(), other(id="third", confidence=0.97), make_incident(id="a")]
    first = told(incidents, {"node": "n1"})
    assert told(incidents[::-1], {"node": "n1"}) == first


def test_annotations_are_bounded() -> None:
    """Whatever names and words an incident has."""
    long = make_incident(
        explanation="x" * 10_000,
        suspects=tuple(make_suspect(pod=f"{index}" * 400, namespace="n" * 400) for index in range(40)),
    )
    for incidents in ([long], [long, *(other(id=str(each), episode_id=str(each)) for each in range(50))]):
        annotations = told(incidents, {"node": "n1"}).annotations
        assert len(annotations["correlator_explanation"]) <= LONGEST_EXPLANATION
        assert len(annotations["correlator_suspects"]) <= 2_000
        assert len("".join(annotations.values())) <= 4_000


def test_names_cannot_steer_a_terminal() -> None:
    """Nor turn the direction of a sentence."""
    sly = make_incident(explanation="a\x1b[2Jb\u202ec", suspects=(make_suspect(pod="p\u202e\x07"),))
    said = "".join(told([sly]).annotations.values())
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
