"""Verdicts and suspects, told by stories whose truth is known."""

from collections.abc import Callable

import pytest

from correlator.model.finding import SuspectKind, Verdict
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import Played, play, shares
from tests.unit.analysis.stories import FIRST, LATER

Teller = Callable[[], Story]


def played(teller: Teller) -> Played:
    """The story until some looks after its onset."""
    return play(teller(), FIRST, LATER)


@pytest.mark.parametrize(
    ("teller", "verdict", "accused"),
    [
        (stories.one_writer, Verdict.CONTENTION, {"reindex-abc"}),
        (stories.one_reader, Verdict.CONTENTION, {"backup-1"}),
        (stories.two_writers, Verdict.CONTENTION, {"reindex-abc", "export-abc"}),
        (stories.bystander, Verdict.CONTENTION, {"reindex-abc"}),
        (stories.heavy_innocent, Verdict.CONTENTION, {"compact-1"}),
        (stories.writer_and_load, Verdict.CONTENTION, {"reindex-abc"}),
        (stories.frozen, Verdict.CONTENTION, {"reindex-abc"}),
        (stories.unattributed, Verdict.CONTENTION, {"unattributed"}),
        (stories.degraded, Verdict.DEGRADED_DEVICE, set()),
        (stories.own_io, Verdict.OWN_IO, set()),
        (stories.cold_cache, Verdict.OWN_IO, set()),
        (stories.slowed_neighbours, Verdict.CONTENTION, {"reindex-abc"}),
        (stories.frozen_under_load, Verdict.OTHER, set()),
        (stories.more_load, Verdict.LOAD, set()),
        (stories.longer_prompts, Verdict.LOAD, set()),
        (stories.slow_compute, Verdict.OTHER, set()),
        (stories.unexposed, Verdict.OTHER, set()),
        (stories.other_disk, Verdict.OTHER, set()),
        (stories.cadvisor_gone, Verdict.UNDETERMINED, set()),
        (stories.node_exporter_gone, Verdict.UNDETERMINED, set()),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_story_gets_its_verdict_and_nobody_else_is_accused(
    teller: Teller, verdict: Verdict, accused: set[str]
) -> None:
    """One regression, the right verdict from the second look on, and only culprits accused at any look."""
    told = played(teller)
    assert told.incidents == 1
    assert told.last.verdict is verdict
    assert told.accused == accused


@pytest.mark.parametrize("step", [1, 5, 30, 60])
def test_the_scrape_interval_does_not_matter(step: int) -> None:
    """The same story at another step has the same answer."""
    told = play(stories.one_writer(step=step), FIRST, LATER)
    assert told.last.verdict is Verdict.CONTENTION
    assert told.accused == {"reindex-abc"}
    assert abs((told.last.started_at.timestamp() - 1_800_000_000) / step - stories.ONSET) <= 2


def test_the_first_look_is_too_early_to_accuse() -> None:
    """Two slow steps open a regression; they name no cause yet."""
    first = played(stories.one_writer).findings[0]
    assert first.verdict is Verdict.UNDETERMINED
    assert first.reasons == ("evidence_still_gathering",)
    assert not any(suspect.accused for suspect in first.suspects)


def test_two_writers_split_the_blame_by_their_load() -> None:
    """Two thirds and one third; the excess splits alike."""
    told = played(stories.two_writers).last
    found = shares(told)
    assert found["reindex-abc"] == pytest.approx(2 / 3, abs=0.03)
    assert found["export-abc"] == pytest.approx(1 / 3, abs=0.03)
    excess = {s.pod: s.mean_excess_seconds or 0.0 for s in told.suspects}
    assert excess["reindex-abc"] == pytest.approx(2 * excess["export-abc"], rel=0.1)


def test_a_bystander_has_a_little_share_and_no_blame() -> None:
    """A hundredth of the load is a hundredth of the share, or not worth a line."""
    told = played(stories.bystander).last
    assert shares(told).get("fluent-1", 0.0) < 0.03
    assert all(s.confidence < 0.1 for s in told.suspects if s.pod == "fluent-1")


def test_a_reader_is_told_as_one() -> None:
    """Reads contend too, and the direction says so."""
    suspect = played(stories.one_reader).last.suspects[0]
    assert suspect.direction == "read"
    assert suspect.read_bytes_per_second.baseline == 0.0
    assert suspect.read_bytes_per_second.observed == pytest.approx(300e6, rel=0.1)


def test_unattributed_io_is_no_pod() -> None:
    """It is named as what it is, and the reasons say that it carries the rise."""
    told = played(stories.unattributed).last
    assert "unattributed_io_carries_the_rise" in told.reasons
    assert told.suspects[0].kind is SuspectKind.UNATTRIBUTED
    assert not any(s.accused for s in told.suspects if s.kind is SuspectKind.POD)


def test_a_quiet_volume_is_never_contention() -> None:
    """Whoever started writing at that minute: named in the list at most, with no probability."""
    told = played(stories.slow_compute).last
    assert "volume_quiet" in told.reasons
    assert all(s.confidence == 0.0 for s in told.suspects)


def test_a_victim_that_does_not_read_the_volume_is_not_exposed() -> None:
    """A saturated disk beside slow compute is two stories."""
    assert "victim_not_exposed" in played(stories.unexposed).last.reasons


def test_unseen_pods_are_a_blind_spot() -> None:
    """Who did it cannot be told when cAdvisor is gone, and the finding says what is missing and where."""
    told = played(stories.cadvisor_gone).last
    assert "pod_io_not_seen" in told.reasons
    assert any(spot.signal == "pod_reads" and "n1" in spot.reason for spot in told.blind_spots)


def test_an_unseen_volume_is_a_blind_spot() -> None:
    """Without the device's counters storage cannot be judged."""
    told = played(stories.node_exporter_gone).last
    assert "volume_not_seen" in told.reasons
    assert any(spot.signal == "disk_queue_time" for spot in told.blind_spots)


def test_own_reads_that_follow_load_are_load() -> None:
    """Twice the requests read twice as much: the disk got busier because of load."""
    made = stories.contention()
    made.rates = stories.during(made, 4.0, 12.0)
    made.device_pods = []
    told = play(made, FIRST, LATER)
    assert told.last.verdict is Verdict.LOAD
    assert told.accused == set()


def test_a_frozen_victim_has_no_observed_ttft() -> None:
    """No token, no number: nothing is invented."""
    told = played(stories.frozen).last
    assert told.ttft.stalled
    assert told.ttft.observed_seconds is None
    assert told.ttft.mean_excess_seconds.total is None


@pytest.mark.parametrize(
    "teller",
    [
        stories.one_writer,
        stories.two_writers,
        stories.degraded,
        stories.own_io,
        stories.more_load,
        stories.writer_and_load,
        stories.unattributed,
        stories.slow_compute,
    ],
    ids=lambda teller: teller.__name__,
)
def test_the_parts_of_the_mean_excess_sum_to_the_total(teller: Teller) -> None:
    """At every look of every story; no part is negative, and suspects' own parts sum to the part of suspects."""
    for finding in played(teller).findings:
        excess = finding.ttft.mean_excess_seconds
        parts = (excess.suspects, excess.load, excess.own_io, excess.unattributed_io, excess.unexplained)
        assert excess.total is not None
        assert sum(part or 0.0 for part in parts) == pytest.approx(excess.total)
        assert all(part is not None and part >= -1e-9 for part in parts)
        pods = sum(s.mean_excess_seconds or 0.0 for s in finding.suspects if s.kind is SuspectKind.POD)
        assert pods <= (excess.suspects or 0.0) + 1e-9
