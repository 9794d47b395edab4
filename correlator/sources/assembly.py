"""From answers to a frame: which steps to ask for at once, and samples to cells of an array."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import BlindSpot, Floats, Frame, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.sources.answer import Answer

POINTS_PER_SERIES = 11_000  # what Prometheus answers at most
POINTS_PER_ANSWER = 250_000  # about 50 MB while it is being decoded
FIRST_STEPS = 16  # asked for before the number of series is known
_STEP_TOLERANCE = 1e-3


def following_parts(count: int, series: int) -> list[tuple[int, int]]:
    """Ranges [first, stop) of steps that cover what follows the first `FIRST_STEPS` of `count`.

    Each stays within what a server answers for one series, and with `series` of them within our own memory.
    """
    size = max(1, min(POINTS_PER_SERIES, POINTS_PER_ANSWER // max(series, 1)))
    return [(first, min(first + size, count)) for first in range(FIRST_STEPS, count, size)]


@dataclass(slots=True)
class Assembly:
    """Collects the parts of one signal in any order; each part owns its steps."""

    signal: Signal
    grid: Grid
    _blocks: list[tuple[int, list[Labels], Floats]] = field(default_factory=list)
    _notes: dict[str, None] = field(default_factory=dict)

    def add(self, answer: Answer, first: int, stop: int) -> None:
        """Take the answer for the steps [first, stop)."""
        self._notes |= dict.fromkeys(answer.notes)
        labels, rows = self._identities(answer)
        block = np.full((len(labels), stop - first), np.nan)
        cells, values = self._cells(answer, rows, first, stop)
        taken = np.zeros(block.size, dtype=np.bool_)
        taken[cells] = True
        if np.count_nonzero(taken) == cells.size:
            block.ravel()[cells] = values
        else:
            np.fmax.at(block.ravel(), cells, values)
            if len(labels) == len(answer.metrics):
                self._note("odd: a series has several samples at one timestamp, the largest is kept")
        self._blocks.append((first, labels, block))

    def series(self) -> int:
        """How many series have been seen."""
        return len({labels for _, block_labels, _ in self._blocks for labels in block_labels})

    def frame(self) -> Frame:
        """All parts as one frame, rows sorted."""
        order = sorted({labels for _, block_labels, _ in self._blocks for labels in block_labels})
        index = {labels: row for row, labels in enumerate(order)}
        values = np.full((len(order), self.grid.count), np.nan)
        for first, labels, block in self._blocks:
            values[[index[identity] for identity in labels], first : first + block.shape[1]] = block
        return Frame(self.signal.name, self.grid, tuple(order), values)

    def quality(self) -> tuple[BlindSpot, ...]:
        """What was odd about the answers, sorted."""
        return tuple(BlindSpot(self.signal.name, note) for note in sorted(self._notes))

    def _note(self, text: str) -> None:
        self._notes[text] = None

    def _identities(self, answer: Answer) -> tuple[list[Labels], NDArray[np.int64]]:
        rows: dict[Labels, int] = {}
        wanted = self.signal.labels
        row_of = [
            rows.setdefault(labels_of({name: metric[name] for name in wanted if name in metric}), len(rows))
            for metric in answer.metrics
        ]
        if len(rows) < len(row_of):
            surplus = len(row_of) - len(rows)
            self._note(f"duplicate: {surplus} series share the identity of another, the largest value is kept")
        return list(rows), np.array(row_of, dtype=np.int64)

    def _cells(
        self, answer: Answer, rows: NDArray[np.int64], first: int, stop: int
    ) -> tuple[NDArray[np.int64], Floats]:
        position = (answer.times - self.grid.start) / self.grid.step
        step = np.rint(position)
        fits = (np.abs(position - step) * self.grid.step <= _STEP_TOLERANCE) & (step >= first) & (step < stop)
        if not fits.all():
            self._note("odd: samples at timestamps that were not asked for are dropped")
        row = np.repeat(rows, answer.counts)[fits]
        return row * (stop - first) + (step[fits].astype(np.int64) - first), answer.values[fits]
