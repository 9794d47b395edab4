"""Tells when a regression is over: the way back is longer than the way in."""

import numpy as np

from correlator.analysis.distribution import Reference, shift
from correlator.analysis.level import Level, effect
from correlator.analysis.onset import SHORTEST_STEPS, scales
from correlator.analysis.parameters import Parameters
from correlator.analysis.victims import Victim

HOLD_STEPS = 6
HOLD_SECONDS = 20
"""How long first tokens must look normal again before a regression ends: so many steps, and so many seconds."""

MISSING_SECONDS = 600
"""A victim that nobody has seen for so long is gone, whatever Kubernetes says of its pod."""

RECENT_SECONDS = 8
"""A shorter stretch says more about single requests than about the service."""

SLOW_Z = 3.0
ENOUGH_REQUESTS = 10
OVERDISPERSION = 1.5
"""Of requests in neighbouring steps, for a test whose error costs a delay, not an accusation."""


def is_slow(victim: Victim, baseline: Level, onset: int, parameters: Parameters) -> bool:
    """Whether the newest first tokens since `onset` are still slower than the baseline by half of what opened it.

    Requests that wait without any first token are slow; without any request nothing is.
    """
    if not victim.first_tokens[-SHORTEST_STEPS:].any() and _waits(victim):
        return True
    recent = _recent(victim, onset)
    if recent.requests <= 0:
        return False
    reference = Reference.of(baseline.counts[None, :])
    factor = np.array([OVERDISPERSION])
    if float(shift(recent.counts[None, :], reference, factor, factor).strongest[0]) < SLOW_Z:
        return False
    found = effect(baseline, recent, victim.bounds)
    return (
        found is not None
        and found.ratio >= 1.0 + 0.5 * (parameters.ttft_ratio - 1.0)
        and found.observed - found.baseline >= 0.5 * parameters.ttft_floor_seconds
    )


def _waits(victim: Victim) -> bool:
    """Whether requests are inside at the newest step."""
    return bool(np.nan_to_num(victim.waiting[-1]) + np.nan_to_num(victim.running[-1]) > 0)


def _recent(victim: Victim, onset: int) -> Level:
    """The shortest newest stretch since `onset` that holds enough requests."""
    steps = np.arange(len(victim.first_tokens))
    since = steps >= onset
    level = Level(np.zeros(len(victim.bounds)), float("nan"), 0.0)
    for scale in (scale for scale in scales(victim.step) if scale * victim.step >= RECENT_SECONDS):
        level = Level.over(victim, since & (steps >= len(steps) - scale))
        if level.requests >= ENOUGH_REQUESTS:
            break
    return level


def end_of(victim: Victim, baseline: Level, onset: int, calm: int) -> int:
    """The first step after a regression that began at `onset` and was calm by `calm`, as an index.

    Where the mid-ranks summed from the onset, less half their mean for every request, stand highest: what comes after
    is nearer to the baseline than to the regression.
    """
    inside = slice(max(onset, 0), max(calm, onset + 1))
    weights = Reference.of(baseline.counts[None, :]).scores[0]
    scores = np.nan_to_num(weights @ np.nan_to_num(victim.counts[:, inside]))
    requests = np.nan_to_num(victim.first_tokens[inside])
    half = 0.5 * scores.sum() / max(float(requests.sum()), 1.0)
    return inside.start + int(np.argmax(np.cumsum(scores - half * requests))) + 1


def hold_steps(step: int) -> int:
    """The hold in steps of `step` seconds."""
    return max(HOLD_STEPS, -(-HOLD_SECONDS // step))


def unseen_steps(victim: Victim) -> int:
    """For how many of the newest steps nothing has been known of the victim."""
    seen = np.flatnonzero(np.isfinite(victim.first_tokens))
    return len(victim.first_tokens) - 1 - int(seen[-1]) if len(seen) else len(victim.first_tokens)
