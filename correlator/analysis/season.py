"""The same hour of other days: whether a rise is usual for this hour, and a baseline where the last hour has none.

What is asked depends on the judged step alone, ten minutes of steps asking the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from correlator.analysis.level import Level, effect, is_practical
from correlator.analysis.parameters import Parameters
from correlator.analysis.victims import VictimKey, victims_of
from correlator.analysis.workloads import victim_match
from correlator.model.frame import Floats, Frames
from correlator.model.grid import Grid
from correlator.model.history import History, HistoryRequest
from correlator.model.topology import Topology

USUAL = "usual_at_this_hour"
"""The named reason: first tokens were as slow at the same hour of another day."""

AGES = {"yesterday": 86_400, "last_week": 7 * 86_400}
"""The days that are compared with, nearest first, and how many seconds ago they were."""

AROUND_SECONDS = 1800
"""So much before and after: people and jobs are not punctual."""

STEP_SECONDS = 300
HELD_SECONDS = 600
"""The steps of so many seconds ask the same."""

STRETCH_STEPS = 3
STRETCH_REQUESTS = 10.0
"""An hour holds the edge of a peak as well: its slowest quarter of at least so many requests is compared with."""

INSTEAD = {"yesterday": "compared_with_yesterday", "last_week": "compared_with_last_week"}
"""The named reasons where such an hour stands in for a baseline."""

SIGNALS = ("ttft_bucket", "ttft_sum")


@dataclass(frozen=True, slots=True, eq=False)
class Hour:
    """First tokens of a workload in an hour of another day: bucket counts (B, T) and summed TTFT (T,), 0 if unknown."""

    counts: Floats
    ttft_sum: Floats

    @classmethod
    def of(cls, frames: Frames, bounds: Floats) -> "Hour":
        """All pods together, in the buckets whose upper bounds are `bounds`."""
        victims = victims_of(frames)
        counts = np.zeros((len(bounds), frames.grid.count))
        if victims.keys:
            place = np.minimum(np.searchsorted(bounds, victims.bounds), len(bounds) - 1)
            np.add.at(counts, place, np.nansum(victims.counts, axis=0))
        return cls(counts, np.nansum(victims.ttft_sum, axis=0))

    def level(self, first: int, last: int) -> Level:
        """The level over steps [first, last)."""
        counts = self.counts[:, first:last].sum(axis=1)
        requests = float(counts.sum())
        return Level(counts, float(self.ttft_sum[first:last].sum()) / requests if requests else float("nan"), requests)

    def slowest(self) -> Level | None:
        """The slowest stretch with enough requests; None where there is none."""
        stretches = (self.level(first, first + STRETCH_STEPS) for first in range(self.counts.shape[1] - 2))
        told = [level for level in stretches if level.requests >= STRETCH_REQUESTS]
        return max(told, key=lambda level: level.mean, default=None)


@dataclass(frozen=True, slots=True, eq=False)
class StandIn:
    """A baseline from the same hour of another day, by the name of that day."""

    day: str
    level: Level

    @classmethod
    def among(cls, reasons: Iterable[str], level: Level) -> "StandIn | None":
        """The one that the reasons of a finding tell of, with its level; None where they tell of none."""
        days = [day for day, reason in INSTEAD.items() if reason in reasons]
        return cls(days[0], level) if days else None


def season_requests(key: VictimKey, topology: Topology, at: int, step: int) -> Mapping[str, HistoryRequest]:
    """What to ask of the hours around `at` on other days, by their name; `step` is the judged one in seconds."""
    coarse = step * -(-STEP_SECONDS // step)
    held = at // HELD_SECONDS * HELD_SECONDS
    match = tuple(sorted(victim_match(key, topology).items()))
    return {
        name: HistoryRequest(
            signals=SIGNALS,
            match=match,
            grid=Grid.covering(held - age - AROUND_SECONDS - coarse, held - age + AROUND_SECONDS, coarse),
        )
        for name, age in AGES.items()
    }


def hours(asked: Mapping[str, HistoryRequest], history: History, bounds: Floats) -> dict[str, Hour]:
    """The hours that were answered, by their name."""
    answers = {name: history.get(request) for name, request in asked.items()}
    return {name: Hour.of(frames, bounds) for name, frames in answers.items() if frames is not None}


def usual_since(recent: Level, known: Mapping[str, Hour], bounds: Floats, parameters: Parameters) -> str | None:
    """The nearest day on which first tokens were, at this hour, so slow that nobody would feel a difference to now."""
    slowest = {name: level for name, hour in known.items() if (level := hour.slowest()) is not None}
    usual = (name for name, level in slowest.items() if not is_practical(effect(level, recent, bounds), parameters))
    return next(usual, None)
