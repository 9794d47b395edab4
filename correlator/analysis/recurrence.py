"""How often a workload has been as busy as now for as long, over days, while first tokens were normal.

All stretches of the present length are looked at, each beginning one step after the one before: the present moment
shifted over the whole history, so that whatever makes neighbouring steps alike stays inside the stretches.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.rates import Bools
from correlator.model.finding import Recurrence
from correlator.model.frame import Floats

REQUESTS = 5.0
"""A stretch with fewer first tokens, or without any in most of it, does not tell whether they were slow."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days on a coarse grid of `step` seconds; every array has shape (T,).

    `device_time` is the priced load of the workload, NaN where nobody could see it; `first_tokens` and `ttft_sum` are
    the victim's gains in each step, NaN or 0 where there were none.
    """

    step: int
    device_time: Floats
    first_tokens: Floats
    ttft_sum: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What is looked for: so much mean device time for so many seconds; from `slow_seconds` on TTFT is a regression."""

    device_time: float
    seconds: float
    slow_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurred:
    """What was found. `blocks` are known stretches without a regression, `hits` those of them as busy as now."""

    blocks: int
    hits: int
    seen: Recurrence

    @property
    def p_value(self) -> float:
        """(1 + hits) / (1 + blocks): never zero (B. Phipson, G. K. Smyth 2010, doi:10.2202/1544-6115.1585)."""
        return (1 + self.hits) / (1 + self.blocks)


def recurred(days: Days, now: Now) -> Recurred:
    """Count the stretches of days that were as busy as now, with and without a regression.

    A stretch is as busy when it holds as much device time as has passed now: it may be a step longer.
    """
    length = max(1, int(np.ceil(now.seconds / days.step)))
    busy = _sums(days.device_time, length) * days.step >= now.device_time * now.seconds
    known = np.isfinite(_sums(days.device_time, length))
    slow, judged = _slow(days, now.slow_seconds, length)
    calm = known & judged & ~slow
    hits = busy & calm
    regressions = runs(slow & known, length)
    return Recurred(
        blocks=int(calm.sum()),
        hits=int(hits.sum()),
        seen=Recurrence(
            seconds=float(np.isfinite(days.device_time).sum() * days.step),
            rises=len(runs(hits, length)),
            regressions=len(regressions),
            regressions_with=sum(bool(busy[first:last].any()) for first, last in regressions),
        ),
    )


def _slow(days: Days, slow_seconds: float, length: int) -> tuple[Bools, Bools]:
    """Whether first tokens were slow in each stretch or just after, and whether there were enough to tell."""
    requests = _sums(np.nan_to_num(days.first_tokens), length)
    total = _sums(np.nan_to_num(days.ttft_sum), length)
    served = _sums((np.nan_to_num(days.first_tokens) > 0).astype(np.float64), length)
    judged = (requests >= REQUESTS) & (2 * served >= length)
    slow = judged & (total >= slow_seconds * requests)
    after = np.append(slow, [False])[1:]
    return slow | after, judged


def _sums(values: Floats, length: int) -> Floats:
    """Sums of all runs of `length` steps, NaN where any is unknown; shape (T - length + 1,)."""
    if len(values) < length:
        return np.empty(0)
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    number = np.concatenate([[0], np.cumsum(known)])
    sums = total[length:] - total[:-length]
    return np.where(number[length:] - number[:-length] == length, sums, np.nan)


def runs(flags: Bools, gap: int) -> list[tuple[int, int]]:
    """[first, last) of runs of true flags; those less than `gap` apart are one."""
    places = np.flatnonzero(flags)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap)
    firsts = places[np.append(0, breaks + 1)]
    lasts = places[np.append(breaks, len(places) - 1)] + 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
