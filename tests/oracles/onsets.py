"""Where a change began, told step by step and request by request."""

from collections.abc import Sequence
from math import inf, isnan, log, sqrt
from statistics import median

from tests.oracles.ranks import expand

SMALLEST_SPREAD = 0.05


def _score(bucket: int, reference: Sequence[int]) -> float:
    """Mid-rank of a request among those of the reference, one more in the slowest tenth."""
    below = sum(1 for old in reference if old < bucket)
    equal = sum(1 for old in reference if old == bucket)
    from_here = sum(1 for old in reference if old >= bucket)
    rank = (below + 0.5 * equal) / len(reference) - 0.5
    return rank + (1.0 if from_here <= 0.1 * len(reference) else 0.0)


def heights(steps: Sequence[Sequence[int] | None], reference: Sequence[int], earliest: int) -> list[float]:
    """For each step by how many standard deviations all requests from it to the end lie above the reference.

    `steps` are bucket counts by step, None where a step is not known; `reference` the steps of what is normal. -inf
    before `earliest` and where no request follows.
    """
    normal = [bucket for step in reference for bucket in expand(steps[step] or [])]
    scores = [score for bucket in set(normal) for score in [_score(bucket, normal)] * normal.count(bucket)]
    mean = sum(scores) / len(scores)
    spread = max(sqrt(sum((score - mean) ** 2 for score in scores) / len(scores)), SMALLEST_SPREAD)
    score_of = {bucket: _score(bucket, normal) - mean for step in steps for bucket in range(len(step or []))}
    found = []
    for first in range(len(steps)):
        later = [bucket for step in steps[first:] for bucket in expand(step or [])]
        if first < earliest or not later:
            found.append(-inf)
        else:
            found.append(sum(score_of[bucket] for bucket in later) / (spread * sqrt(len(later))))
    return found


def is_slow(step: Sequence[int] | None, reference: Sequence[int]) -> bool:
    """Whether a step's own requests lie above those of the reference, given as buckets."""
    if step is None:
        return False
    score_of = [_score(bucket, reference) for bucket in range(len(step))]
    mean = sum(score_of[bucket] for bucket in reference) / len(reference)
    return sum(score_of[bucket] - mean for bucket in expand(step)) > 1e-9


def changed_at(series: Sequence[float], usual: Sequence[float]) -> list[float]:
    """For each step how far the readings from it to the end lie above what is usual, by the root of their number.

    In robust standard deviations of the logarithm, each within ± 10; -inf where a reading is unknown or less than two
    above.
    """
    middle = median(log(old) for old in usual)
    spread = max(1.4826 * median(abs(log(old) - middle) for old in usual), 0.1)

    def score(value: float) -> float:
        return max(-10.0, min(10.0, (log(value) - middle) / spread))

    found = []
    for first, value in enumerate(series):
        later = [score(other) for other in series[first:] if not isnan(other)]
        if isnan(value) or score(value) < 2.0:
            found.append(-inf)
        else:
            found.append(sum(later) / sqrt(len(later)))
    return found
