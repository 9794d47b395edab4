"""A query narrowed to the series whose labels match, wherever in it series are selected.

Matchers are put into the PromQL of a signal as quoted data; the rest of the query stays letter by letter. A query that
makes a label of its own (`label_replace`) cannot be narrowed by that label before it exists: such a signal answers with
nothing, and whoever asked does without.
"""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<range>\[[^\]]*\])
    |(?P<labels>\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\))
    |(?P<braces>\{(?:[^"'`{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})
    |(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<number>\d[\w.]*)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_KEYWORDS = frozenset(
    ("and", "or", "unless", "atan2", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right")
) | {"inf", "nan", "start", "end"}

PODS_EVERY_SECONDS = 60
"""How densely is looked for pods that were elsewhere before."""


def narrowed(query: str, match: Sequence[tuple[str, str]]) -> str:
    """The query with each (label, regular expression) put into all of its series selectors."""
    if not match:
        return query
    added = ",".join(f"{label}=~{_quoted(pattern)}" for label, pattern in match)
    parts: list[str] = []
    for token in _TOKEN.finditer(query):
        text = token.group()
        if token.lastgroup == "braces":
            inside = text[1:-1].strip().rstrip(",")
            text = f"{{{inside},{added}}}" if inside else f"{{{added}}}"
        elif token.lastgroup == "word" and _selects(text, query[token.end() :]):
            text = f"{text}{{{added}}}"
        parts.append(text)
    return "".join(parts)


def _selects(word: str, rest: str) -> bool:
    """Whether a word is a metric without braces: no keyword, and no function, which a parenthesis or `by` follows."""
    after = rest.lstrip()
    if word.lower() in _KEYWORDS or after.startswith(("(", "{")):
        return False
    return re.match(r"(?:by|without)\s*\(", after, re.IGNORECASE) is None


def _quoted(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def of_any(queries: Sequence[str]) -> str:
    """The series that any of several queries yields, each once: narrowed ways to ask for one thing."""
    return queries[0] if len(queries) == 1 else " or ".join(f"({query})" for query in queries)


def of_pods(query: str, pods: str, seconds: int) -> str:
    """The series of a query whose pod is among those of another one, or was within so many seconds before."""
    before = f"last_over_time(({pods})[{seconds}s:{PODS_EVERY_SECONDS}s])"
    return f"({query}) and on (namespace, pod) (({pods}) or {before})"
