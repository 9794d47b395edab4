"""Every recording of the lab is judged as its truth says."""

import pytest

from correlator.model.finding import SuspectKind, Verdict
from tests.scenarios.cases import Judged, judged, names, truth_of

TRUTHS = {name: truth_of(name) for name in names()}


CONTENTION = [name for name, truth in TRUTHS.items() if truth.verdict == "contention" and truth.culprits]
UNSEEN = [name for name, truth in TRUTHS.items() if truth.verdict == "contention" and not truth.culprits]
QUIET = [name for name, truth in TRUTHS.items() if truth.verdict is None]
OTHERS = [name for name in TRUTHS if name not in (*CONTENTION, *UNSEEN, *QUIET)]


ONSET_INTERVALS = 2.0


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
    """Within two scrape intervals; the one that is later is named, so that it gets no worse."""
    case = judged(name)
    error = case.onset_error_seconds
    assert error is not None
    assert abs(error) <= ONSET_INTERVALS * case.truth.scrape_seconds


@pytest.mark.parametrize("name", UNSEEN)
def test_io_that_no_pod_accounts_for_is_named_as_such(name: str) -> None:
    """The verdict is contention, by unattributed I/O; no pod is accused."""
    case = judged(name)
    verdict, _ = incident_of_event(case)
    assert case.incident is not None
    assert verdict is Verdict.CONTENTION
    assert case.incident.suspects[0].kind is SuspectKind.UNATTRIBUTED
    assert case.accused <= {SuspectKind.UNATTRIBUTED}


@pytest.mark.parametrize("name", OTHERS)
def test_another_cause_gets_its_own_verdict(name: str) -> None:
    """What is no contention by a visible pod is called what it is."""
    case = judged(name)
    verdict, _ = incident_of_event(case)
    assert verdict.value == case.truth.verdict


@pytest.mark.parametrize("name", QUIET)
def test_no_storage_is_blamed_where_nothing_happened(name: str) -> None:
    """A quiet hour has no incident of storage; first tokens of a shared machine may still hiccup."""
    storage = {Verdict.CONTENTION, Verdict.DEGRADED_DEVICE, Verdict.OWN_IO}
    assert not [each for each in judged(name).incidents if each.verdict in storage]
