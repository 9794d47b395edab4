"""When counters were really read, told one step after the other."""

from collections.abc import Sequence
from itertools import pairwise
from math import isnan, nan
from statistics import median

FEWEST_MOVES = 4
LONGEST_SECONDS = 30


def readings(loads: Sequence[Sequence[Sequence[float]]], step: int) -> list[int] | None:
    """Steps at which the pod that moves most often moved; None where that is at every step, or too rarely to know."""
    best: list[int] | None = None
    gap = 0.0
    for load in loads:
        moves = [at for at in range(len(load[0])) if sum(rate[at] for rate in load if not isnan(rate[at])) > 0]
        if len(moves) < FEWEST_MOVES:
            continue
        own = median(later - earlier for earlier, later in pairwise(moves))
        if best is None or own < gap:
            best, gap = moves, own
    return best if best is not None and 1 < gap <= LONGEST_SECONDS / step else None


def evened(rate: Sequence[float], read: Sequence[int]) -> list[float]:
    """Each step's mean over the stretch that ends with the next reading; unknown after the last one."""
    even = []
    for at in range(len(rate)):
        ends = [step for step in read if step >= at]
        begins = [step + 1 for step in read if step < at]
        stretch = [rate[i] for i in range(max(begins, default=0), ends[0] + 1) if not isnan(rate[i])] if ends else []
        even.append(sum(stretch) / len(stretch) if stretch else nan)
    return even
