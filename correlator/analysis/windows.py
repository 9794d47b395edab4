"""Which steps of a window are before, and which during, a regression; and levels over them."""

from dataclasses import dataclass

import numpy as np

from correlator.analysis import rowwise
from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

GUARD_STEPS = 2
"""Steps just before the onset that belong to neither side: I/O starts before slow first tokens are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Steps before, during, and of earlier regressions of the same victim, each of shape (T,).

    `before` are quiet and end shortly before the onset; `earlier` lie before it too and are not quiet.
    """

    before: Bools
    during: Bools
    earlier: Bools

    @classmethod
    def around(cls, onset: int, end: int, quiet: Bools) -> "Spans":
        """Quiet steps up to shortly before `onset`, and [onset, end)."""
        steps = np.arange(len(quiet))
        past = steps < onset - GUARD_STEPS
        return cls(quiet & past, (steps >= onset) & (steps < end), ~quiet & past)

    def within(self, steps: Bools) -> "Spans":
        """These spans without the steps that are not chosen."""
        return Spans(self.before & steps, self.during & steps, self.earlier & steps)


def mean_over(values: Floats, steps: Bools) -> float:
    """The mean of the known values among the chosen steps; NaN when none is known."""
    return float(rowwise.means(values, steps))


def ratio_over(numerator: Floats, denominator: Floats, steps: Bools) -> float:
    """Sum over sum among the chosen steps where both are known; NaN when the denominator sums to nothing."""
    known = steps & np.isfinite(numerator) & np.isfinite(denominator)
    total = float(denominator[known].sum())
    return float(numerator[known].sum()) / total if total > 0 else float("nan")


def known_share(values: Floats, steps: Bools) -> float:
    """Which share of the chosen steps is known, 0–1; 0 when no step is chosen."""
    chosen = values[steps]
    return float(np.isfinite(chosen).mean()) if len(chosen) else 0.0


def superiority(values: Floats, before: Bools, during: Bools) -> float:
    """Probability that a step during lies above one before, ties counted half; NaN when a side is unknown."""
    low = np.sort(values[before & np.isfinite(values)])
    high = values[during & np.isfinite(values)]
    if not len(low) or not len(high):
        return float("nan")
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.mean() / (2.0 * len(low)))


def block_means(values: Floats, steps: Bools, length: int) -> Floats:
    """Means of all runs of `length` consecutive steps, overlapping, most of which are chosen and known, both ends too.

    Empty when there is none.
    """
    blocks = rowwise.block_means(values, steps, max(1, length))
    return blocks[np.isfinite(blocks)]
