"""Findings become incidents."""

from dataclasses import fields, replace

import pytest

from correlator.incidents.instants import microseconds
from correlator.incidents.lifecycle import (
    TransitionKind,
    abandoned,
    incident_id,
    incident_of,
    stable_id,
    transitions_of,
)
from correlator.model.finding import EndReason, Evidence, Finding, Verdict
from correlator.model.incident import Feedback, Incident, State
from tests.factories import make_victim
from tests.unit.incidents.findings import finding, moment


def test_identity_is_the_same_forever() -> None:
    """An incident's identity is a known hash of cluster, victim and first detected step: it never changes."""
    assert incident_id("prod", make_victim(), moment(0)) == "d002e92067898dce"


@pytest.mark.parametrize(
    ("cluster", "changes", "detected"),
    [
        ("other", {}, 0),
        ("c", {"namespace": "other"}, 0),
        ("c", {"pod": "other"}, 0),
        ("c", {"model_name": "other"}, 0),
        ("c", {}, 15),
    ],
)
def test_identity_tells_regressions_apart(cluster: str, changes: dict[str, str], detected: int) -> None:
    """Another cluster, victim, model or detected step is another incident."""
    one = incident_id("c", make_victim(), moment(0))
    assert incident_id(cluster, make_victim(**changes), moment(detected)) != one


def test_identity_ignores_what_may_be_learnt_later() -> None:
    """Workload, node and tier do not make another incident."""
    assert incident_id("c", make_victim(workload="", node="", tier=""), moment(0)) == incident_id(
        "c", make_victim(), moment(0)
    )


def test_another_symptom_of_a_pod_is_another_victim() -> None:
    """And first tokens, which need no name, keep the identity that they always had."""
    fsync, tokens = (incident_id("c", make_victim(symptom=name), moment(0)) for name in ("etcd_fsync", "tokens"))
    plain = incident_id("c", make_victim(), moment(0))
    assert len({fsync, tokens, plain}) == 3
    victim = make_victim()
    assert plain == stable_id("incident", "c", victim.namespace, victim.pod, victim.model_name, microseconds(moment(0)))


def test_identity_cannot_be_confused_by_concatenation() -> None:
    """Parts are told apart, wherever the border between them lies."""
    assert stable_id("a", "bc") != stable_id("ab", "c")


def test_first_finding_opens() -> None:
    """A regression that is not over is an open incident with links to itself."""
    incident = incident_of(finding(), "c", None)
    assert (incident.state, incident.ended_at, incident.end_reason) == (State.OPEN, None, None)
    assert incident.links.self == f"/api/v1/incidents/{incident.id}"
    assert incident.links.plot == f"/api/v1/incidents/{incident.id}/plot.svg"
    assert incident.links.page == f"/incidents/{incident.id}"


def test_every_word_of_the_finding_is_kept() -> None:
    """Whatever field a finding and an incident share holds the finding's value."""
    told = finding()
    incident = incident_of(told, "c", None)
    shared = {each.name for each in fields(Finding)} & {each.name for each in fields(Incident)}
    assert shared == {each.name for each in fields(Finding)} - {"at", "evidence"}
    assert all(getattr(incident, name) == getattr(told, name) for name in shared)
    assert incident.updated_at == told.at


def test_later_look_updates_and_keeps_feedback_and_episode() -> None:
    """An update takes the new words, but what a person said and where it belongs stay."""
    feedback = Feedback(verdict_right=False, note="it was the backup")
    first = replace(incident_of(finding(), "c", None, "e1"), feedback=feedback)
    later = incident_of(finding(at=60, verdict=Verdict.LOAD), "c", first)
    assert (later.id, later.verdict, later.updated_at) == (first.id, Verdict.LOAD, moment(60))
    assert (later.feedback, later.episode_id) == (feedback, "e1")


def test_end_resolves() -> None:
    """A finding with an end closes the incident with its reason."""
    later = incident_of(finding(at=90, ended=75), "c", incident_of(finding(), "c", None))
    assert (later.state, later.ended_at, later.end_reason) == (State.RESOLVED, moment(75), EndReason.RECOVERED)


@pytest.mark.parametrize("replayed", [finding(at=60), finding(at=30), finding(at=60, verdict=Verdict.OTHER)])
def test_old_words_change_nothing(replayed: Finding) -> None:
    """A finding that is not newer than what is known is a replay: the very same incident comes back."""
    known = incident_of(finding(at=60), "c", None)
    assert incident_of(replayed, "c", known) is known


def test_no_change_is_no_transition() -> None:
    """Where a finding said nothing new, nothing happened to the incident."""
    known = incident_of(finding(at=60), "c", None)
    assert transitions_of(finding(at=60), known, incident_of(finding(at=60), "c", known)) == ()


def test_resolved_stays_resolved() -> None:
    """Nothing that is said later opens or changes a resolved incident."""
    over = incident_of(finding(at=60, ended=45), "c", None)
    assert incident_of(finding(at=75), "c", over) is over


def test_transitions_have_the_names_of_the_stream() -> None:
    """First an incident is opened, then updated, then resolved; the evidence of each look goes along."""
    words = [finding(), finding(at=60), finding(at=120, ended=100)]
    kinds, known = [], None
    for told in words:
        incident = incident_of(told, "c", known)
        (transition,) = transitions_of(told, known, incident)
        assert transition.evidence == told.evidence
        kinds.append(transition.kind)
        known = incident
    assert kinds == [TransitionKind.OPENED, TransitionKind.UPDATED, TransitionKind.RESOLVED]


def test_heard_of_when_over_opens_first() -> None:
    """A regression that is first told when it is over is opened and resolved, in this order."""
    told = finding(at=60, ended=45)
    incident = incident_of(told, "c", None)
    opened, resolved = transitions_of(told, None, incident)
    assert (opened.kind, opened.incident.state, opened.incident.ended_at) == (TransitionKind.OPENED, State.OPEN, None)
    assert (resolved.kind, resolved.incident) == (TransitionKind.RESOLVED, incident)


def test_a_look_without_series_brings_no_evidence() -> None:
    """A finding whose evidence is empty leaves the stored evidence alone."""
    told = finding(evidence=Evidence())
    (transition,) = transitions_of(told, None, incident_of(told, "c", None))
    assert transition.evidence is None


def test_abandoned_is_gone_and_says_why() -> None:
    """An incident that nobody follows any more ends as gone, with the reason among its reasons."""
    incident = incident_of(finding(), "c", None)
    transition = abandoned(incident, moment(60), "memory_lost")
    closed = transition.incident
    assert (closed.state, closed.ended_at, closed.end_reason) == (State.RESOLVED, moment(60), EndReason.GONE)
    assert closed.reasons == (*incident.reasons, "memory_lost")
    assert transition.kind is TransitionKind.RESOLVED
