"""What alerting rules need: incidents of one cause as one series, and who stopped."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from correlator.model.finding import SymptomEffect, Verdict
from correlator.model.incident import Incident
from correlator.publish.alarms import has_stopped, victims_by_episode
from correlator.publish.samples import Stored, kept
from tests.factories import STARTED, make_incident, make_victim, make_volume
from tests.snapshots import make_snapshot

TRANSACTIONS = SymptomEffect(
    name="postgresql_transactions",
    quantity="time per transaction",
    things="transactions",
    unit="seconds",
    statistic="mean",
    baseline=0.002,
    observed=None,
    ratio=None,
    affected=0,
    stopped=True,
    silent=True,
)


def incident(number: int, **changes: object) -> Incident:
    """One of several, each of its own victim, each detected a minute after the one before."""
    return make_incident(
        id=f"i{number}",
        victim=make_victim(pod=f"vllm-{number}"),
        detected_at=STARTED + timedelta(minutes=number),
        **changes,
    )


def stopped_labels(*incidents: Incident) -> Iterable[tuple[str, float]]:
    """The pods of `correlator_incident_stopped` and their values."""
    found = kept(make_snapshot(), Stored(open_incidents=incidents))["correlator_incident_stopped"]
    return [(labels[1], value) for labels, value in found.items()]


def test_a_choked_share_is_one_series() -> None:
    """Two hundred victims of one episode are one number."""
    incidents = [incident(number, episode_id="e") for number in range(200)]
    assert victims_by_episode(incidents) == {("n1/nvme0n1", "contention"): 200}


def test_an_episode_over_two_volumes_keeps_the_first() -> None:
    """Whoever came first gives the volume, in whatever order they are stored: the alert stays the same alert."""
    first = incident(1, episode_id="e", volume=make_volume(name="n1/sda"))
    later = incident(2, episode_id="e", volume=make_volume(name="n2/sda"))
    assert victims_by_episode([later, first]) == victims_by_episode([first, later]) == {("n1/sda", "contention"): 2}


def test_the_strongest_verdict_speaks_for_all() -> None:
    """With the volume of the incident that has it, although another was first."""
    unclear = incident(1, episode_id="e", verdict=Verdict.UNDETERMINED, volume=None)
    clear = incident(2, episode_id="e", volume=make_volume(name="n2/sda"))
    assert victims_by_episode([unclear, clear]) == {("n2/sda", "contention"): 2}


def test_episodes_of_one_volume_and_verdict_add_up() -> None:
    """Two series of equal labels would be one anyway; a victim that is worse in two ways counts once."""
    twice = [replace(incident(1, episode_id="a"), id=identity) for identity in ("x", "y")]
    assert victims_by_episode([*twice, incident(2, episode_id="b")]) == {("n1/nvme0n1", "contention"): 2}


def test_who_stopped_is_told_whatever_stopped() -> None:
    """No first tokens, or no transactions: of two incidents of one victim, the worse one counts."""
    slow = incident(1)
    stalled = incident(2, ttft=replace(slow.ttft, stalled=True))
    database = incident(3, symptom=TRANSACTIONS)
    both = [incident(4), replace(incident(4, symptom=TRANSACTIONS), id="more")]
    assert [has_stopped(one) for one in (slow, stalled, database)] == [False, True, True]
    assert sorted(stopped_labels(slow, stalled, database, *both)) == [
        ("vllm-1", 0.0),
        ("vllm-2", 1.0),
        ("vllm-3", 1.0),
        ("vllm-4", 1.0),
    ]
