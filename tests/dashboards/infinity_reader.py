"""What Infinity's backend parser makes of a JSON answer, for the simple selectors that our dashboards use.

A root selector or column selector is a path of names with dots, as `gjson` reads it: the root selects an array of
items or one object, a column's path goes down from an item, and ends in nothing where a name is missing or null. A
value is taken over where it is of the column's type (`infinity-libs`, `gframer/field.go`); what is not is nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_SIMPLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")

Value = str | float | bool | datetime | None


class SelectorError(ValueError):
    """A selector that is more than a path, or that leads nowhere."""


def frame(answer: Any, query: Mapping[str, Any]) -> dict[str, list[Value]]:  # noqa: ANN401 - JSON
    """The columns of an answer by name. Raises SelectorError where the root is no list of items and no object."""
    root = _down(answer, query["root_selector"]) if query["root_selector"] else answer
    if isinstance(root, dict):
        root = [root]
    if not isinstance(root, list):
        raise SelectorError(f"root {query['root_selector']!r} selects no items")
    return {
        column["text"] or column["selector"]: [_typed(_down(item, column["selector"]), column["type"]) for item in root]
        for column in query["columns"]
    }


def _down(node: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    if not _SIMPLE.fullmatch(path):
        raise SelectorError(f"{path!r} is more than a path")
    for name in path.split("."):
        if not isinstance(node, dict):
            return None
        node = node.get(name)
    return node


def _typed(value: Any, kind: str) -> Value:  # noqa: ANN401 - JSON
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "string":
            return value if isinstance(value, str) else None
        case "number":
            return float(value) if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "timestamp_epoch":
            return datetime.fromtimestamp(value / 1000, UTC) if is_number else None
    raise SelectorError(f"{kind!r} is a type that is not known here")
