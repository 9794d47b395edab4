"""Kept series at the steps of a query, and whole windows of them.

How many series there are is known once some were read: spans begin short and grow, so that a question for too much is
refused before it has filled the memory.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.series import Labels, Matcher, SeriesMatrix, SeriesReads
from correlator.promql.errors import QueryTimeoutError, TooMuchError
from correlator.promql.values import Flags, Floats, Instants, LabelSet, Samples, Vector, label_set

LOOKBACK_MS: Final = 300_000
FIRST_SPAN_MS: Final = 2 * 3_600_000
GROWTH: Final = 4
CELLS_AT_ONCE: Final = 8_000_000
EARLIEST_MS: Final = 0
LATEST_MS: Final = 253_402_300_799_999  # the last instant of the year 9999


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take."""

    samples: int = 10_000_000
    """Values that all its selectors have over all series and steps together; as many again for each result."""

    answered: int = 4_000_000
    """Values of an answer."""

    looks: int = 100_000_000
    """Readings that windows to be added up hold together, each counted as often as a window holds it."""


@dataclass(slots=True, eq=False)
class Asking:
    """One question: whom it is asked, at which steps, what it has taken so far, and when it has taken too long."""

    reads: SeriesReads
    steps: Instants
    """(n,) milliseconds since 1970, ascending."""

    limits: Limits
    is_late: Callable[[], bool]
    taken: int = 0

    def check(self, cells: int = 0) -> None:
        """Raises TooMuchError for more values than are allowed, QueryTimeoutError when time is up."""
        if cells > self.limits.samples:
            raise TooMuchError
        if self.is_late():
            raise QueryTimeoutError

    def check_reading(self, cells: int) -> None:
        """The same for what a selector reads, beside what others have read: all of it may be held at once."""
        self.check(self.taken + cells)


Thinning: TypeAlias = Callable[[SeriesMatrix], SeriesMatrix]


def as_it_is(matrix: SeriesMatrix) -> SeriesMatrix:
    """Nothing is made less of."""
    return matrix


def newest_at_steps(asking: Asking, matchers: Sequence[Matcher], offset_ms: int) -> Vector:
    """The newest reading at or before each step less `offset_ms`, unless it is older than the lookback."""
    at = asking.steps - offset_ms
    read = _Gathered()
    for first, end in _spans(at, read):
        matrix = _select(asking.reads, matchers, int(at[first]) - LOOKBACK_MS, int(at[end - 1]))
        read.measure(matrix)
        values, present = _newest(matrix, at[first:end])
        read.add(matrix.labels, first, values, present)
        asking.check_reading(len(read.rows) * len(at))
    asking.taken += len(read.rows) * len(at)
    return read.vector(len(at))


def samples_between(
    asking: Asking, matchers: Sequence[Matcher], start_ms: int, end_ms: int, thin: Thinning = as_it_is
) -> Samples:
    """Every reading of a span; both ends belong to it. `thin` makes less of each piece before the next one is read."""
    start_ms, end_ms = max(start_ms, EARLIEST_MS), min(end_ms, LATEST_MS)
    hours = np.append(np.arange(start_ms, end_ms, FIRST_SPAN_MS // 2), end_ms)
    read, times, columns = _Gathered(), [], 0
    for first, end in _spans(hours, read):
        begin = start_ms if first == 0 else int(hours[first - 1]) + 1
        matrix = _select(asking.reads, matchers, begin, int(hours[end - 1]))
        read.measure(matrix)
        matrix = thin(matrix)
        read.add(matrix.labels, columns, matrix.values, ~np.isnan(matrix.values))
        times.append(matrix.times)
        columns += len(matrix.times)
        asking.check_reading(len(read.rows) * columns)
    asking.taken += len(read.rows) * columns
    order, places = read.order()
    values = np.full((len(order), columns), np.nan)
    for rows, column, piece, _ in read.pieces:
        values[places[rows], column : column + piece.shape[1]] = piece
    return Samples(order, np.concatenate(times), values)


@dataclass(slots=True, eq=False)
class _Gathered:
    """Pieces of a vector, span after span; `rows` numbers the series as they come."""

    rows: dict[LabelSet, int] = field(default_factory=dict)
    pieces: list[tuple[NDArray[np.intp], int, Floats, Flags]] = field(default_factory=list)
    cells_per_ms: float = 0.0

    def measure(self, matrix: SeriesMatrix) -> None:
        """Note how much there is to read."""
        if len(matrix.times) > 1:
            density = matrix.values.size / float(matrix.times[-1] - matrix.times[0])
            self.cells_per_ms = max(self.cells_per_ms, density)

    def add(self, labels: Sequence[Labels], column: int, values: Floats, present: Flags) -> None:
        """The series that show anything, from `column` on."""
        shown = np.flatnonzero(present.any(axis=1)).tolist()
        keys = [label_set(labels[row]) for row in shown]
        numbers = np.array([self.rows.setdefault(key, len(self.rows)) for key in keys], np.intp)
        if len(shown) < len(values):
            values, present = values[shown], present[shown]
        self.pieces.append((numbers, column, values, present))

    def order(self) -> tuple[list[LabelSet], NDArray[np.intp]]:
        """The series sorted by labels, and the place there of each number."""
        order = sorted(self.rows)
        places = np.empty(len(order), np.intp)
        places[[self.rows[key] for key in order]] = np.arange(len(order))
        return order, places

    def vector(self, columns: int) -> Vector:
        """All pieces together."""
        order, places = self.order()
        values, present = np.zeros((len(order), columns)), np.zeros((len(order), columns), np.bool_)
        for numbers, column, piece, shown in self.pieces:
            values[places[numbers], column : column + piece.shape[1]] = piece
            present[places[numbers], column : column + piece.shape[1]] = shown
        return Vector(order, values, present)


def _spans(at: Instants, read: _Gathered) -> Iterator[tuple[int, int]]:
    """Steps `first` until before `end` to read at once, all of `at` one after the other."""
    first, span = 0, float(FIRST_SPAN_MS)
    while first < len(at):
        if read.cells_per_ms:
            span = min(span, max(CELLS_AT_ONCE / read.cells_per_ms, 1.0))
        end = max(int(np.searchsorted(at, at[first] + span, "right")), first + 1)
        yield first, end
        first, span = end, span * GROWTH


def _select(reads: SeriesReads, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesMatrix:
    start_ms, end_ms = max(start_ms, EARLIEST_MS), min(end_ms, LATEST_MS)
    if start_ms > end_ms:
        return SeriesMatrix((), np.empty(0, np.int64), np.empty((0, 0)))
    return reads.select(matchers, start_ms, end_ms)


def _newest(matrix: SeriesMatrix, at: Instants) -> tuple[Floats, Flags]:
    """(m, n): the reading of the newest cycle at each instant. Who was not exported in that cycle has ended."""
    if not matrix.times.size:
        shape = (len(matrix.labels), len(at))
        return np.zeros(shape), np.zeros(shape, np.bool_)
    newest = np.searchsorted(matrix.times, at, "right") - 1
    columns = np.maximum(newest, 0)
    is_known = (newest >= 0) & (at - matrix.times[columns] <= LOOKBACK_MS)
    values = matrix.values[:, columns]
    return values, ~np.isnan(values) & is_known
