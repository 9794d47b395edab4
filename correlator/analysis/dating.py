"""Dates an onset more sharply where storage did it: by the volume's own change, within what first tokens allow.

A slight rise of TTFT is dated badly by its few requests, while the volume behind it changed within one scrape.
"""

import numpy as np

from correlator.analysis.onset import plausible_onsets, was_slow
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim
from correlator.analysis.volumes import DeviceUse
from correlator.model.frame import Floats

MARGIN_STEPS = 2
"""Scrapes of device and victim fall on different instants: the volume's change may lie so far outside."""

LOOK_BACK_STEPS = 32
"""What changed longer before the steepest rise is another story."""

BEYOND = 2.0
LARGEST_SCORE = 10.0
SMALLEST_SPREAD = 0.1
"""In robust standard deviations of the logarithm: where a change may begin, and what no step exceeds. A steady
volume's logarithm is taken to scatter by no less than a tenth."""

REFERENCE_STEPS = 20
"""With fewer quiet steps nothing is known of what is usual on the volume."""


def dated_by_volume(victim: Victim, use: DeviceUse, onset: int, before: Bools, quiet: Bools) -> int:
    """The onset, moved to the step at which the volume changed, where first tokens do not speak against it.

    Of a ramp, the volume's change and first slow tokens come well before the steepest rise that a scan dates.
    `before` are the victim's steps outside every regression, `quiet` those outside all others. Unchanged where the
    volume's change cannot be dated or lies elsewhere.
    """
    allowed = np.flatnonzero(plausible_onsets(victim, onset, before, quiet))
    changes = [_changed_at(series, before, onset) for series in (use.queue_depth, use.read_latency)]
    nearest = [
        (int(abs(allowed - step).min()), int(allowed[np.argmin(abs(allowed - step))]))
        for step in changes
        if step is not None
    ]
    near = [step for distance, step in nearest if distance <= MARGIN_STEPS]
    ramps = [step for step in changes if step is not None and onset - LOOK_BACK_STEPS <= step < onset]
    ramps = [step for step in ramps if quiet[step:onset].all()]
    earlier = [step for step in ramps if _began_slow(victim, step, onset, before & quiet)]
    if near or not earlier:
        return min(near, key=lambda step: abs(step - onset), default=onset)
    return max(earlier)


def _began_slow(victim: Victim, start: int, onset: int, before: Bools) -> bool:
    """Whether first tokens were slow in all of [start, onset), and not only since shortly before `onset`."""
    return all(was_slow(victim, start, end, before) for end in {onset, (start + onset + 1) // 2})


def _changed_at(series: Floats, before: Bools, onset: int) -> int | None:
    """Where a reading of the volume left what it usually is, up to the end: a scan for one change of level.

    In robust standard deviations of its logarithm: a queue that doubles is small beside one that grows a hundredfold.
    """
    steps = np.arange(len(series))
    known = np.isfinite(series) & (series > 0)
    usual = np.log(series[before & (steps < onset - 1) & known])
    if len(usual) < REFERENCE_STEPS:
        return None
    middle = float(np.median(usual))
    spread = max(1.4826 * float(np.median(abs(usual - middle))), SMALLEST_SPREAD)
    score = np.zeros(len(series))
    score[known] = np.clip((np.log(series[known]) - middle) / spread, -LARGEST_SCORE, LARGEST_SCORE)
    number = np.cumsum(known[::-1])[::-1]
    height = np.cumsum(score[::-1])[::-1] / np.sqrt(np.maximum(number, 1))
    height[~known | (score < BEYOND)] = -np.inf
    best = int(np.argmax(height))
    return best if np.isfinite(height[best]) else None
