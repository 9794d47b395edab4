"""Text to expressions, and selectors to matchers.

Queries come from outside, and the parser recurses in native code: an expression nested by the thousands would end the
process. What can nest is therefore bounded before anything is parsed. Texts in quotes cannot nest, and may be long: a
variable of a dashboard puts hundreds of names into one.
"""

import re
from datetime import timedelta
from typing import Any, Final

import promql_parser as promql

from correlator.model.matching import InvalidRegexError, matching
from correlator.model.series import Matcher, MatchKind
from correlator.promql.errors import BadQueryError, UnsupportedError
from correlator.promql.values import NAME

MOST_CHARACTERS: Final = 200_000
MOST_OUTSIDE_TEXTS: Final = 2_000

_TEXTS = re.compile(r"""#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`""")
_MISSING = "no expression found in input"
_KINDS: Final = (
    (promql.MatchOp.Equal, MatchKind.EQUAL),
    (promql.MatchOp.NotEqual, MatchKind.NOT_EQUAL),
    (promql.MatchOp.Re, MatchKind.REGEX),
    (promql.MatchOp.NotRe, MatchKind.NOT_REGEX),
)


def parse_query(text: str) -> promql.Expr:
    """The expression. Raises BadQueryError, whose text begins as Prometheus' does."""
    if len(text) > MOST_CHARACTERS or len(_TEXTS.sub("", text)) > MOST_OUTSIDE_TEXTS:
        raise BadQueryError(f"parse error: more than {MOST_OUTSIDE_TEXTS} characters beside the texts in quotes")
    try:
        return promql.parse(_TEXTS.sub(_as_the_parser_reads, text))
    except ValueError as error:
        place = "unknown position: " if str(error) == _MISSING else ""
        raise BadQueryError(f"{place}parse error: {error}") from error


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a selector alone, as `match[]` has it. Raises BadQueryError."""
    expression = parse_query(text)
    if not isinstance(expression, promql.VectorSelector) or expression.offset or expression.at:
        raise BadQueryError(f"parse error: expected a selector of series alone, got {text!r}")
    return matchers_of(expression)


def matchers_of(selector: promql.VectorSelector) -> tuple[Matcher, ...]:
    """The conditions of a selector, its name among them. Raises BadQueryError for what is no RE2."""
    if selector.matchers.or_matchers:
        raise UnsupportedError("or between matchers")
    named = (Matcher(NAME, MatchKind.EQUAL, selector.name),) if selector.name else ()
    found = (*named, *(Matcher(each.name, _kind(each.op), each.value) for each in selector.matchers.matchers))
    try:
        matching(found)
    except InvalidRegexError as error:
        raise BadQueryError(f"parse error: {error}") from error
    return found


def offset_ms(selector: promql.VectorSelector) -> int:
    """How far back the selector looks; negative: ahead."""
    return (selector.offset or timedelta()) // timedelta(milliseconds=1)


def without_parentheses(expression: Any) -> Any:  # noqa: ANN401 - the parser types arguments so
    """What stands in the parentheses."""
    while isinstance(expression, promql.ParenExpr):
        expression = expression.expr
    return expression


def _as_the_parser_reads(found: re.Match[str]) -> str:
    """The parser sees escapes in raw texts, where PromQL has none: they become quoted ones."""
    text = found.group()
    if not text.startswith("`"):
        return text
    return '"' + text[1:-1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _kind(operator: promql.MatchOp) -> MatchKind:
    return next(kind for known, kind in _KINDS if known == operator)
