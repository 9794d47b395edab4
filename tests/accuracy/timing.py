"""How well onsets are dated, and how soon regressions are seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.accuracy.accusing import Proportion
from tests.accuracy.results import CaseResult, VictimResult

ALLOWED_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class Spread:
    """Of so many values: median and the value that nine of ten do not exceed; NaN without any."""

    count: int
    median: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of some values."""
        if not values:
            return cls(0, float("nan"), float("nan"))
        median, p90 = np.percentile(np.array(values), [50.0, 90.0])
        return cls(len(values), float(median), float(p90))


def onset_errors(cases: Iterable[CaseResult]) -> list[float]:
    """Seconds between the dated onset and the first late first token, of incidents that are of an event."""
    pairs = [(v.first, v.truth.first_affected_at) for case in cases for v in case.victims]
    return [abs(seen.started_at - began) for seen, began in pairs if seen is not None and began is not None]


def detection_delays(cases: Iterable[CaseResult]) -> list[float]:
    """Steps from the one that shows the twentieth late first token to the one that detected it, without missed ones."""
    return [
        (victim.first.detected_at - victim.twentieth_seen_at) / case.step
        for case in cases
        for victim in case.victims
        if victim.first is not None and victim.twentieth_seen_at is not None and is_due(victim)
    ]


def in_time(cases: Iterable[CaseResult], intervals: int = ALLOWED_INTERVALS) -> Proportion:
    """Regressions detected within so many of the slowest update intervals once twenty late first tokens were seen.

    The settle time is waited for on top, for every step alike. A missed regression is late.
    """
    due = [(case, v) for case in cases for v in case.victims if is_due(v)]
    return Proportion(sum(not is_late(case, victim, intervals) for case, victim in due), len(due))


def is_due(victim: VictimResult) -> bool:
    """Whether it should have been detected at some time: an incident is right, and 20 requests were seen to be late."""
    return victim.truth.verdict is not None and victim.twentieth_seen_at is not None


def is_late(case: CaseResult, victim: VictimResult, intervals: int = ALLOWED_INTERVALS) -> bool:
    """Whether one that is due was detected too late, or never."""
    twentieth, seen = victim.twentieth_seen_at, victim.first
    if not is_due(victim) or twentieth is None:
        return False
    return seen is None or seen.detected_at - twentieth > intervals * case.interval
