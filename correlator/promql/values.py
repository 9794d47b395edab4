"""What expressions yield: label sets, and vectors at every step of a query."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.series import Labels
from correlator.promql.errors import ExecutionError

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Instants: TypeAlias = NDArray[np.int64]
LabelSet: TypeAlias = tuple[tuple[str, str], ...]
"""Names with values, sorted by name; a label without text is not there."""

NAME: Final = "__name__"
SAME_LABELS: Final = "vector cannot contain metrics with the same labelset"


def label_set(labels: Labels) -> LabelSet:
    """Labels as they are compared and sorted."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def keeping(labels: LabelSet, names: Collection[str]) -> LabelSet:
    """Only the labels of these names."""
    return tuple(pair for pair in labels if pair[0] in names)


def dropping(labels: LabelSet, names: Collection[str]) -> LabelSet:
    """All but the labels of these names."""
    return tuple(pair for pair in labels if pair[0] not in names)


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """m label sets with a value at each of n steps.

    `values` and `present` are (m, n). What is not present is no value, whatever stands in `values`; a NaN that is
    present is the result of an operation, such as 0 / 0.
    """

    labels: Sequence[LabelSet]
    values: Floats
    present: Flags

    def rows(self, chosen: NDArray[np.intp] | Sequence[int]) -> "Vector":
        """Some rows, in the given order."""
        return Vector([self.labels[row] for row in chosen], self.values[chosen], self.present[chosen])

    def where(self, present: Flags) -> "Vector":
        """The same values, only some of them present."""
        return Vector(self.labels, self.values, present)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Series as they were kept: `times` is (n,) in milliseconds, `values` (m, n), NaN where there was no reading."""

    labels: Sequence[LabelSet]
    times: Instants
    values: Floats


Value: TypeAlias = Vector | Samples | Floats | str
"""Of an instant vector, a range vector, a scalar (its value at each step) or a text."""


def numbered(keys: Iterable[LabelSet]) -> tuple[list[LabelSet], NDArray[np.intp]]:
    """The distinct keys in the order in which they come, and for each row the number of its key."""
    numbers: dict[LabelSet, int] = {}
    rows = [numbers.setdefault(key, len(numbers)) for key in keys]
    return list(numbers), np.array(rows, np.intp)


def united(vector: Vector, conflict: str = SAME_LABELS, *, across_steps: bool = False) -> Vector:
    """One row for each label set, sorted by labels.

    Raises ExecutionError with `conflict` where two rows with equal labels have a value at the same step, or at any
    step where `across_steps`.
    """
    keys, numbers = numbered(vector.labels)
    if len(keys) < len(vector.labels):
        vector = _merged(vector, keys, numbers, conflict, across_steps=across_steps)
    return vector.rows(sorted(range(len(keys)), key=vector.labels.__getitem__))


def _merged(
    vector: Vector, keys: list[LabelSet], numbers: NDArray[np.intp], conflict: str, *, across_steps: bool
) -> Vector:
    shown = vector.present.any(axis=1, keepdims=True) if across_steps else vector.present
    counts = np.zeros((len(keys), shown.shape[1]), np.int64)
    np.add.at(counts, numbers, shown)
    if (counts > 1).any():
        raise ExecutionError(conflict)
    values = np.zeros((len(keys), vector.values.shape[1]))
    present = np.zeros(values.shape, np.bool_)
    for row, number in enumerate(numbers):
        np.copyto(values[number], vector.values[row], where=vector.present[row])
        present[number] |= vector.present[row]
    return Vector(keys, values, present)
