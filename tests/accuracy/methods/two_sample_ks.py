"""Two-sample Kolmogorov-Smirnov: the slow stretch against one four times as long before it.

`score` compares the rates; `score_of_changes` their changes from step to step, which is what Netdata's agent does for
its metric correlations (src/web/api/queries/weights.c). A rate that steps up and stays up hardly shows in its changes.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates

THRESHOLD = 0.99
"""1 minus p; Netdata's interface shows the strongest percent."""

BASELINE_LENGTHS = 4

FEWEST = 3
"""Values on either side; with fewer, nothing is compared."""


def score(candidates: Candidates) -> Floats:
    """1 minus the smallest p over the four rates of each pod, shape (P,)."""
    return _least_likely(candidates, lambda values: values)


def score_of_changes(candidates: Candidates) -> Floats:
    """The same on changes from step to step."""
    return _least_likely(candidates, np.diff)


def _least_likely(candidates: Candidates, of: Callable[[Floats], Floats]) -> Floats:
    steps = len(candidates.ttft)
    length = max(steps - candidates.onset, FEWEST + 1)
    start = max(0, candidates.onset - BASELINE_LENGTHS * length)
    found = []
    for rates in candidates.rates:
        sides = [(of(rate[start : candidates.onset]), of(rate[candidates.onset :])) for rate in rates]
        found.append(max(_unlike(before, after) for before, after in sides))
    return np.array(found)


def _unlike(before: Floats, after: Floats) -> float:
    """1 minus p; among p that round to nothing the larger distance counts, by as much as rounding leaves."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(len(before), len(after)) < FEWEST:
        return 0.0
    apart = distance(before, after)
    effective = len(before) * len(after) / (len(before) + len(after))
    return float(1.0 - special.kolmogorov(np.sqrt(effective) * apart)) + 1e-9 * apart


def distance(before: Floats, after: Floats) -> float:
    """The largest distance of the two empirical distribution functions."""
    before, after = np.sort(before), np.sort(after)
    values = np.concatenate([before, after])
    below = [np.searchsorted(side, values, side="right") / len(side) for side in (before, after)]
    return float(np.abs(below[0] - below[1]).max())
