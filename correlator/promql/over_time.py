"""What a window of readings comes to: the functions `*_over_time`, at every step at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.promql.errors import TooMuchError
from correlator.promql.values import Flags, Floats, Instants, Samples, Vector

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """For each of n steps the readings from `first` until before `end`, of c of them.

    `values` is (c, m): a reading of all series lies together, as it is looked at.
    """

    values: Floats
    first: Positions
    end: Positions


def over_time(name: str, samples: Samples, at: Instants, range_ms: int, most_looks: int) -> Vector:
    """The function of that name; a window without readings has no value. Both ends of a window belong to it.

    Raises TooMuchError where the windows together hold more than `most_looks` readings.
    """
    first = np.searchsorted(samples.times, at - range_ms, "left")
    end = np.searchsorted(samples.times, at, "right")
    windows = Windows(np.ascontiguousarray(samples.values.T), first, end)
    if name in _LOOKING and int(np.sum(end - first)) * len(samples.labels) > most_looks:
        raise TooMuchError
    counts = _counts(windows)
    return Vector(samples.labels, FUNCTIONS[name](windows, counts).T, (counts > 0).T)


def _counts(windows: Windows) -> Floats:
    """(n, m): how many readings each window has."""
    known = np.zeros((len(windows.values) + 1, windows.values.shape[1]))
    np.cumsum(~np.isnan(windows.values), axis=0, out=known[1:])
    return np.asarray(known[windows.end] - known[windows.first])


def _count(_: Windows, counts: Floats) -> Floats:
    return counts


def _last(windows: Windows, counts: Floats) -> Floats:
    """The newest reading; where there is none, whatever."""
    if not windows.values.size:
        return np.zeros(counts.shape)
    rows = np.arange(len(windows.values))[:, None]
    newest = np.maximum.accumulate(np.where(np.isnan(windows.values), 0, rows), axis=0)
    chosen = newest[np.maximum(windows.end - 1, 0)]
    return np.asarray(np.take_along_axis(windows.values, chosen, axis=0))


def _extreme(better: Callable[[Floats, Floats], Floats]) -> Callable[[Windows, Floats], Floats]:
    def extreme(windows: Windows, counts: Floats) -> Floats:
        found = np.full(counts.shape, np.nan)
        for _, readings in _one_by_one(windows):
            found = better(found, readings)
        return found

    return extreme


def _sum(windows: Windows, counts: Floats) -> Floats:
    """Added up as Prometheus does, with Neumaier's compensation: doi 10.1002/zamm.19740540106."""
    total, lost = np.zeros(counts.shape), np.zeros(counts.shape)
    for known, readings in _one_by_one(windows):
        more, carried = _compensated(readings, total, lost)
        np.copyto(total, more, where=known)
        np.copyto(lost, carried, where=known)
    return np.where(np.isinf(total), total, total + lost)


def _average(windows: Windows, counts: Floats) -> Floats:
    """A running mean, as in Prometheus: sums of large readings do not overflow."""
    mean, lost, seen = np.zeros(counts.shape), np.zeros(counts.shape), np.zeros(counts.shape)
    for known, readings in _one_by_one(windows):
        seen += known
        with np.errstate(divide="ignore"):
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


def _one_by_one(windows: Windows) -> Iterator[tuple[Flags, Floats]]:
    """The first readings of all windows, then the second ones …: (n, m) each, with which of them there are."""
    last = len(windows.values) - 1
    for place in range(int(np.max(windows.end - windows.first, initial=0))):
        chosen = windows.first + place
        readings = windows.values[np.minimum(chosen, last)]
        readings[chosen >= windows.end] = np.nan
        yield ~np.isnan(readings), readings


FUNCTIONS: Final = {
    "avg_over_time": _average,
    "count_over_time": _count,
    "last_over_time": _last,
    "max_over_time": _extreme(np.fmax),
    "min_over_time": _extreme(np.fmin),
    "sum_over_time": _sum,
}
_LOOKING: Final = FUNCTIONS.keys() - {"count_over_time", "last_over_time"}
