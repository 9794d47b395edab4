"""The onset of a slight rise, dated by the volume behind it."""

import numpy as np
import pytest

from correlator.analysis.dating import dated_by_volume
from correlator.analysis.onset import onset_of, plausible_onsets
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim, victims_of
from correlator.analysis.volumes import DeviceUse, device_use
from correlator.model.frame import Frames
from correlator.topology import join
from tests.scenes import Story
from tests.unit.analysis.playing import window
from tests.unit.analysis.stories import ONSET, contention, slow_tokens, story

SLIGHT = 1.5
LATER = ONSET + 20
STEEP = ONSET + 10


def slight(seed: int, disk_since: int = ONSET) -> Story:
    """First tokens take a little longer from ONSET on, on a disk that is slow from `disk_since` on."""
    made = contention(slow_tokens(story(seed, rate=0.3)))
    made.ttft_seconds = made.stepped(0.05, 0.05 * SLIGHT, ONSET, made.steps)
    made.read_latency = made.stepped(2e-4, 4e-3, disk_since, made.steps)
    return made


def seen(frames: Frames) -> tuple[Victim, DeviceUse, Bools]:
    """The victim, its disk, and every step as one outside of regressions."""
    topology = join(frames)
    (volume,) = topology.volumes
    use = device_use(frames, topology, volume)
    return victims_of(frames).one(0), use, np.ones(frames.grid.count, dtype=np.bool_)


def errors(made: Story) -> tuple[int, int]:
    """By how many steps first tokens alone, and with the volume, misdate the onset."""
    victim, use, all_steps = seen(window(made.frames(), LATER))
    alone = onset_of(victim, all_steps)
    return abs(alone - ONSET), abs(dated_by_volume(victim, use, alone, all_steps, all_steps) - ONSET)


def test_the_volume_dates_what_few_requests_cannot() -> None:
    """A request in three seconds, 15 s steps, half again as slow: over twenty draws the volume is nearer by far."""
    alone, together = np.array([errors(slight(seed)) for seed in range(20)]).T
    assert together.sum() < alone.sum() / 2
    assert together.max() <= alone.max()


@pytest.mark.parametrize("disk_since", [ONSET - 60, ONSET + 60])
def test_a_volume_that_changed_at_another_time_dates_nothing(disk_since: int) -> None:
    """What changed long before (or never, so far) has no say."""
    victim, use, all_steps = seen(window(slight(1, disk_since).frames(), LATER))
    alone = onset_of(victim, all_steps)
    assert dated_by_volume(victim, use, alone, all_steps, all_steps) == alone


def test_a_volume_that_is_not_seen_dates_nothing() -> None:
    """No series of the device: the onset stands as first tokens have it."""
    made = slight(1)
    made.missing = {"node_exporter": slice(0, made.steps)}
    victim, use, all_steps = seen(window(made.frames(), LATER))
    alone = onset_of(victim, all_steps)
    assert dated_by_volume(victim, use, alone, all_steps, all_steps) == alone


def test_a_clear_rise_leaves_no_choice() -> None:
    """Ten times as slow: only the steps next to the true onset are plausible; a slight rise leaves more."""
    sharp = slight(1)
    sharp.ttft_seconds = sharp.stepped(0.05, 0.5, ONSET, sharp.steps)
    allowed = []
    for made in (sharp, slight(1)):
        victim, _, all_steps = seen(window(made.frames(), LATER))
        allowed.append(np.flatnonzero(plausible_onsets(victim, onset_of(victim, all_steps), all_steps, all_steps)))
    assert set(allowed[0]) <= {ONSET - 1, ONSET, ONSET + 1}
    assert len(allowed[1]) > len(allowed[0])
    assert ONSET in allowed[1]


def ramping(low: float) -> Story:
    """First tokens take `low` times as long from ONSET on and eight times from STEEP on; the disk from ONSET on."""
    made = contention(slow_tokens(story(1, rate=1.0)))
    made.ttft_seconds = made.stepped(0.05, 0.05 * low, ONSET, made.steps)
    made.ttft_seconds[STEEP:] = 0.4
    made.read_latency = made.stepped(2e-4, 4e-3, ONSET, made.steps)
    return made


@pytest.mark.parametrize(("low", "expected"), [(1.5, ONSET), (1.0, STEEP)])
def test_a_ramp_begins_where_it_begins(low: float, expected: int) -> None:
    """A scan dates the steepest rise; what was slow since the volume changed belongs to it, and only that."""
    victim, use, all_steps = seen(window(ramping(low).frames(), STEEP + 10))
    alone = onset_of(victim, all_steps)
    assert abs(alone - STEEP) <= 1
    assert abs(dated_by_volume(victim, use, alone, all_steps, all_steps) - expected) <= 1
