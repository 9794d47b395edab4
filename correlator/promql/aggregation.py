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
    np.add.at(counts, numbers, vector.present)
    return Vector(groups, AGGREGATIONS[operator](vector, numbers, counts), counts > 0)


def _count(_: Vector, __: NDArray[np.intp], counts: Floats) -> Floats:
    return counts


def _sum(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
    total = np.full(counts.shape, _NOTHING)
    with np.errstate(all="ignore"):
        np.add.at(total, numbers, np.where(vector.present, vector.values, _NOTHING))
    return total


def _average(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return _sum(vector, numbers, counts) / counts


def _extreme(better: np.ufunc) -> Callable[[Vector, NDArray[np.intp], Floats], Floats]:
    def extreme(vector: Vector, numbers: NDArray[np.intp], counts: Floats) -> Floats:
        found = np.full(counts.shape, np.nan)
        better.at(found, numbers, np.where(vector.present, vector.values, np.nan))
        return found

    return extreme


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
    _, numbers = numbered([group(labels) for labels in vector.labels])
    rank = np.where(np.isnan(vector.values), np.inf, -vector.values)
    order = np.lexsort((rank, ~vector.present, np.broadcast_to(numbers[:, None], rank.shape)), axis=0)
    chosen = _first_of_each(numbers, order, np.trunc(most))
    kept = vector.where(vector.present & chosen)
    return kept.rows(order[:, 0]) if order.shape[1] == 1 else kept


def _first_of_each(numbers: NDArray[np.intp], order: NDArray[np.intp], most: Floats) -> Flags:
    """(m, n): whether a row is among the first `most` of its group, in an order that has group after group."""
    sizes = np.bincount(numbers)
    places = np.concatenate([np.arange(size) for size in sizes]) if sizes.size else np.empty(0, np.intp)
    chosen = np.zeros(order.shape, np.bool_)
    np.put_along_axis(chosen, order, places[:, None] < most, axis=0)
    return chosen
