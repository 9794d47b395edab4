"""Days before a window, fetched when a judgement asks for them, narrowed and bounded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from correlator.catalog.narrowing import narrowed
from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.history import History, HistoryRequest
from correlator.model.signal import Signal
from correlator.model.source import Source, SourceError

PART_SECONDS = 86_400
PARTS = 8
"""What is fetched at once, newest first: a day, or more where days are many."""

SERIES = 1_000
"""What is older is done without once there are so many series: a workload of thousands of pods has a short history."""

KEPT_ANSWERS = 500
KEPT_VALUES = 4_000_000
"""Answers are kept for later looks at the same incident, up to 32 MB of them."""


class Archives:
    """Answers requests from a source, each once: until it is pushed out by others, or was not answered."""

    def __init__(self, source: Source, signals: Sequence[Signal]) -> None:
        self._source = source
        self._signals: dict[str, list[Signal]] = {}
        for signal in signals:
            self._signals.setdefault(signal.name, []).append(signal)
        self._kept: dict[HistoryRequest, Frames | None] = {}

    def answers(self, wanted: Sequence[HistoryRequest]) -> History:
        """An answer for each request; None where the source has no history, or fails for now.

        A source that failed once is asked nothing more in this call: a step waits for one answer at most.
        """
        found: dict[HistoryRequest, Frames | None] = {}
        is_failing = False
        for request in wanted:
            if request not in self._kept and not is_failing:
                is_failing = not self._learn(request)
            found[request] = self._kept.get(request)
        self._forget()
        return found

    def _learn(self, request: HistoryRequest) -> bool:
        """Fetch what is not known; False where that may succeed later."""
        try:
            self._kept[request] = self._fetch(request)
        except SourceError as error:
            if error.retriable:
                return False
            self._kept[request] = None
        return True

    def _forget(self) -> None:
        """Drop the oldest answers beyond what may be kept, the newest never."""
        sizes = {request: _size(frames) for request, frames in self._kept.items()}
        total = sum(sizes.values())
        for request in list(sizes)[:-1]:
            if total <= KEPT_VALUES and len(self._kept) <= KEPT_ANSWERS:
                break
            total -= sizes[request]
            del self._kept[request]

    def _fetch(self, request: HistoryRequest) -> Frames | None:
        suppliers = [signal for name in request.signals for signal in self._signals.get(name, ())]
        signals = [self._narrowed(signal, request) for signal in suppliers]
        oldest = self._source.span(float(request.grid.last))[0]
        parts: list[Frames] = []
        series: set[tuple[str, Labels]] = set()
        for grid in _parts(request.grid):
            if grid.last < oldest or len(series) >= SERIES or not signals:
                break
            frames = self._source.fetch(signals, grid)
            failed = [spot.reason for spot in frames.quality if spot.reason.startswith(("failed", "partial"))]
            if failed:
                raise SourceError(f"history: {failed[0]}", retriable=True)
            parts.append(_matching(frames, signals, request))
            series |= {(name, labels) for name, frame in parts[-1].by_signal.items() for labels in frame.labels}
        return _joined(request, parts) if series else None

    def _narrowed(self, signal: Signal, request: HistoryRequest) -> Signal:
        match = [(signal.exported(label), pattern) for label, pattern in request.match if label in signal.labels]
        return replace(signal, query=narrowed(signal.query, match))


def _parts(grid: Grid) -> Iterator[Grid]:
    """The grid in parts, the newest first."""
    size = max(PART_SECONDS // grid.step, -(-grid.count // PARTS), 1)
    for stop in range(grid.count, 0, -size):
        first = max(0, stop - size)
        yield Grid(grid.start + first * grid.step, grid.step, stop - first)


def _matching(frames: Frames, signals: Sequence[Signal], request: HistoryRequest) -> Frames:
    """The rows that match: a recording, and whoever takes no notice of a query, answers with more."""
    found = {}
    labels_of: dict[str, set[str]] = {}
    for signal in signals:
        labels_of.setdefault(signal.name, set()).update(signal.labels)
    for name, known in labels_of.items():
        frame = frames.get(name)
        patterns = [(label, re.compile(pattern)) for label, pattern in request.match if label in known]
        rows = [
            row
            for row, labels in enumerate(map(dict, frame.labels))
            if all(pattern.fullmatch(labels.get(label, "")) for label, pattern in patterns)
        ]
        labels = tuple(frame.labels[row] for row in rows)
        found[name] = Frame(name, frame.grid, labels, frame.values[rows])
    return Frames(frames.grid, found, frames.intervals)


def _joined(request: HistoryRequest, parts: Sequence[Frames]) -> Frames:
    """Parts as one answer on the whole grid, NaN where nothing was fetched."""
    grid = request.grid
    found = {}
    for name in request.signals:
        rows: dict[Labels, Floats] = {}
        for part in parts:
            frame = part.get(name)
            first = grid.index(part.grid.start)
            for labels, values in zip(frame.labels, frame.values, strict=True):
                row = rows.setdefault(labels, np.full(grid.count, np.nan))
                row[first : first + part.grid.count] = values
        found[name] = Frame.from_rows(name, grid, rows)
    return Frames(grid, found, parts[0].intervals)


def _size(frames: Frames | None) -> int:
    return 0 if frames is None else sum(frame.values.size for frame in frames.by_signal.values())
