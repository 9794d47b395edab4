"""What Grafana makes of a dashboard's JSON before it asks: its queries, and its variables put into them.

How values are written into PromQL is that of `@grafana/prometheus` (`interpolateQueryExpr`, `escaping`): one chosen
value is escaped for a quoted text, several become a regular expression.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")
_LABEL_VALUES = re.compile(r"label_values\((?:(?P<selector>.+), )?(?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a dashboard: where it stands, and what shows its answer."""

    board: str
    where: str
    expr: str
    is_instant: bool
    panel: Json

    def __str__(self) -> str:
        """For the name of a test."""
        return f"{self.board}: {self.where}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value of a variable: one text, or several of which any will do."""

    values: tuple[str, ...]
    is_several: bool = False
    is_raw: bool = False

    def text(self) -> str:
        """As it is written into PromQL."""
        if self.is_raw:
            return self.values[0]
        if not self.is_several:
            return self.values[0].replace("\\", "\\\\").replace('"', '\\"')
        escaped = [_SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\")) for value in self.values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def panel_queries(name: str, board: Json) -> Iterator[Asked]:
    """The PromQL of every panel and annotation."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            if "expr" in target:
                where = f"{panel['title']}/{target['refId']}"
                yield Asked(name, where, target["expr"], bool(target.get("instant")), panel)
    for annotation in board["annotations"]["list"]:
        if "expr" in annotation:
            yield Asked(name, f"annotation {annotation['name']}", annotation["expr"], is_instant=False, panel={})


def metric_variables(board: Json) -> Iterator[tuple[Json, str, str]]:
    """Variables that ask a Prometheus: the variable, the selector, the label whose values it has."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query" and variable["datasource"]["type"] == "prometheus":
            parts = _LABEL_VALUES.fullmatch(variable["query"]["query"])
            if parts is None:
                raise ValueError(f"variable {variable['name']} asks in a way that is not known here")
            yield variable, parts["selector"] or "", parts["label"]


def fixed_variables(board: Json) -> dict[str, Chosen]:
    """Variables that have a value before anybody is asked."""
    return {
        variable["name"]: Chosen((variable["current"]["value"],))
        for variable in board["templating"]["list"]
        if variable["type"] in {"custom", "textbox"}
    }


def chosen_at_first(variable: Json, found: list[str]) -> Chosen:
    """What a variable is when nobody has chosen: all, or the first value."""
    if variable["includeAll"]:
        given = variable.get("allValue")
        return Chosen((given,), is_raw=True) if given else Chosen(tuple(found), is_several=True)
    return Chosen((found[0],))


def interpolated(text: str, chosen: Mapping[str, Chosen]) -> str:
    """The text with the values of its variables; KeyError names one that the dashboard does not have."""
    return _VARIABLE.sub(lambda match: chosen[match[1] or match[2]].text(), text)


def builtin_variables(step_seconds: int, range_seconds: int) -> dict[str, Chosen]:
    """What Grafana itself knows, for a data source whose scrape interval is the step."""
    seconds = {"__interval": step_seconds, "__rate_interval": 4 * step_seconds, "__range": range_seconds}
    return {name: Chosen((f"{value}s",), is_raw=True) for name, value in seconds.items()}
