"""Hand-written stand-ins for the seams of the project: no test patches a module."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from correlator.model.frame import BlindSpot, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.source import SourceError

Reading = Callable[[int], float]
"""The value of a series at an instant; NaN where it has none."""


def signal(name: str, *, kind: Kind = Kind.COUNTER, required: bool = True, aspect: Aspect = Aspect.TTFT) -> Signal:
    """A row of a catalogue."""
    return Signal(
        name=name,
        unit="requests",
        kind=kind,
        aspect=aspect,
        query=name,
        labels=("pod",),
        exporter="fake",
        required=required,
    )


@dataclass
class FakeSource:
    """Series given as functions of time. `fails` names the outcome of the next fetches, None for an answer."""

    series: Mapping[str, Mapping[Labels, Reading]]
    interval_seconds: Mapping[str, int] = field(default_factory=dict)
    held: tuple[float, float] = (0.0, 1e10)
    fails: list[SourceError | BlindSpot | None] = field(default_factory=list)
    asked: list[Grid] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For messages."""
        return "the fake source"

    def span(self, now: float) -> tuple[float, float]:
        """As given, and nothing of the future."""
        return self.held[0], min(now, self.held[1])

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """As given, within the span."""
        if not self.held[0] <= at <= self.held[1]:
            return {}
        return {each.name: self.interval_seconds[each.name] for each in signals if each.name in self.interval_seconds}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """Every series read at every step, rows without a value left out."""
        self.asked.append(grid)
        outcome = self.fails.pop(0) if self.fails else None
        if isinstance(outcome, SourceError):
            raise outcome
        frames = {each.name: self._frame(each.name, grid) for each in signals}
        if outcome is not None:
            frames[outcome.signal] = Frame.empty(outcome.signal, grid)
        if progress is not None:
            progress(len(signals), len(signals))
        return Frames(grid, frames, self.interval_seconds, () if outcome is None else (outcome,))

    def _frame(self, name: str, grid: Grid) -> Frame:
        rows = {
            labels: np.array([read(int(t)) if self._holds(int(t)) else np.nan for t in grid.times()], dtype=np.float64)
            for labels, read in self.series.get(name, {}).items()
        }
        return Frame.from_rows(name, grid, {labels: row for labels, row in rows.items() if not np.isnan(row).all()})

    def _holds(self, at: int) -> bool:
        return self.held[0] <= at <= self.held[1]
