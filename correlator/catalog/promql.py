"""What the catalogue wants to know of a query, from its syntax tree: the metrics it selects, the labels it yields.

The grammar is that of Prometheus 2.45 with native histograms; MetricsQL's own functions are refused.
"""

import re
from typing import TypeAlias

import promql_parser as promql

Yielded: TypeAlias = frozenset[str] | None
"""The labels of every series of an answer; None where the query does not tell."""

_KEEPS_THE_LEFT = ("and", "unless")
_MAKES_A_LABEL = ("label_replace", "label_join")
_LITERALS = (promql.NumberLiteral, promql.StringLiteral)


class QueryError(ValueError):
    """Not PromQL; the message is the parser's."""


def parsed(query: str) -> promql.Expr:
    """The syntax tree. Raises QueryError."""
    try:
        return promql.parse(query)
    except ValueError as error:
        raise QueryError(str(error)) from error


def metrics_of(query: promql.Expr) -> tuple[str, ...]:
    """A regular expression for the names of each selector's metrics, sorted; empty where one selects by no name.

    Without series of any of these names the answer is empty.
    """
    names: set[str | None] = set()

    def look(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):  # the one inside a range selector is visited as well
            names.add(_name(node))

    promql.walk(query, look)
    return () if None in names else tuple(sorted(name for name in names if name))


def selectors_of(query: promql.Expr) -> tuple[str, ...]:
    """Every selector of plain series, each once, as PromQL."""
    found: dict[str, None] = {}

    def look(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            found.setdefault(node.prettify())

    promql.walk(query, look)
    return tuple(found)


def yielded(node: promql.Expr) -> Yielded:
    """The labels that an answer's series have, empty ones included."""
    match node:
        case promql.AggregateExpr():
            by = node.modifier
            if by is None:
                return frozenset()
            return frozenset(by.labels) if by.type == promql.AggModifierType.By else None
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return yielded(node.expr)
        case promql.Call():
            return _of_call(node)
        case promql.BinaryExpr():
            return _of_operator(node)
        case _:
            return None


def _name(selector: promql.VectorSelector) -> str | None:
    if selector.name:
        return re.escape(selector.name)
    for matcher in selector.matchers.matchers:
        if matcher.name == "__name__" and matcher.op == promql.MatchOp.Re:
            return matcher.value
        if matcher.name == "__name__" and matcher.op == promql.MatchOp.Equal:
            return re.escape(matcher.value)
    return None


def _of_call(call: promql.Call) -> Yielded:
    inner = next((yielded(each) for each in call.args if not isinstance(each, _LITERALS)), frozenset())
    if inner is None:
        return None
    if call.func.name in _MAKES_A_LABEL:
        return inner | {call.args[1].val}
    return inner - {"le"} if call.func.name == "histogram_quantile" else inner


def _of_operator(node: promql.BinaryExpr) -> Yielded:
    sides = [side for side in (node.lhs, node.rhs) if not isinstance(side, promql.NumberLiteral)]
    if len(sides) == 1:
        return yielded(sides[0])
    left, right = yielded(node.lhs), yielded(node.rhs)
    operator = str(node.op)
    if operator in _KEEPS_THE_LEFT:
        return left
    return left if operator == "or" and left == right else None
