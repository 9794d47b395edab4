"""Whose logs are looked at, and when."""

from datetime import timedelta

from correlator.logs.asking import unanswered
from correlator.logs.look import BUCKET_SECONDS, MOST_PODS, look_of
from correlator.model.incident import State
from correlator.model.logs import LogRole
from tests.factories import STARTED, make_bystander, make_incident, make_suspect, make_unattributed, make_victim

ONSET = int(STARTED.timestamp())


def test_victim_comes_first_then_the_accused_then_other_pods() -> None:
    """What is no pod has no logs; a suspect that is the victim is looked at once, as the victim."""
    victim = make_victim()
    own = make_suspect(namespace=victim.namespace, pod=victim.pod, accused=False)
    incident = make_incident(suspects=(own, make_unattributed(), make_bystander(), make_suspect()))
    assert [(subject.role, subject.pod) for subject in look_of(incident).subjects] == [
        (LogRole.VICTIM, victim.pod),
        (LogRole.ACCUSED, make_suspect().pod),
        (LogRole.SUSPECT, make_bystander().pod),
    ]


def test_few_pods_are_looked_at() -> None:
    """However many suspects there are."""
    many = tuple(make_suspect(pod=f"reindex-{number}") for number in range(40))
    assert len(look_of(make_incident(suspects=many)).subjects) == MOST_PODS


def test_spans_are_whole_minutes_around_the_onset() -> None:
    """Half an hour before; after it up to the end and at most ten minutes, counted from a minute before the onset."""
    look = look_of(make_incident(state=State.RESOLVED, ended_at=STARTED + timedelta(minutes=3, seconds=1)))
    assert {at % BUCKET_SECONDS for at in (look.before_from, look.onset_from, look.until)} == {0}
    assert ONSET - 120 < look.onset_from <= ONSET - 60
    assert look.onset_from - look.before_from == 1800
    assert look.until == ONSET - 15 + 240
    assert look.is_final
    night = look_of(make_incident(state=State.RESOLVED, ended_at=STARTED + timedelta(hours=9)))
    assert night.until - night.onset_from == 600


def test_same_incident_asks_the_same() -> None:
    """However often, and whenever."""
    assert look_of(make_incident()) == look_of(make_incident())
    assert not look_of(make_incident()).is_final


def test_failed_look_is_worth_repeating() -> None:
    """Nothing was seen: the next look is news."""
    look = look_of(make_incident())
    assert look.is_news(None)
    assert look.is_news(unanswered(look, STARTED, "Loki is down"))
