"""Every query of every dashboard, asked while the daemon has an open incident: of a Prometheus that scrapes it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from correlator.publish.status import SinkStatus
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
from tests.dashboards.running import RANGE_SECONDS, SERVERS, Running, ask
from tests.dashboards.words import SCRAPED
from tests.servers import openmetrics_blocks, prometheus
from tests.snapshots import make_snapshot
from tests.unit.web.fakes import make_status

BOARDS: dict[str, Json] = {name.removesuffix(".json"): json.loads(text) for name, text in written().items()}


def needs_it(asked: Asked) -> bool:
    """Whether a panel says that it needs a scraping Prometheus."""
    return SCRAPED in asked.panel.get("description", "")


QUERIES = [asked for name, board in BOARDS.items() for asked in panel_queries(name, board)]
CASES = [(server, asked) for server in SERVERS for asked in QUERIES if server == "prometheus" or not needs_it(asked)]
VARIABLES = [
    (server, name, variable["name"])
    for server in SERVERS
    for name, board in BOARDS.items()
    for variable, _, _ in metric_variables(board)
]
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TROUBLE_AT = 1_800_000_000
SILENT = {
    "overview: Volumes in an error state/A": "no device of the lab is in an error state",
    "volume: Error states/A": "the same",
    "itself: Deliveries a second/A": "a demo delivers nothing to anyone",
    "itself: Deliveries that wait/A": "the same",
}
"""Queries that answer nothing while all is well, and why; they are asked once more where all is not."""

_LABEL = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Opened:
    """A dashboard as somebody opens it: what each drop-down offers, and what is chosen at first."""

    offered: Mapping[str, Sequence[str]]
    chosen: Mapping[str, Chosen]


@pytest.fixture(scope="module")
def opened(running: Running) -> Mapping[tuple[str, str], Opened]:
    """Every dashboard on every server."""
    return {(server, name): open_on(running, server, BOARDS[name]) for server in SERVERS for name in BOARDS}


def open_on(running: Running, server: str, board: Json) -> Opened:
    """The variables of a dashboard, one after the other, since they depend on each other."""
    offered: dict[str, list[str]] = {}
    known = {**builtin_variables(1, RANGE_SECONDS), **fixed_variables(board)}
    for variable, selector, label in metric_variables(board):
        found = values(running, server, interpolated(selector, known), label)
        offered[variable["name"]] = found
        known[variable["name"]] = chosen_at_first(variable, found)
    return Opened(offered, known)


def values(running: Running, server: str, selector: str, label: str) -> list[str]:
    """The values of a label as the data source asks for them."""
    times = {"start": running.at - RANGE_SECONDS, "end": running.at}
    found = running.ask(server, f"label/{label}/values", **{"match[]": selector}, **times)
    return sorted(found, key=str.lower)


def answered(running: Running, server: str, asked: Asked, chosen: Mapping[str, Chosen]) -> list[Any]:
    """The series that a query finds."""
    query, end = interpolated(asked.expr, chosen), running.at
    if asked.is_instant:
        found = running.ask(server, "query", query=query, time=end)
    else:
        found = running.ask(server, "query_range", query=query, start=end - RANGE_SECONDS, end=end, step=1)
    return list(found["result"])


@pytest.mark.parametrize(("server", "board", "name"), VARIABLES)
def test_variable_has_values(opened: Mapping[tuple[str, str], Opened], server: str, board: str, name: str) -> None:
    """Every drop-down offers something."""
    assert opened[server, board].offered[name]


@pytest.mark.parametrize(("server", "asked"), CASES, ids=str)
def test_query_has_data(running: Running, opened: Mapping[tuple[str, str], Opened], server: str, asked: Asked) -> None:
    """A panel or annotation shows something, with the labels that its legend names and a field for each column."""
    found = answered(running, server, asked, opened[server, asked.board].chosen)
    assert bool(found) != (str(asked) in SILENT), found
    if found and asked.panel:
        assert shown_labels(asked) <= {label for one in found for label in one["metric"]}


def shown_labels(asked: Asked) -> set[str]:
    """The labels that a legend or the columns of a table show."""
    (target,) = (each for each in asked.panel["targets"] if each["expr"] == asked.expr)
    columns = {
        field
        for arranged in asked.panel["transformations"]
        if arranged["id"] == "organize"
        for field in arranged["options"]["indexByName"]
        if not field.startswith("Value")
    }
    return columns | set(_LABEL.findall(target.get("legendFormat", "")))


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that scraped a daemon whose share is in an error state, and which has delivered."""
    folder = tmp_path_factory.mktemp("trouble")
    counts = (
        render_metrics(make_snapshot(), None, make_status(sinks=(sink(count),)), OPENMETRICS)[1] for count in (1, 5)
    )
    text = in_time([body.decode() for body in counts], TROUBLE_AT)
    with prometheus(folder, storage=openmetrics_blocks(text, folder / "storage")) as url:
        yield url


def sink(count: int) -> SinkStatus:
    """A Loki that took so many deliveries."""
    return SinkStatus(name="loki", outcomes=(("delivered", count),), backlog=1, last_success_at=None)


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


@pytest.mark.parametrize("server", SERVERS)
def test_panels_tell_the_recorded_story(
    running: Running, opened: Mapping[tuple[str, str], Opened], server: str
) -> None:
    """The incident's dashboard names both jobs that wrote, on the disk that they wrote to, and no one else as sure."""
    (asked,) = (each for each in QUERIES if str(each) == "incident: Who did it/A")
    told = {
        one["metric"]["suspect_pod"]: (float(one["value"][1]), one["metric"]["volume"])
        for one in answered(running, server, asked, opened[server, "incident"].chosen)
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
        for one in running.ask(
            "prometheus", "query", query="correlator_process_resident_memory_bytes", time=running.at
        )["result"]
    }
    assert set(held) == {"engine", "web"}
    assert min(held.values()) > 20e6
