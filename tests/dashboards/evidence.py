"""*Evidence*: what metrics cannot carry. Incidents, suspects and reasons from the daemon's REST, by way of Infinity."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable, Row
from grafana_foundation_sdk.builders.nodegraph import ArcOption, NodeOptions
from grafana_foundation_sdk.builders.nodegraph import Panel as GraphPanel
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, VariableRefresh
from grafana_foundation_sdk.models.nodegraph import ArcOption as Arc

from tests.dashboards import variables
from tests.dashboards.finishing import begun
from tests.dashboards.infinity import BOOLEAN, EDGES, MOMENT, NODES, NUMBER, STRING, Asking, Field, Rest
from tests.dashboards.links import EVIDENCE, INCIDENT, Link
from tests.dashboards.panels import (
    COUNT,
    RATIO,
    SECONDS,
    TEXT,
    Column,
    arranged,
    described,
    thresholds,
)
from tests.dashboards.variables import API
from tests.dashboards.words import ACCUSED_FROM

BYTE_RATE = "Bps"
IN_RANGE = (("from", "${__from}"), ("to", "${__to}"), ("limit", "200"))
ONE = "/api/v1/incidents/${incident}"
HIDDEN = DynamicConfigValue("custom.hidden", value=True)
WRAPPED = DynamicConfigValue("custom.cellOptions", {"type": "auto", "wrapText": True})
_KEPT = "${api:queryparam}&${__url_time_range}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of the REST answer as a column. Hidden ones are there for links."""

    selector: str
    title: str
    type: str = STRING
    unit: str = ""
    links: tuple[Link, ...] = ()
    is_hidden: bool = False
    is_long: bool = False


def links_by(identity: str) -> tuple[Link, ...]:
    """Where an incident leads whose id is a field of the row."""
    field = f"${{__data.fields.{identity}}}"
    return (
        Link("Evidence of this incident", f"/d/{EVIDENCE}?var-incident={field}&{_KEPT}"),
        Link("Its page", f"${{address}}/incidents/{field}", leaves=True),
        Link("Its picture", f"${{address}}/api/v1/incidents/{field}/plot.svg", leaves=True),
    )


IN_METRICS = Link(
    "Its metrics",
    f"/d/{INCIDENT}?var-namespace=${{__data.fields.namespace}}&var-pod=${{__data.fields.pod}}"
    "&from=${__data.fields.shown_from_ms.numeric}&to=${__data.fields.shown_to_ms.numeric}",
)
INCIDENTS = (
    Shown("started_at_ms", "started", MOMENT),
    Shown("ended_at_ms", "ended", MOMENT),
    Shown("state", "state"),
    Shown("verdict", "verdict", links=links_by("id")),
    Shown("confidence", "confidence", NUMBER, RATIO),
    Shown("victim.namespace", "namespace"),
    Shown("victim.pod", "pod", links=(IN_METRICS,)),
    Shown("volume.name", "volume"),
    Shown("volume.bound", "ran out of"),
    Shown("ttft.baseline_seconds", "TTFT usually", NUMBER, SECONDS),
    Shown("ttft.observed_seconds", "TTFT then", NUMBER, SECONDS),
    Shown("ttft.requests_affected", "requests", NUMBER, COUNT),
    Shown("id", "id", is_hidden=True),
    Shown("shown_from_ms", "shown_from_ms", NUMBER, is_hidden=True),
    Shown("shown_to_ms", "shown_to_ms", NUMBER, is_hidden=True),
)
SUSPECTS = (
    Shown("started_at_ms", "started", MOMENT),
    Shown("name", "suspect", links=links_by("incident_id")),
    Shown("workload", "workload"),
    Shown("tier", "tier"),
    Shown("confidence", "confidence", NUMBER, RATIO),
    Shown("accused", "accused", BOOLEAN),
    Shown("share_ratio", "share of the added load", NUMBER, RATIO),
    Shown("mean_excess_seconds", "cost in mean TTFT", NUMBER, SECONDS),
    Shown("lag_seconds", "after the onset", NUMBER, SECONDS),
    Shown("direction", "direction"),
    Shown("read_bytes_per_second_observed", "reads", NUMBER, BYTE_RATE),
    Shown("write_bytes_per_second_observed", "writes", NUMBER, BYTE_RATE),
    Shown("victim_pod", "victim"),
    Shown("volume", "volume"),
    Shown("incident_id", "incident_id", is_hidden=True),
)
ITS_SUSPECTS = (
    Shown("kind", "kind"),
    Shown("namespace", "namespace"),
    Shown("pod", "pod"),
    Shown("workload", "workload"),
    Shown("confidence", "confidence", NUMBER, RATIO),
    Shown("accused", "accused", BOOLEAN),
    Shown("share_ratio", "share of the added load", NUMBER, RATIO),
    Shown("mean_excess_seconds", "cost in mean TTFT", NUMBER, SECONDS),
    Shown("write_bytes_per_second.baseline", "writes usually", NUMBER, BYTE_RATE),
    Shown("write_bytes_per_second.observed", "writes then", NUMBER, BYTE_RATE),
    Shown("read_bytes_per_second.baseline", "reads usually", NUMBER, BYTE_RATE),
    Shown("read_bytes_per_second.observed", "reads then", NUMBER, BYTE_RATE),
)
WHAT = (Shown("explanation", "what happened", is_long=True),)
ADVICE = (
    Shown("action", "what to do", is_long=True),
    Shown("why", "why", is_long=True),
    Shown("command", "command", is_long=True),
)
CONSIDERED = (
    Shown("namespace", "namespace"),
    Shown("pod", "pod"),
    Shown("workload", "workload"),
    Shown("reason", "reason"),
    Shown("sentence", "why not", is_long=True),
    Shown("share_ratio", "share of the added load", NUMBER, RATIO),
    Shown("device_time_ratio.baseline", "device time usually", NUMBER, RATIO),
    Shown("device_time_ratio.observed", "device time then", NUMBER, RATIO),
)
RULED_OUT = (Shown("cause", "cause"), Shown("sentence", "why it is not that", is_long=True))
BLIND_SPOTS = (Shown("signal", "signal"), Shown("reason", "what could not be seen", is_long=True))
NODE_FIELDS = (
    Field("id", "id"),
    Field("title", "title"),
    Field("subtitle", "subTitle"),
    Field("mainstat", "mainStat"),
    Field("secondarystat", "secondaryStat"),
    *(Field(f"arc__{part}", f"arc__{part}", NUMBER) for part in ("confidence", "busy", "excess", "rest")),
    Field("detail__role", "detail__role"),
    Field("detail__node", "detail__node"),
)
EDGE_FIELDS = (
    Field("id", "id"),
    Field("source", "source"),
    Field("target", "target"),
    Field("mainstat", "mainStat"),
    Field("secondarystat", "secondaryStat"),
)
RIMS = (
    "A suspect's rim is its confidence (red), a volume's its utilization (orange), a victim's the part of its first "
    "tokens beyond the usual (purple)."
)
ARCS = {"confidence": "red", "busy": "orange", "excess": "purple", "rest": "super-light-blue"}


def build() -> Dashboard:
    """The dashboard."""
    said = "Incidents with their evidence from the daemon's REST. It needs the Infinity data source."
    board = begun("Correlator / Evidence", EVIDENCE, said)
    for variable in (variables.api(), _incident(), variables.address()):
        board.with_variable(variable)
    board.with_panel(
        _table(
            "Incidents",
            "Incidents detected within the time range, newest first; a click on a verdict shows its evidence below.",
            INCIDENTS,
            Rest("A", "/api/v1/incidents", "items", _fields(INCIDENTS), parameters=IN_RANGE),
        )
    ).with_panel(
        _table(
            "Suspects",
            f"Everybody who was suspected within the time range; accused from a confidence of {ACCUSED_FROM} on.",
            SUSPECTS,
            Rest("A", "/api/v1/suspects", "items", _fields(SUSPECTS), parameters=IN_RANGE),
        )
    ).with_panel(
        _graph(
            "Who hurts whom",
            "All incidents detected within the time range: who is accused, or likeliest, by way of which volume.",
            "/api/v1/graph",
            IN_RANGE,
            width=24,
        )
    )
    _one(board)
    return board


def _one(board: Dashboard) -> None:
    board.with_row(Row("The chosen incident")).with_panel(
        _graph("Who did it, by way of what", "All suspects of the incident, its volume and the victim.", f"{ONE}/graph")
    )
    for panel in (
        _below("What happened", "The answer in words, with its numbers.", WHAT, "", width=12, height=10),
        _below("What to do", "Advice, with commands to copy.", ADVICE, "advice", height=6),
        _below("Its suspects", "Who may have caused it, before and during.", ITS_SUSPECTS, "suspects"),
        _below(
            "Why not the others", "Who else was on the volume, and why they are not blamed.", CONSIDERED, "considered"
        ),
        _below("Ruled out", "Causes that the numbers speak against.", RULED_OUT, "ruled_out", width=12),
        _below("Blind spots", "What the verdict could not see.", BLIND_SPOTS, "blind_spots", width=12),
    ):
        board.with_panel(panel)


def _incident() -> QueryVariable:
    fields = (Field("id", "__value"), Field("title", "__text"))
    asked = Rest("variable-incident", "/api/v1/incidents", "items", fields, parameters=IN_RANGE)
    return (
        QueryVariable("incident")
        .label("Incident")
        .datasource(API)
        .query({"queryType": "infinity", "refId": asked.ref_id, "query": "", "infinityQuery": asked.to_json()})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _graph(
    title: str, description: str, path: str, parameters: tuple[tuple[str, str], ...] = (), *, width: int = 12
) -> GraphPanel:
    arcs: list[Builder[Arc]] = [ArcOption().field(f"arc__{part}").color(color) for part, color in ARCS.items()]
    return (
        GraphPanel()
        .title(title)
        .description(f"{description} {RIMS}")
        .datasource(API)
        .unit(TEXT)
        .span(width)
        .height(10)
        .thresholds(thresholds())
        .nodes(NodeOptions().arcs(arcs))
        .with_target(Asking(Rest("A", path, "nodes", NODE_FIELDS, NODES, parameters)))
        .with_target(Asking(Rest("B", path, "edges", EDGE_FIELDS, EDGES, parameters)))
    )


def _below(
    title: str, description: str, shown: tuple[Shown, ...], root: str, *, width: int = 24, height: int = 7
) -> TablePanel:
    """A table of a part of the chosen incident; what was considered and ruled out stands with its evidence."""
    path = f"{ONE}/evidence" if root in {"considered", "ruled_out"} else ONE
    return _table(title, description, shown, Rest("A", path, root, _fields(shown)), width=width, height=height)


def _table(
    title: str, description: str, shown: tuple[Shown, ...], rest: Rest, *, width: int = 24, height: int = 8
) -> TablePanel:
    panel = described(TablePanel(), title, description, width, height).datasource(API).with_target(Asking(rest))
    panel = arranged(panel, [Column(each.title, each.title, each.unit, each.links) for each in shown])
    for each in shown:
        if each.is_hidden:
            panel.override_by_name(each.title, [HIDDEN])
        if each.is_long:
            panel.override_by_name(each.title, [WRAPPED])
    return panel


def _fields(shown: tuple[Shown, ...]) -> list[Field]:
    return [Field(each.selector, each.title, each.type) for each in shown]
