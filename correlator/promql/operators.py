"""Arithmetic and comparison of numbers, and of a vector with a number."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from correlator.promql.values import NAME, Flags, Floats, Vector, dropping, united

ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}


def compute(operator: str, left: Floats, right: Floats) -> Floats:
    """Arithmetic as IEEE 754 has it: what divides by zero is infinite or NaN."""
    with np.errstate(all="ignore"):
        return np.asarray(ARITHMETIC[operator](left, right), np.float64)


def compare(operator: str, left: Floats, right: Floats) -> Flags:
    """Which pairs meet the comparison; NaN equals nothing."""
    return np.asarray(COMPARISON[operator](left, right), np.bool_)


def of_scalars(operator: str, left: Floats, right: Floats) -> Floats:
    """Two numbers at each step; a comparison gives 1 or 0."""
    if operator in ARITHMETIC:
        return compute(operator, left, right)
    return compare(operator, left, right).astype(np.float64)


def of_vector(operator: str, left: Vector | Floats, right: Vector | Floats, *, gives_bool: bool) -> Vector:
    """A vector with a number, on whichever side it stands.

    A comparison keeps the vector's values that meet it, or with `gives_bool` says 1 or 0. Where the value is no longer
    the metric's own the name goes; raises ExecutionError where then two series have the same labels.
    """
    vector = left if isinstance(left, Vector) else right
    assert isinstance(vector, Vector)  # noqa: S101 - one side is, or this would not be asked
    sides = [side.values if isinstance(side, Vector) else side for side in (left, right)]
    if operator in COMPARISON:
        meets = compare(operator, *sides)
        if not gives_bool:
            return vector.where(vector.present & meets)
        return nameless(vector, meets.astype(np.float64))
    return nameless(vector, compute(operator, *sides))


def negative(vector: Vector) -> Vector:
    """The values with the other sign."""
    return nameless(vector, -vector.values, across_steps=True)


def nameless(vector: Vector, values: Floats, *, across_steps: bool = False) -> Vector:
    """Other values for the same series, which are no longer those of the metric."""
    labels = [dropping(each, (NAME,)) for each in vector.labels]
    return united(Vector(labels, values, vector.present), across_steps=across_steps)
