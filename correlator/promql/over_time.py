"""What a window of readings comes to: the functions `*_over_time`, at every step at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.model.series import SeriesMatrix
from correlator.promql.errors import TooMuchError
from correlator.promql.reading import Thinning, as_it_is
from correlator.promql.values import Flags, Floats, Instants, Samples, Vector, label_set

Positions = NDArray[np.intp]
CELLS_AT_ONCE: Final = 16_384
READINGS_AT_ONCE: Final = 131_072
"""What a processor's cache holds, so that no array is made that is as large as all that was read."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """For each of n steps the readings from `first` until before `end`, of c of them.

    `values` is (m, c), a series after the other.
    """

    values: Floats
    first: Positions
    end: Positions


def over_time(name: str, samples: Samples, at: Instants, range_ms: int, most_looks: int) -> Vector:
    """The function of that name; a window without readings has no value. Both ends of a window belong to it.

    Raises TooMuchError where the windows of a sum or mean together hold more than `most_looks` readings.
    """
    first = np.searchsorted(samples.times, at - range_ms, "left")
    end = np.searchsorted(samples.times, at, "right")
    windows = Windows(samples.values, first, end)
    if name in _LOOKING and int(np.sum(end - first)) * len(samples.labels) > most_looks:
        raise TooMuchError
    values, present = FUNCTIONS[name](windows)
    return Vector(samples.labels, values, present)


def thinning(name: str, step_count: int) -> tuple[Thinning, str]:
    """How a piece of a single window may be reduced to one reading, and the function for what is left.

    Where that would give another answer all readings stay: windows of many steps overlap, and sums are made in order.
    """
    if step_count > 1 or name not in _OF_PIECES:
        return as_it_is, name
    return lambda matrix: _one_reading(name, matrix), _OF_PIECES[name]


def _one_reading(name: str, matrix: SeriesMatrix) -> SeriesMatrix:
    if not matrix.values.size:
        return matrix
    end = matrix.times[-1:]
    samples = Samples([label_set(labels) for labels in matrix.labels], matrix.times, matrix.values)
    found = over_time(name, samples, end, int(end[0] - matrix.times[0]), 0)
    return SeriesMatrix(matrix.labels, end, np.where(found.present, found.values, np.nan))


def _some_series(work: Callable[[Windows], Floats]) -> Callable[[Windows], tuple[Floats, Flags]]:
    """A few series at a time, with whether a window has any reading."""

    def some_series(windows: Windows) -> tuple[Floats, Flags]:
        series, readings = windows.values.shape
        found, counts = (np.zeros((series, len(windows.first))) for _ in range(2))
        size = max(READINGS_AT_ONCE // max(readings, 1), 1)
        for begin in range(0, series, size):
            block = slice(begin, begin + size)
            some = Windows(windows.values[block], windows.first, windows.end)
            counts[block] = _count(some)
            found[block] = work(some)
        return found, counts > 0

    return some_series


def _count(windows: Windows) -> Floats:
    """(m, n): how many readings each window has."""
    series, readings = windows.values.shape
    known = np.zeros((series, readings + 1))
    np.cumsum(~np.isnan(windows.values), axis=1, out=known[:, 1:])
    return np.asarray(known[:, windows.end] - known[:, windows.first])


def _last(windows: Windows) -> Floats:
    """The newest reading; where there is none, whatever."""
    if not windows.values.size:
        return np.zeros((len(windows.values), len(windows.first)))
    newest = np.where(np.isnan(windows.values), 0, np.arange(windows.values.shape[1]))
    np.maximum.accumulate(newest, axis=1, out=newest)
    chosen = newest[:, np.maximum(windows.end - 1, 0)]
    return np.asarray(np.take_along_axis(windows.values, chosen, axis=1))


def _extreme(better: np.ufunc) -> Callable[[Windows], Floats]:
    """By doubling: the best of 1, 2, 4 … readings from each on; two of these that overlap make any window.

    Source: the sparse table of Bender and Farach-Colton, doi 10.1007/10719839_9.
    """

    def extreme(windows: Windows) -> Floats:
        found = np.full((len(windows.values), len(windows.first)), np.nan)
        widths, best, width = windows.end - windows.first, windows.values, 1
        while width <= int(np.max(widths, initial=0)):
            now = np.flatnonzero((widths >= width) & (widths < 2 * width))
            found[:, now] = better(best[:, windows.first[now]], best[:, windows.end[now] - width])
            best = better(best[:, :-width], best[:, width:])
            width *= 2
        return found

    return extreme


def _some_steps(work: Callable[[Windows], Floats]) -> Callable[[Windows], tuple[Floats, Flags]]:
    """A few steps at a time, so that what is added up stays in the processor's cache.

    `work` is given (c, m) and gives (n, m): the readings of all series at a time lie together, as it looks at them.
    """

    def some_steps(windows: Windows) -> tuple[Floats, Flags]:
        series, steps = len(windows.values), len(windows.first)
        values, found = np.ascontiguousarray(windows.values.T), np.zeros((steps, series))
        size = max(CELLS_AT_ONCE // max(series, 1), 1)
        for begin in range(0, steps, size):
            block = slice(begin, begin + size)
            found[block] = work(Windows(values, windows.first[block], windows.end[block]))
        return found.T, _present(windows)

    return some_steps


def _present(windows: Windows) -> Flags:
    return _some_series(_count)(windows)[1]


def _nothing_yet(windows: Windows) -> Floats:
    return np.zeros((len(windows.first), windows.values.shape[1]))


def _sum(windows: Windows) -> Floats:
    """Added up as Prometheus does, with Neumaier's compensation: doi 10.1002/zamm.19740540106."""
    total, lost = _nothing_yet(windows), _nothing_yet(windows)
    for readings in _one_by_one(windows):
        known = ~np.isnan(readings)
        with np.errstate(all="ignore"):  # the infinite is not compensated
            more, carried = _compensated(readings, total, lost)
        np.copyto(total, more, where=known)
        np.copyto(lost, carried, where=known)
    return np.where(np.isinf(total), total, total + lost)


def _average(windows: Windows) -> Floats:
    """A running mean, as in Prometheus: sums of large readings do not overflow."""
    mean, lost, seen = _nothing_yet(windows), _nothing_yet(windows), _nothing_yet(windows)
    for readings in _one_by_one(windows):
        known = ~np.isnan(readings)
        seen += known
        with np.errstate(all="ignore"):  # nothing was seen yet, or all is infinite
            more, carried = _compensated(readings / seen - mean / seen, mean, lost)
        stays = np.isinf(mean) & ~(np.isinf(readings) & (np.sign(readings) != np.sign(mean)))
        np.copyto(mean, more, where=known & ~stays)
        np.copyto(lost, carried, where=known & ~stays)
    return np.where(np.isinf(mean), mean, mean + lost)


def _compensated(added: Floats, total: Floats, lost: Floats) -> tuple[Floats, Floats]:
    """A sum, and what all sums so far lost in rounding."""
    more = total + added
    larger, smaller = np.abs(total) >= np.abs(added), (added - more) + total
    return more, lost + np.where(larger, (total - more) + added, smaller)


def _one_by_one(windows: Windows) -> Iterator[Floats]:
    """The first readings of all windows of (c, m), then the second …: (n, m) each, NaN where there is none."""
    last = len(windows.values) - 1
    for place in range(int(np.max(windows.end - windows.first, initial=0))):
        chosen = windows.first + place
        readings = windows.values[np.minimum(chosen, last)]
        readings[chosen >= windows.end] = np.nan
        yield readings


FUNCTIONS: Final = {
    "avg_over_time": _some_steps(_average),
    "count_over_time": _some_series(_count),
    "last_over_time": _some_series(_last),
    "max_over_time": _some_series(_extreme(np.fmax)),
    "min_over_time": _some_series(_extreme(np.fmin)),
    "sum_over_time": _some_steps(_sum),
}
_OF_PIECES: Final = {
    "count_over_time": "sum_over_time",
    "last_over_time": "last_over_time",
    "max_over_time": "max_over_time",
    "min_over_time": "min_over_time",
}
_LOOKING: Final = frozenset({"avg_over_time", "sum_over_time"})
