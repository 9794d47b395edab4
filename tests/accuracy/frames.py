"""Simulated telemetry as a Source: the frames that a daemon would have fetched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from correlator import catalog
from correlator.analysis.evaluate import evaluate
from correlator.inquiry import Inquiry
from correlator.inquiry.inquiry import Judge
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.sources.staleness import known_rows
from tests.calibrated import calibrated
from tests.simulator.case import Telemetry


def frames_of(telemetry: Telemetry) -> Frames:
    """All signals on the telemetry's own grid, rows sorted by labels."""
    grid = Grid(telemetry.start, telemetry.step, telemetry.count)
    by_signal = {
        name: Frame.from_rows(name, grid, dict(zip(map(labels_of, rows.labels), rows.values, strict=True)))
        for name, rows in telemetry.signals.items()
    }
    return Frames(grid, by_signal, dict(telemetry.intervals))


class TelemetrySource:
    """A Source in memory: the value at a step, NaN outside what was simulated.

    A grid has the simulated step or a multiple of it. What came before is asked of `history`, at its own step or a
    multiple of it; without one it is not known.
    """

    def __init__(self, telemetry: Telemetry, history: Telemetry | None = None) -> None:
        """Sort the rows once."""
        self.frames = frames_of(telemetry)
        self._past = frames_of(history) if history is not None else None

    @property
    def name(self) -> str:
        """What it is."""
        return "simulated telemetry"

    def span(self, now: float) -> tuple[float, float]:  # noqa: ARG002 - simulated time knows no now
        """The first and the last step of the case, without its history."""
        return float(self.frames.grid.start), float(self.frames.grid.last)

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:  # noqa: ARG002 - one for all times
        """The update intervals of the exporters."""
        known = self.frames.intervals
        return {signal.name: known[signal.name] for signal in signals if signal.name in known}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """All signals on the grid. Raises ValueError when its step is no multiple of what was simulated."""
        held = self._holding(grid)
        found: dict[str, Frame] = {}
        for done, signal in enumerate(signals, start=1):
            found[signal.name] = known_rows(_on(grid, held.get(signal.name)))
            if progress is not None:
                progress(done, len(signals))
        return Frames(grid, found, dict(self.frames.intervals))

    def _holding(self, grid: Grid) -> Frames:
        """The case, or its history for spans that begin before the case on a grid that the history can serve."""
        past = self._past
        if past is not None and grid.start < self.frames.grid.start and grid.step % past.grid.step == 0:
            return past
        if grid.step % self.frames.grid.step:
            raise ValueError(f"simulated every {self.frames.grid.step} s: no steps of {grid.step} s can be had")
        return self.frames


def _on(grid: Grid, frame: Frame) -> Frame:
    """The frame's values at the grid's steps."""
    indices = (grid.times() - frame.grid.start) // frame.grid.step
    inside = (indices >= 0) & (indices < frame.grid.count)
    values = np.full((len(frame.labels), grid.count), np.nan)
    values[:, inside] = frame.values[:, indices[inside]]
    return Frame(frame.signal, grid, frame.labels, values)


def inquiry_into(telemetry: Telemetry, history: Telemetry | None = None, judge: Judge = evaluate) -> Inquiry:
    """The inquiry that a daemon with default settings would make; its step is found as there."""
    inquiry = Inquiry(
        source=TelemetrySource(telemetry, history),
        signals=_signals(),
        parameters=calibrated(),
        tiers={},
        judge=judge,
    )
    step = inquiry.step(telemetry.intervals)
    if step is None or step % telemetry.step:
        return replace(inquiry, step_seconds=telemetry.step)
    return inquiry


@cache
def _signals() -> Sequence[Signal]:
    """The bundled catalogue, read once."""
    return tuple(catalog.load())
