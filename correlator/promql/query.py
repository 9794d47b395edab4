"""Questions as Prometheus' API has them: at one instant, or at every step of a range."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import promql_parser as promql

from correlator.model.series import SeriesReads
from correlator.promql.errors import BadQueryError, TooMuchError
from correlator.promql.evaluate import evaluate, require_supported
from correlator.promql.parsing import parse_query, without_parentheses
from correlator.promql.reading import Asking, Limits
from correlator.promql.values import Floats, Instants, Samples, Value, Vector

Kind: TypeAlias = Literal["vector", "matrix", "scalar", "string"]
_KINDS = {
    promql.MatrixSelector: "range vector",
    promql.SubqueryExpr: "range vector",
    promql.StringLiteral: "string",
}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a question came to. `times` are its steps, or the times of the readings where `value` is a range vector.

    A vector or matrix has only series that show something. A vector of one step is in an order that means nothing, but
    for `topk`; a matrix is sorted by labels.
    """

    kind: Kind
    times: Instants
    value: Value


IsLate: TypeAlias = Callable[[], bool]


def _never() -> bool:
    return False


def ask_instant(
    text: str, reads: SeriesReads, at_ms: int, *, limits: Limits | None = None, is_late: IsLate = _never
) -> Answer:
    """The expression at one instant. Raises PromqlError, and what `reads` raises."""
    asking = Asking(reads, np.array([at_ms], np.int64), limits or Limits(), is_late)
    value = _value(text, asking)
    match value:
        case Vector():
            return Answer("vector", asking.steps, _shown(value, asking))
        case Samples():
            if value.values.size > asking.limits.answered:
                raise TooMuchError
            return Answer("matrix", value.times, value)
        case str():
            return Answer("string", asking.steps, value)
        case _:
            return Answer("scalar", asking.steps, value)


def ask_range(
    text: str,
    reads: SeriesReads,
    steps: Instants,
    *,
    limits: Limits | None = None,
    is_late: Callable[[], bool] = _never,
) -> Answer:
    """The expression at each of `steps` (ascending milliseconds). Raises PromqlError, and what `reads` raises."""
    asking = Asking(reads, steps, limits or Limits(), is_late)
    value = _value(text, asking, is_range=True)
    vector = value if isinstance(value, Vector) else _constant(value)
    shown = _shown(vector, asking)
    order = sorted(range(len(shown.labels)), key=shown.labels.__getitem__)
    return Answer("matrix", steps, shown.rows(order))


def _value(text: str, asking: Asking, *, is_range: bool = False) -> Value:
    node = parse_query(text)
    kind = _KINDS.get(type(without_parentheses(node)))
    if is_range and kind:
        raise BadQueryError(f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector')
    require_supported(node)
    return evaluate(node, asking)


def _constant(value: Value) -> Vector:
    """A scalar as a series without labels."""
    assert isinstance(value, np.ndarray)  # noqa: S101 - texts and range vectors were refused
    values: Floats = value[None, :]
    return Vector(((),), values, np.ones(values.shape, np.bool_))


def _shown(vector: Vector, asking: Asking) -> Vector:
    if int(vector.present.sum()) > asking.limits.answered:
        raise TooMuchError
    return vector.rows(np.flatnonzero(vector.present.any(axis=1)))
