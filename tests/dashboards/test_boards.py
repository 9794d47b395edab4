"""The committed dashboards are those of the code, and each panel is fit to be read at night."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import promql_parser as promql
import pytest

from correlator.publish.families import FAMILIES
from tests.dashboards.boards import FOLDER, written
from tests.dashboards.grafana import (
    Asked,
    Chosen,
    Json,
    builtin_variables,
    fixed_variables,
    interpolated,
    metric_variables,
    panel_queries,
)
from tests.dashboards.links import TAG
from tests.dashboards.words import ACCUSED_FROM, OLD_AFTER_SECONDS, SCRAPED

BOARDS: dict[str, Json] = {name.removesuffix(".json"): json.loads(text) for name, text in written().items()}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
QUERIES = [asked for name, board in BOARDS.items() for asked in panel_queries(name, board)]
LABELS = {family.name: {*family.labels, "cluster"} for family in FAMILIES}
KINDS = {"timeseries", "stat", "table", "nodeGraph"}
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk"}
OF_ITSELF = {
    "correlator_cycle_duration_seconds",
    "correlator_data_lag_seconds",
    "correlator_last_success_timestamp_seconds",
    "correlator_source_requests_total",
    "correlator_store_errors_total",
    "correlator_process_resident_memory_bytes",
    "correlator_deliveries_total",
    "correlator_delivery_backlog",
    "correlator_delivery_last_success_timestamp_seconds",
    "correlator_ready",
    "correlator_demo",
    "correlator_build_info",
}
OPERATORS = {"==", "!=", "<", ">", "<=", ">=", "and", "or", "unless"}

_NAMED = re.compile(r"/d/(?P<uid>[\w-]+)\?(?P<rest>\S*)")


def titled(panel: Any) -> str:  # noqa: ANN401 - pytest asks for every kind of argument
    """A test's name."""
    return panel if isinstance(panel, str) else str(panel["title"])


def links_of(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every address in a part of a dashboard that is there to be clicked."""
    if isinstance(node, dict):
        if isinstance(node.get("url"), str) and node["url"]:
            yield node["url"]
        for name, value in node.items():
            if name not in {"targets", "templating"}:
                yield from links_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from links_of(value)


def parsed(asked: Asked) -> promql.Expr:
    """The syntax tree of a query with some value for each variable."""
    board = BOARDS[asked.board]
    known = {**builtin_variables(1, 60), **fixed_variables(board)}
    known.update({variable["name"]: Chosen(("x",)) for variable in board["templating"]["list"]} | known)
    return promql.parse(interpolated(asked.expr, known))


def walked(tree: promql.Expr) -> list[promql.Expr]:
    """Every node of a syntax tree."""
    nodes: list[promql.Expr] = []
    promql.walk(tree, nodes.append)
    return nodes


def test_committed_dashboards_are_those_of_the_code() -> None:
    """`make dashboards` writes them anew; nothing else lies beside them."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == written()


def test_each_dashboard_has_its_own_address() -> None:
    """Grafana knows dashboards by uid, and finds the others by their tag."""
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS)
    assert all(board["tags"] == [TAG] for board in BOARDS.values())


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_panels_lie_side_by_side(board: Json) -> None:
    """No panel covers another or leaves the grid of 24 columns, and no two have one number."""
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=titled)
def test_panel_says_what_it_shows(name: str, panel: Json) -> None:
    """A panel has a title, a sentence, a unit, and is of a kind that Grafana still has."""
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"], name
    assert panel["description"].endswith((".", "?"))
    assert defaults["unit"]
    assert panel["type"] in KINDS
    assert panel["options"] is not None


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=titled)
def test_colours_mean_what_the_documentation_says(name: str, panel: Json) -> None:
    """A threshold is one that the documentation names, never Grafana's own red from 80 on."""
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0]["value"] is None, name
    assert {step["value"] for step in steps[1:]} <= {ACCUSED_FROM, OLD_AFTER_SECONDS}


@pytest.mark.parametrize(("name", "panel"), [(n, p) for n, p in PANELS if p["type"] == "timeseries"], ids=titled)
def test_legends_are_sorted(name: str, panel: Json) -> None:
    """The curve that matters stands first in the legend."""
    legend = panel["options"]["legend"]
    assert (legend["sortBy"], legend["sortDesc"], "max" in legend["calcs"]) == ("Max", True, True), name


def test_panels_of_the_incident_share_a_time_axis() -> None:
    """Below each other, with a crosshair over all: what rose first can be seen."""
    board = BOARDS["incident"]
    curves = [panel for panel in board["panels"] if panel["type"] == "timeseries"]
    assert board["graphTooltip"] == 1
    assert {(panel["gridPos"]["x"], panel["gridPos"]["w"]) for panel in curves} == {(0, 24)}
    beside = {
        (panel["fieldConfig"]["defaults"]["custom"]["axisWidth"], panel["options"]["legend"]["width"])
        for panel in curves
    }
    assert len(beside) == 1


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_grafanas_own_annotations_come_first(board: Json) -> None:
    """What people pin to a dashboard stays where Grafana looks for it."""
    first, *rest = board["annotations"]["list"]
    assert (first["builtIn"], first["datasource"]["uid"]) == (1, "-- Grafana --")
    assert all({"titleFormat", "textFormat", "tagKeys", "step"} <= set(each) for each in rest)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_links_lead_to_dashboards_that_have_the_variables(board: Json) -> None:
    """A click arrives with the victim or volume chosen, and what a link keeps is a variable here and there."""
    uids = {each["uid"]: each for each in BOARDS.values()}
    own = {each["name"] for each in board["templating"]["list"]}
    for url in links_of(board):
        if found := _NAMED.search(url):
            target = {each["name"] for each in uids[found["uid"]]["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", url)) <= target, url
            assert set(re.findall(r"\$\{(\w+):queryparam\}", url)) <= own & target, url
        else:
            assert url.startswith("${address}/"), url
            assert "address" in own


@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_query_asks_for_what_is_exported(asked: Asked) -> None:
    """Its metrics exist, and so do the labels that it selects by and keeps."""
    for node in walked(parsed(asked)):
        if isinstance(node, promql.VectorSelector):
            assert node.name in LABELS
            assert {each.name for each in node.matchers.matchers} <= LABELS[node.name]
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            inside = [each.name for each in walked(node.expr) if isinstance(each, promql.VectorSelector)]
            assert set(node.modifier.labels) <= set().union(*(LABELS[str(name)] for name in inside))


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_variables_ask_for_what_is_exported(board: Json) -> None:
    """A drop-down is filled from a metric and a label that exist."""
    for variable, selector, label in metric_variables(board):
        assert label in LABELS[selector.partition("{")[0]], variable["name"]


@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_panel_says_whether_it_needs_a_prometheus(asked: Asked) -> None:
    """The daemon answers some PromQL, and of itself it keeps no history: a panel beyond that says so, no other does."""
    nodes = walked(parsed(asked))
    is_own = any(isinstance(node, promql.VectorSelector) and node.name in OF_ITSELF for node in nodes)
    is_more = any(not is_answered(node) for node in nodes)
    assert (SCRAPED in asked.panel.get("description", "")) == (is_own or is_more)


def is_answered(node: promql.Expr) -> bool:
    """Whether the daemon's own data source answers what stands here."""
    match node:
        case promql.AggregateExpr():
            return str(node.op) in AGGREGATIONS
        case promql.BinaryExpr():
            return str(node.op) in OPERATORS
        case promql.Call():
            return str(node.func.name).endswith("_over_time")
    return isinstance(node, promql.VectorSelector | promql.MatrixSelector | promql.NumberLiteral | promql.ParenExpr)
