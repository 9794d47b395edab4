"""Every query of every dashboard, asked of a real Prometheus that scrapes the daemon while it has an open incident."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from correlator.publish.synthetic import render_metrics
from tests.dashboards.boards import written
from tests.dashboards.grafana import (
    Asked,
    Chosen,
    Json,
    builtin_variables,
    chosen_at_first,
    fixed_variables,
    interpolated,
    metric_variables,
    panel_queries,
)
from tests.dashboards.running import RANGE_SECONDS, Running, ask
from tests.servers import openmetrics_blocks, prometheus
from tests.snapshots import make_snapshot
from tests.unit.web.fakes import make_status

BOARDS: dict[str, Json] = {name.removesuffix(".json"): json.loads(text) for name, text in written().items()}
QUERIES = [asked for name, board in BOARDS.items() for asked in panel_queries(name, board)]
VARIABLES = [(name, variable["name"]) for name, board in BOARDS.items() for variable, _, _ in metric_variables(board)]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TROUBLE_AT = 1_800_000_000
SILENT = {
    "overview: Volumes in an error state/A": "no device of the lab is in an error state",
    "volume: Error states/A": "the same",
    "itself: Deliveries a second/A": "a demo delivers nothing to anyone",
}
"""Queries that answer nothing while all is well, and why; they are asked once more where all is not."""

_LABEL = re.compile(r"\{\{(\w+)\}\}")


@pytest.fixture(scope="module")
def chosen(running: Running) -> Mapping[str, Mapping[str, Chosen]]:
    """The variables of each dashboard as Grafana fills them when it is opened."""
    return {name: opened(running, board) for name, board in BOARDS.items()}


def opened(running: Running, board: Json) -> Mapping[str, Chosen]:
    """The values of a dashboard's variables, one after the other, since they depend on each other."""
    known = {**builtin_variables(1, RANGE_SECONDS), **fixed_variables(board)}
    for variable, selector, label in metric_variables(board):
        known[variable["name"]] = chosen_at_first(variable, values(running, interpolated(selector, known), label))
    return known


def values(running: Running, selector: str, label: str) -> list[str]:
    """The values of a label as the data source asks for them."""
    times = {"start": running.at - RANGE_SECONDS, "end": running.at}
    found = running.ask(f"label/{label}/values", **{"match[]": selector}, **times)
    return sorted(found, key=str.lower)


def answered(running: Running, asked: Asked, chosen: Mapping[str, Chosen]) -> list[Any]:
    """The series that a query finds."""
    query, end = interpolated(asked.expr, chosen), running.at
    if asked.is_instant:
        found = running.ask("query", query=query, time=end)
    else:
        found = running.ask("query_range", query=query, start=end - RANGE_SECONDS, end=end, step=1)
    return list(found["result"])


@pytest.mark.parametrize(("board", "name"), VARIABLES)
def test_variable_has_values(chosen: Mapping[str, Mapping[str, Chosen]], board: str, name: str) -> None:
    """Every drop-down offers something."""
    assert all(chosen[board][name].values)


@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_query_has_data(running: Running, chosen: Mapping[str, Mapping[str, Chosen]], asked: Asked) -> None:
    """A panel or annotation shows something; what is silent while all is well is at least understood."""
    found = answered(running, asked, chosen[asked.board])
    assert bool(found) != (str(asked) in SILENT), found


@pytest.mark.parametrize("asked", [each for each in QUERIES if str(each) not in SILENT and each.panel], ids=str)
def test_panel_shows_what_was_answered(
    running: Running, chosen: Mapping[str, Mapping[str, Chosen]], asked: Asked
) -> None:
    """The labels in a legend are those of the series, and each column of a table is a field of the answer."""
    labels = {label for one in answered(running, asked, chosen[asked.board]) for label in one["metric"]}
    (target,) = (each for each in asked.panel["targets"] if each["expr"] == asked.expr)
    assert set(_LABEL.findall(target.get("legendFormat", ""))) <= labels
    for arranged in asked.panel["transformations"]:
        if arranged["id"] == "organize":
            fields = {field for field in arranged["options"]["indexByName"] if not field.startswith("Value")}
            assert fields <= labels


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that scraped a daemon whose share is in an error state, and which has delivered."""
    folder = tmp_path_factory.mktemp("trouble")
    counts = (
        render_metrics(make_snapshot(), None, make_status(deliveries=(("slack", "ok", count),)), OPENMETRICS)[1]
        for count in (1, 5)
    )
    text = in_time([body.decode() for body in counts], TROUBLE_AT)
    with prometheus(folder, storage=openmetrics_blocks(text, folder / "storage")) as url:
        yield url


def in_time(bodies: Sequence[str], at: int) -> str:
    """Scrapes of one second each as OpenMetrics with timestamps, the last at `at`."""
    pairs = zip(*(body.splitlines() for body in bodies), strict=True)
    first = at - len(bodies) + 1
    lines = [
        [pair[0]] if pair[0].startswith("#") else [f"{line} {first + place}" for place, line in enumerate(pair)]
        for pair in pairs
    ]
    return "\n".join([line for group in lines for line in group]) + "\n"


@pytest.mark.parametrize("asked", [each for each in QUERIES if str(each) in SILENT], ids=str)
def test_query_speaks_in_trouble(trouble: str, asked: Asked) -> None:
    """What is silent while all is well says something when it is not."""
    chosen = {**builtin_variables(1, RANGE_SECONDS), **fixed_variables(BOARDS[asked.board])}
    chosen |= {name: Chosen((".*",), is_raw=True) for name in ("cluster", "node")}
    chosen["volume"] = Chosen(("filer:/models",))
    assert ask(trouble, "query", query=interpolated(asked.expr, chosen), time=TROUBLE_AT)["result"]


def test_panels_tell_the_recorded_story(running: Running, chosen: Mapping[str, Mapping[str, Chosen]]) -> None:
    """The incident's dashboard names both jobs that wrote, on the disk that they wrote to, and no one else as sure."""
    (asked,) = (each for each in QUERIES if str(each) == "incident: Who did it/A")
    told = {
        one["metric"]["suspect_pod"]: (float(one["value"][1]), one["metric"]["volume"])
        for one in answered(running, asked, chosen["incident"])
    }
    sure = {pod: volume for pod, (confidence, volume) in told.items() if confidence >= 0.8}
    assert sure == {
        "vector-reindex-x955h": "worker-gpu-12/loop0",
        "etl-orders-2kfrg": "worker-gpu-12/loop0",
    }


def test_both_processes_say_what_they_hold(running: Running) -> None:
    """The engine and the web tell their memory, each its own: neither is as small as a counter."""
    held = {
        one["metric"]["process"]: float(one["value"][1])
        for one in running.ask("query", query="correlator_process_resident_memory_bytes", time=running.at)["result"]
    }
    assert set(held) == {"engine", "web"}
    assert min(held.values()) > 20e6
