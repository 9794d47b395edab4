"""Every recording of the lab is judged as its truth says."""

import pytest

from correlator.model.finding import SuspectKind, Verdict
from tests.scenarios.cases import Judged, judged, names, truth_of

TRUTHS = {name: truth_of(name) for name in names()}


def ids(verdicts: tuple[str | None, ...], *, visible: bool | None = None) -> list[str]:
    """Recordings with one of these expected verdicts."""
    return [
        name
        for name, truth in TRUTHS.items()
        if truth.verdict in verdicts and visible in (None, truth.culprits_visible)
    ]


CONTENTION = ids(("contention",), visible=True)
OTHERS = [name for name in TRUTHS if name not in CONTENTION]


def incident_of_event(case: Judged) -> tuple[Verdict, list[str]]:
    """The verdict on the event and its suspects, best first."""
    assert case.incident is not None, f"no incident overlaps the event; found {case.incidents}"
    return case.incident.verdict, [f"{each.namespace}/{each.pod}" for each in case.incident.suspects]


@pytest.mark.parametrize("name", list(TRUTHS))
def test_recording_shows_what_it_claims(name: str) -> None:
    """Only runs whose effect on first tokens was measured (or measured to be absent) count as cases."""
    assert TRUTHS[name].validated


@pytest.mark.parametrize("name", list(TRUTHS))
def test_nobody_innocent_is_accused_at_any_look(name: str) -> None:
    """Of all looks at all steps none accuses a pod that is no culprit."""
    case = judged(name)
    assert case.accused - {SuspectKind.UNATTRIBUTED} <= set(case.truth.culprits)


@pytest.mark.parametrize("name", CONTENTION)
def test_contention_is_found_with_the_right_first_suspect(name: str) -> None:
    """The verdict is contention, the first suspect a culprit, and it is accused."""
    case = judged(name)
    verdict, suspects = incident_of_event(case)
    assert verdict is Verdict.CONTENTION
    assert suspects[0] in case.truth.culprits
    assert suspects[0] in case.accused


@pytest.mark.parametrize("name", CONTENTION)
def test_onset_is_near_the_first_affected_first_token(name: str) -> None:
    """Within two scrape intervals."""
    case = judged(name)
    error = case.onset_error_seconds
    assert error is not None
    assert abs(error) <= 2 * case.truth.scrape_seconds


@pytest.mark.parametrize("name", [name for name in OTHERS if TRUTHS[name].verdict is not None])
def test_another_cause_gets_its_own_verdict(name: str) -> None:
    """What is no contention by a visible pod is called what it is."""
    case = judged(name)
    verdict, _ = incident_of_event(case)
    assert verdict.value == case.truth.verdict


@pytest.mark.parametrize("name", ids((None,)))
def test_no_storage_is_blamed_where_nothing_happened(name: str) -> None:
    """A quiet hour has no incident of storage; first tokens of a shared machine may still hiccup."""
    storage = {Verdict.CONTENTION, Verdict.DEGRADED_DEVICE, Verdict.OWN_IO}
    assert not [each for each in judged(name).incidents if each.verdict in storage]
