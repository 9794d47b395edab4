"""The rolling window: the newest columns of every signal, as arrays that grow to the right."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid

Indices = NDArray[np.int64]
_ABSENT = -1
_ROWS_AT_ONCE = 512
_EXACT = 2.0**44  # whole numbers below it add up to the same in any order, however an array is laid out
_SPARE_COLUMNS = range(6, 13)  # signals take turns, so that not all of them are moved in the same step


class SignalBuffer:
    """The last `width` columns of one signal.

    Its rows are the series with a value in those columns, sorted by labels: what was held before and how the columns
    arrived leaves no trace. Labels stay the same object while the rows do.

    What has not changed for a whole window, as the labels of a quiet cluster, is one column that stands for all.
    """

    def __init__(self, signal: str, width: int, spare: int) -> None:
        """`spare` columns beside the window: all are moved to the left when these are full."""
        self.signal = signal
        self.labels: tuple[Labels, ...] = ()
        self._width = width
        self._capacity = width + spare
        self._values: Floats = np.empty((0, self._capacity))
        self._seen: Indices = np.empty(0, dtype=np.int64)  # column at which each row last had a value
        self._columns = width - 1  # filled columns of _values; NaN before the first: a window never has to be widened
        self._incoming: tuple[Labels, ...] = ()
        self._row_of: Indices = np.empty(0, dtype=np.int64)  # row of each incoming label, _ABSENT where there is none
        self._newest: Floats = np.full(1, np.nan)  # the newest column as it came, NaN where it is not whole numbers
        self._equal_columns = 0  # how many came as the newest did, with the same labels

    def append(self, frame: Frame, column: int) -> None:
        """Take one column of a frame; rows that are new come in, rows without a value in the window go."""
        values = frame.values[:, column]
        is_equal = self._recognise(frame.labels) and np.array_equal(values, self._newest)
        if is_equal and self._is_constant:
            return
        if self._is_constant:
            self._widen()
        self._take(values)
        self._count_equal(values, is_equal=is_equal)
        if self._is_constant:
            self._values = self._values[:, self._columns - 1 : self._columns].copy()

    def _take(self, values: Floats) -> None:
        """Write a column of the incoming labels."""
        known: NDArray[np.bool_] = ~np.isnan(values)
        arrived = np.flatnonzero(known & (self._row_of == _ABSENT))
        if arrived.size:
            self._insert(arrived)
        if self._columns == self._capacity:
            self._shift()
        at = self._row_of[known]
        self._values[:, self._columns] = np.nan
        self._values[at, self._columns] = values[known]
        self._seen[at] = self._columns
        self._columns += 1
        alive = self._seen >= self._columns - self._width
        if not alive.all():
            self._keep(alive)

    def amend(self, frame: Frame, first: int) -> None:
        """Write rows into columns that are held, from the column `first` of the window on; other rows stay.

        Values of known rows are replaced, so that what was held of them before leaves no trace.
        """
        if self._is_constant:
            self._widen()
        self._equal_columns, self._newest = 0, np.full(1, np.nan)
        self._recognise(frame.labels)
        known = np.isfinite(frame.values)
        arrived = np.flatnonzero(known.any(axis=1) & (self._row_of == _ABSENT))
        if arrived.size:
            self._insert(arrived)
        held = self._row_of != _ABSENT
        at, known = self._row_of[held], known[held]
        begin = self._columns - self._width + first
        self._values[at, begin : begin + frame.grid.count] = frame.values[held]
        newest = begin + frame.grid.count - 1 - np.argmax(known[:, ::-1], axis=1)
        self._seen[at] = np.maximum(self._seen[at], np.where(known.any(axis=1), newest, _ABSENT))

    def append_nothing(self) -> None:
        """Take one column in which the signal has no value."""
        self.append(Frame.empty(self.signal, Grid(0, 1, 1)), 0)

    def window(self, grid: Grid) -> Frame:
        """The last columns as a frame on `grid`; a view that the next `append` may change, NaN before the first."""
        if self._is_constant:
            values = np.broadcast_to(self._values, (len(self.labels), grid.count))
        else:
            values = self._values[:, self._columns - grid.count : self._columns]
            values.flags.writeable = False
        return Frame(self.signal, grid, self.labels, values)

    @property
    def _is_constant(self) -> bool:
        """Whether one column stands for all of the window."""
        return self._equal_columns == self._width

    def _count_equal(self, values: Floats, *, is_equal: bool) -> None:
        if is_equal:
            self._equal_columns += 1
        elif (np.abs(values) < _EXACT).all() and (values == np.rint(values)).all():
            self._equal_columns, self._newest = 1, values.copy()
        else:
            self._equal_columns, self._newest = 0, np.full(1, np.nan)

    def _widen(self) -> None:
        """Write the one column out."""
        values = np.full((len(self.labels), self._capacity), np.nan)
        values[:, : self._width] = self._values
        self._values, self._columns = values, self._width
        self._seen[:] = self._width - 1

    def _recognise(self, incoming: tuple[Labels, ...]) -> bool:
        """Whether the labels are those that came before."""
        if incoming is self._incoming or incoming == self._incoming:
            return True
        row_of = {labels: row for row, labels in enumerate(self.labels)}
        self._row_of = np.fromiter((row_of.get(labels, _ABSENT) for labels in incoming), np.int64, len(incoming))
        self._incoming = incoming
        return False

    def _insert(self, arrived: Indices) -> None:
        """Make rows for incoming labels at their sorted places."""
        together = (*self.labels, *(self._incoming[index] for index in arrived))
        order = sorted(range(len(together)), key=together.__getitem__)
        place = np.empty(len(together), dtype=np.int64)
        place[order] = np.arange(len(together))
        old, new = place[: len(self.labels)], place[len(self.labels) :]
        values = np.full((len(together), self._capacity), np.nan)
        values[old, : self._columns] = self._values[:, : self._columns]
        seen = np.full(len(together), _ABSENT, dtype=np.int64)
        seen[old] = self._seen
        self._values, self._seen = values, seen
        self._row_of = _moved(self._row_of, old)
        self._row_of[arrived] = new
        self.labels = tuple(together[index] for index in order)

    def _keep(self, alive: NDArray[np.bool_]) -> None:
        """Drop the other rows."""
        self._values, self._seen = self._values[alive], self._seen[alive]
        self._row_of = _moved(self._row_of, np.where(alive, np.cumsum(alive) - 1, _ABSENT))
        self.labels = tuple(labels for labels, kept in zip(self.labels, alive, strict=True) if kept)

    def _shift(self) -> None:
        """Move the columns that a later window needs to the left end."""
        kept = self._width - 1
        surplus = self._columns - kept
        for first in range(0, len(self._values), _ROWS_AT_ONCE):  # numpy copies what overlaps: no second array of all
            rows = self._values[first : first + _ROWS_AT_ONCE]
            rows[:, :kept] = rows[:, surplus : self._columns]
        self._seen -= surplus
        self._columns = kept


def cut(frame: Frame, columns: slice) -> Frame:
    """Some successive columns of a frame."""
    first, stop, _ = columns.indices(frame.grid.count)
    grid = Grid(frame.grid.start + first * frame.grid.step, frame.grid.step, max(0, stop - first))
    return Frame(frame.signal, grid, frame.labels, frame.values[:, first : first + grid.count])


def overlaid(frames: Frames, more: Frames) -> Frames:
    """The frames with the rows of `more` on the steps of both: they take the place of rows of the same series."""
    by_signal = dict(frames.by_signal)
    first = more.grid.index(frames.grid.start)
    for name, frame in more.by_signal.items():
        before = frames.get(name)
        rows = dict(zip(before.labels, before.values, strict=True))
        for labels, values in zip(frame.labels, frame.values, strict=True):
            row = rows[labels].copy() if labels in rows else np.full(frames.grid.count, np.nan)
            steps = np.arange(max(0, -first), min(frames.grid.count, more.grid.count - first))
            row[steps] = values[steps + first]
            rows[labels] = row
        by_signal[name] = Frame.from_rows(name, frames.grid, rows)
    return Frames(frames.grid, by_signal, {**more.intervals, **frames.intervals}, frames.quality)


def _moved(row_of: Indices, place: Indices) -> Indices:
    """Rows after each went to its `place`."""
    return np.where(row_of == _ABSENT, _ABSENT, place[row_of]) if place.size else np.full_like(row_of, _ABSENT)


class FrameBuffer:
    """The last `width` columns of all signals, of one step each."""

    def __init__(self, signals: Sequence[str], step: int, width: int) -> None:
        spare = cycle(_SPARE_COLUMNS)
        self._signals = {name: SignalBuffer(name, width, next(spare)) for name in signals}
        self._step = step
        self._width = width
        self._last = 0

    @property
    def rows(self) -> int:
        """How many series are held."""
        return sum(len(signal.labels) for signal in self._signals.values())

    def rows_of(self, name: str) -> int:
        """How many series are held of one signal."""
        return len(self._signals[name].labels) if name in self._signals else 0

    def append(self, frames: Frames, column: int) -> None:
        """Take one column of every signal."""
        self._last = frames.grid.start + column * frames.grid.step
        for name, signal in self._signals.items():
            frame = frames.by_signal.get(name)
            if frame is None:
                signal.append_nothing()
            else:
                before = signal.labels
                signal.append(frame, column)
                if signal.labels is not before:
                    self._share(signal)

    def amend(self, frames: Frames) -> None:
        """Write rows into the columns that are held, where `frames` has any of them."""
        start = self._last - (self._width - 1) * self._step
        for name, frame in frames.by_signal.items():
            columns = slice(max(0, frames.grid.index(start)), max(0, frames.grid.index(self._last) + 1))
            part = cut(frame, columns)
            if part.labels and part.grid.count:
                signal = self._signals[name]
                before = signal.labels
                signal.amend(part, (part.grid.start - start) // self._step)
                if signal.labels is not before:
                    self._share(signal)

    def _share(self, changed: SignalBuffer) -> None:
        """Let signals with equal rows have one object as their labels: what is read from it is then read once."""
        for signal in self._signals.values():
            if signal is not changed and signal.labels == changed.labels:
                changed.labels = signal.labels
                return

    def window(self, answered: Frames) -> Frames:
        """The newest columns; `answered` lends what its source said of itself. Views: valid until the next append."""
        grid = Grid(self._last - (self._width - 1) * self._step, self._step, self._width)
        by_signal = {name: signal.window(grid) for name, signal in self._signals.items()}
        return Frames(grid, by_signal, answered.intervals, answered.quality)
