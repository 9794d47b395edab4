"""Many series to one, or to the largest few, by labels or without them."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import promql_parser as promql
from numpy.typing import NDArray

from correlator.promql.errors import ExecutionError
from correlator.promql.values import NAME, Flags, Floats, LabelSet, Vector, dropping, keeping, numbered

_GO_WORDS: Final = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}
_NOTHING: Final = -0.0  # added to a number it leaves even its sign


def grouping_of(modifier: Any) -> Callable[[LabelSet], LabelSet]:  # noqa: ANN401 - None where nothing is said
    """What of its labels names the group of a series."""
    names = tuple(modifier.labels) if modifier else ()
    if modifier is None or modifier.type == promql.AggModifierType.By:
        return lambda labels: keeping(labels, names)
    return lambda labels: dropping(labels, (*names, NAME))


def aggregate(operator: str, vector: Vector, group: Callable[[LabelSet], LabelSet]) -> Vector:
    """One series for each group, with a value where any of its series has one."""
    groups, numbers = numbered([group(labels) for labels in vector.labels])
    counts = np.zeros((len(groups), vector.values.shape[1]))
    _into(np.add, counts, numbers, vector.present)
    return Vector(groups, AGGREGATIONS[operator](vector, numbers, counts), counts > 0)


def _count(_: Vector, __: NDArray[np.intp], counts: Floats) -> Floats:
    return counts


def _sum(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
    total = np.full(counts.shape, _NOTHING)
    with np.errstate(all="ignore"):
        _into(np.add, total, numbers, np.where(vector.present, vector.values, _NOTHING))
    return total


def _average(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return _sum(vector, numbers, counts) / counts


def _extreme(better: np.ufunc) -> Callable[[Vector, NDArray[np.intp], Floats], Floats]:
    def extreme(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
        found = np.full(counts.shape, np.nan)
        _into(better, found, numbers, np.where(vector.present, vector.values, np.nan))
        return found

    return extreme


def _into(join: np.ufunc, found: Floats, numbers: NDArray[np.intp], rows: NDArray[Any]) -> None:
    """Each row joined to that of its group, one after the other. `join.at` does the same in twenty times the time."""
    for number, row in zip(numbers.tolist(), rows, strict=True):
        join(found[number], row, out=found[number])


AGGREGATIONS: Final = {
    "avg": _average,
    "count": _count,
    "max": _extreme(np.fmax),
    "min": _extreme(np.fmin),
    "sum": _sum,
}


def largest(vector: Vector, most: Floats, group: Callable[[LabelSet], LabelSet]) -> Vector:
    """The `most` (n,) largest values of each group at each step; NaN is the smallest of all.

    Series are sorted by group, and for a single step by value, the largest first. Raises ExecutionError for a number
    that is no whole one.
    """
    unfit = most[~(np.abs(most) < 2.0**63)]  # NaN is less than nothing
    if unfit.size:
        raise ExecutionError(f"Scalar value {_GO_WORDS.get(str(unfit[0]), unfit[0])} overflows int64")
    groups, numbers = numbered([group(labels) for labels in vector.labels])
    rank = np.where(np.isnan(vector.values), np.inf, -vector.values)
    if len(most) > 1 and (most == most[0]).all():
        chosen = np.zeros(rank.shape, np.bool_)
        for number in range(len(groups)):
            rows = np.flatnonzero(numbers == number)
            chosen[rows] = _least(rank[rows], vector.present[rows], int(most[0]))
        return vector.where(chosen)
    order = np.lexsort((rank, ~vector.present, np.broadcast_to(numbers[:, None], rank.shape)), axis=0)
    kept = vector.where(vector.present & _first_of_each(numbers, order, np.trunc(most)))
    return kept.rows(order[:, 0]) if order.shape[1] == 1 else kept


def _least(rank: Floats, present: Flags, most: int) -> Flags:
    """(m, n): whether a row is among the `most` least of those present, the first of equal ones; nothing is sorted."""
    if most < 1 or most >= len(rank):
        return present if most > 0 else np.zeros(present.shape, np.bool_)
    known = np.where(present, rank, np.inf)
    last = np.partition(np.ascontiguousarray(known.T), most - 1, axis=1)[:, most - 1]
    chosen, equal = present & (known < last), present & (known == last)
    room = most - chosen.sum(axis=0)
    tight = np.flatnonzero(equal.sum(axis=0) > room)
    equal[:, tight] &= np.cumsum(equal[:, tight], axis=0) <= room[tight]
    chosen |= equal
    return chosen


def _first_of_each(numbers: NDArray[np.intp], order: NDArray[np.intp], most: Floats) -> Flags:
    """(m, n): whether a row is among the first `most` of its group, in an order that has group after group."""
    sizes = np.bincount(numbers)
    places = np.concatenate([np.arange(size) for size in sizes]) if sizes.size else np.empty(0, np.intp)
    chosen = np.zeros(order.shape, np.bool_)
    np.put_along_axis(chosen, order, places[:, None] < most, axis=0)
    return chosen
