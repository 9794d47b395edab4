"""What belongs together."""

from dataclasses import replace
from datetime import timedelta

import pytest

from correlator.incidents.episodes import causes_of, episode_of, left_episode, overlap
from correlator.incidents.lifecycle import incident_of
from correlator.model.finding import STRENGTH, SuspectKind, Verdict
from correlator.model.incident import State
from tests.factories import make_suspect, make_unattributed, make_victim
from tests.unit.incidents.findings import DISK, culprit, finding, moment

GAP = timedelta(minutes=2)
MEMBER = incident_of(finding(suspects=[culprit("rag/reindex-1")]), "c", None, "e")


def test_strength_ranks_every_verdict() -> None:
    """Each verdict has one place, and contention the first."""
    assert sorted(STRENGTH) == sorted(Verdict)
    assert STRENGTH[0] is Verdict.CONTENTION


def test_blamed_volume_and_culprits_are_causes() -> None:
    """A contention is tied by its volume and by each accused pod."""
    assert causes_of(MEMBER) == {("volume", DISK), ("pod", "rag", "reindex-1")}


def test_pods_of_one_workload_are_one_culprit() -> None:
    """Two pods of a Job accuse the same culprit."""
    first, second = (
        incident_of(finding(volume=None, suspects=[culprit(name, workload="Job/reindex")]), "c", None)
        for name in ("rag/reindex-1", "rag/reindex-2")
    )
    assert causes_of(first) == causes_of(second) == {("pod", "rag", "Job/reindex")}


def test_workloads_of_other_namespaces_are_other_culprits() -> None:
    """The same workload name in two namespaces is two culprits."""
    first, second = (
        incident_of(finding(volume=None, suspects=[culprit(name, workload="Job/reindex")]), "c", None)
        for name in ("rag/reindex-1", "web/reindex-1")
    )
    assert not causes_of(first) & causes_of(second)


def test_only_the_accused_tie() -> None:
    """A suspect that is listed but not accused ties nothing, nor does unattributed I/O; an accused node does."""
    suspects = [
        make_suspect(accused=False),
        make_unattributed(accused=True),
        make_suspect(kind=SuspectKind.NODE, node="n1", pod="", namespace=""),
    ]
    assert causes_of(incident_of(finding(volume=None, suspects=suspects), "c", None)) == {("node", "n1")}


@pytest.mark.parametrize(
    ("verdict", "ties"),
    [
        (Verdict.CONTENTION, True),
        (Verdict.DEGRADED_DEVICE, True),
        (Verdict.OWN_IO, True),
        (Verdict.UNDETERMINED, True),
        (Verdict.LOAD, False),
        (Verdict.OTHER, False),
    ],
)
def test_volume_ties_where_it_is_blamed(verdict: Verdict, ties: bool) -> None:
    """The volume of an incident that load or something else explains ties it to nothing."""
    assert bool(causes_of(incident_of(finding(verdict=verdict), "c", None))) is ties


@pytest.mark.parametrize(
    ("first_end", "second_start", "overlaps"),
    [(None, 9000, True), (100, 220, True), (100, 221, False), (100, 50, True)],
)
def test_overlap_bridges_the_join_gap(first_end: int | None, second_start: int, overlaps: bool) -> None:
    """Two incidents belong together up to exactly the gap; an open one reaches any later one. Order is no matter."""
    first = replace(MEMBER, ended_at=None if first_end is None else moment(first_end))
    second = replace(MEMBER, started_at=moment(second_start))
    assert overlap(first, second, GAP) is overlaps
    assert overlap(second, first, GAP) is overlaps


def test_episode_sums_up_its_incidents() -> None:
    """It begins with the first, is open while one is, has the strongest verdict, and all volumes and culprits."""
    other = incident_of(finding("vllm-1", 15, verdict=Verdict.DEGRADED_DEVICE, volume="disk:n2:sda"), "c", None, "e")
    over = replace(MEMBER, state=State.RESOLVED, ended_at=moment(60))
    episode = episode_of("e", "c", [other, over])
    assert (episode.started_at, episode.ended_at, episode.state) == (moment(-30), None, State.OPEN)
    assert episode.verdict is Verdict.CONTENTION
    assert episode.volume_ids == (DISK, "disk:n2:sda")
    assert episode.culprits == ("rag/reindex-1",)
    assert episode.incident_ids == (MEMBER.id, other.id)


def test_episode_says_which_tiers_hurt_which() -> None:
    """Of the accused alone, and of the tiers that are known."""
    suspects = [
        make_suspect(tier="agentic-sandbox"),
        make_suspect(tier="pipeline", accused=False),
        make_suspect(tier=""),
    ]
    members = [
        incident_of(replace(finding(suspects=suspects), victim=make_victim(pod=name, tier=tier)), "c", None)
        for name, tier in (("a", "model-inference"), ("b", "data-infrastructure"), ("c", ""))
    ]
    episode = episode_of("e", "c", members)
    assert episode.victim_tiers == ("data-infrastructure", "model-inference")
    assert episode.culprit_tiers == ("agentic-sandbox",)


def test_episode_ends_with_its_last_incident() -> None:
    """When all are over, it is resolved at the latest end."""
    ends = [replace(MEMBER, id=str(end), state=State.RESOLVED, ended_at=moment(end)) for end in (60, 90, 75)]
    episode = episode_of("e", "c", ends)
    assert (episode.state, episode.ended_at) == (State.RESOLVED, moment(90))


def test_a_left_episode_is_resolved_and_empty() -> None:
    """What remains when the only incident moves away says so, and never stays open."""
    episode = left_episode("e", MEMBER, moment(60))
    assert (episode.state, episode.ended_at, episode.incident_ids) == (State.RESOLVED, moment(60), ())
