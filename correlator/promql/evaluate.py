"""An expression at all steps of a question."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

import numpy as np
import promql_parser as promql

from correlator.promql.aggregation import AGGREGATIONS, aggregate, grouping_of, largest
from correlator.promql.errors import UnsupportedError
from correlator.promql.joining import matching_of, pairwise, set_operation
from correlator.promql.operators import negative, of_scalars, of_vector
from correlator.promql.over_time import FUNCTIONS, over_time, thinning
from correlator.promql.parsing import matchers_of, offset_ms, without_parentheses
from correlator.promql.reading import Asking, Thinning, as_it_is, newest_at_steps, samples_between
from correlator.promql.values import NAME, Floats, Samples, Value, Vector, dropping, united

MOST_LEVELS: Final = 100
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})

_Visit: TypeAlias = Callable[[Any, Asking, int], Value]


def evaluate(node: Any, asking: Asking, level: int = 0) -> Value:  # noqa: ANN401 - the parser types arguments so
    """What the expression yields. Nothing is read before `require_supported` has seen the whole of it."""
    value = _VISITS[type(node)](node, asking, level + 1)
    asking.check(value.values.size if isinstance(value, Vector) else 0)
    return value


def require_supported(node: Any, level: int = 0) -> None:  # noqa: ANN401 - the same
    """Raises UnsupportedError for what is not served here, BadQueryError for an expression that is no RE2."""
    if level > MOST_LEVELS:
        raise UnsupportedError(f"more than {MOST_LEVELS} expressions within each other")
    match node:
        case promql.VectorSelector():
            if node.at is not None:
                raise UnsupportedError("the modifier @")
            matchers_of(node)
        case promql.SubqueryExpr():
            raise UnsupportedError("subqueries")
        case promql.Call() if node.func.name not in FUNCTIONS:
            raise UnsupportedError(f"the function {node.func.name}")
        case promql.AggregateExpr() if str(node.op) not in {*AGGREGATIONS, "topk"}:
            raise UnsupportedError(f"the aggregation {node.op}")
    for each in _within(node):
        require_supported(each, level + 1)


def _within(node: Any) -> tuple[Any, ...]:  # noqa: ANN401 - the same
    match node:
        case promql.BinaryExpr():
            return node.lhs, node.rhs
        case promql.AggregateExpr():
            return (node.expr,) if node.param is None else (node.expr, node.param)
        case promql.UnaryExpr() | promql.ParenExpr():
            return (node.expr,)
        case promql.MatrixSelector():
            return (node.vector_selector,)
        case promql.Call():
            return tuple(node.args)
        case _:
            return ()


def _number(node: promql.NumberLiteral, asking: Asking, _: int) -> Floats:
    return np.full(len(asking.steps), node.val)


def _text(node: promql.StringLiteral, _: Asking, __: int) -> str:
    return node.val


def _inner(node: promql.ParenExpr, asking: Asking, level: int) -> Value:
    return evaluate(node.expr, asking, level)


def _selected(node: promql.VectorSelector, asking: Asking, _: int) -> Vector:
    return newest_at_steps(asking, matchers_of(node), offset_ms(node))


def _window(node: promql.MatrixSelector, asking: Asking, _: int, thin: Thinning = as_it_is) -> Samples:
    """The readings of the windows of all steps together."""
    selector = node.vector_selector
    at = asking.steps - offset_ms(selector)
    return samples_between(asking, matchers_of(selector), int(at[0]) - _ms(node.range), int(at[-1]), thin)


def _called(node: promql.Call, asking: Asking, level: int) -> Vector:
    window = without_parentheses(node.args[0])
    thin, function = thinning(node.func.name, len(asking.steps))
    samples = _window(window, asking, level, thin)
    at = asking.steps - offset_ms(window.vector_selector)
    found = over_time(function, samples, at, _ms(window.range), asking.limits.looks)
    if node.func.name == "last_over_time":
        return found
    labels = [dropping(each, (NAME,)) for each in found.labels]
    return united(Vector(labels, found.values, found.present), across_steps=True)


def _signed(node: promql.UnaryExpr, asking: Asking, level: int) -> Value:
    value = evaluate(node.expr, asking, level)
    assert not isinstance(value, str | Samples)  # noqa: S101 - the same
    return negative(value) if isinstance(value, Vector) else -value


def _binary(node: promql.BinaryExpr, asking: Asking, level: int) -> Value:
    left, right = evaluate(node.lhs, asking, level), evaluate(node.rhs, asking, level)
    assert not isinstance(left, str | Samples)  # noqa: S101 - the same
    assert not isinstance(right, str | Samples)  # noqa: S101 - the same
    operator, matching = str(node.op), matching_of(node.modifier)
    if isinstance(left, Vector) and isinstance(right, Vector):
        if operator in SET_OPERATORS:
            return set_operation(operator, left, right, matching)
        return pairwise(operator, left, right, matching, asking.limits.samples)
    if isinstance(left, Vector) or isinstance(right, Vector):
        return of_vector(operator, left, right, gives_bool=matching.gives_bool)
    return of_scalars(operator, left, right)


def _aggregated(node: promql.AggregateExpr, asking: Asking, level: int) -> Vector:
    vector = evaluate(node.expr, asking, level)
    assert isinstance(vector, Vector)  # noqa: S101 - the same
    group = grouping_of(node.modifier)
    if str(node.op) != "topk":
        return aggregate(str(node.op), vector, group)
    most = evaluate(node.param, asking, level)
    assert isinstance(most, np.ndarray)  # noqa: S101 - the same
    return largest(vector, most, group)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


_VISITS: Final[dict[type, _Visit]] = {
    promql.NumberLiteral: _number,
    promql.StringLiteral: _text,
    promql.ParenExpr: _inner,
    promql.VectorSelector: _selected,
    promql.MatrixSelector: _window,
    promql.Call: _called,
    promql.UnaryExpr: _signed,
    promql.BinaryExpr: _binary,
    promql.AggregateExpr: _aggregated,
}
