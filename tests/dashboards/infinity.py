"""Queries of the Infinity data source, which Grafana's types do not know: the daemon's REST as tables and graphs."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery

from tests.dashboards.variables import API

TABLE, NODES, EDGES = "table", "node-graph-nodes", "node-graph-edges"
STRING, NUMBER, BOOLEAN, MOMENT = "string", "number", "boolean", "timestamp_epoch"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the answer: the path below an item, the name that it gets, its type."""

    selector: str
    name: str
    type: str = STRING

    def to_json(self) -> dict[str, object]:
        """As Infinity keeps it."""
        return {"selector": self.selector, "text": self.name, "type": self.type}


@dataclass(frozen=True)
class Rest(Dataquery):
    """A GET below the data source's base address; `root` is the path to the items, empty for the answer itself."""

    ref_id: str
    path: str
    root: str
    fields: Sequence[Field]
    format: str = TABLE
    parameters: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, object]:
        """As Infinity keeps it."""
        return {
            "refId": self.ref_id,
            "datasource": API,
            "type": "json",
            "source": "url",
            "parser": "backend",
            "format": self.format,
            "url": self.path,
            "url_options": {
                "method": "GET",
                "data": "",
                "params": [{"key": key, "value": value} for key, value in self.parameters],
            },
            "root_selector": self.root,
            "columns": [field.to_json() for field in self.fields],
            "filters": [],
        }


@dataclass(frozen=True)
class Asking(Builder[Dataquery]):
    """A query for a panel."""

    rest: Rest

    def build(self) -> Rest:
        """The query."""
        return self.rest
