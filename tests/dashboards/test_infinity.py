"""Every query of the *Evidence* dashboard, read from the daemon's real answers as Infinity reads them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.dashboards.infinity_reader import SelectorError, Value, frame
from tests.dashboards.running import IN_ITS_MIDST, RANGE_SECONDS, Running
from tests.dashboards.test_boards import BOARDS

BOARD = BOARDS["evidence"]
TARGETS = [
    (f"{panel['title']}/{target['refId']}", target) for panel in BOARD["panels"] for target in panel.get("targets", ())
]
EMPTY = {
    "Blind spots/A": "the lab shows all that the verdict needs",
    "Incidents/A: ended": "the incident is open, unless the tests take their time",
}
"""Queries without rows, and columns without a value in any row, and why."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def read(running: Running, target: Mapping[str, Any], incident: str) -> dict[str, list[Value]]:
    """The columns of a query's answer."""
    known = {
        "__from": str(round((running.at - RANGE_SECONDS) * 1000)),
        "__to": str(round(running.at * 1000)),
        "incident": incident,
    }

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda match: known[match[1]], text)

    parameters = {each["key"]: filled(each["value"]) for each in target["url_options"]["params"]}
    answer = httpx.get(running.daemon.url + filled(target["url"]), params=parameters, timeout=20.0, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    return frame(answer.json(), target)


def variable_query() -> Mapping[str, Any]:
    """What fills the drop-down of incidents."""
    (asked,) = (each["query"] for each in BOARD["templating"]["list"] if each["name"] == "incident")
    assert asked["queryType"] == "infinity"
    found: Mapping[str, Any] = asked["infinityQuery"]
    return found


@pytest.fixture(scope="module")
def incident(running: Running) -> str:
    """The first incident that the drop-down offers."""
    found = read(running, variable_query(), "")
    first = found["__value"][0]
    assert isinstance(first, str)
    assert str(found["__text"][0]).startswith("contention: vllm-llama-0 on worker-gpu-12/loop0, ")
    return first


@pytest.mark.parametrize(("name", "target"), TARGETS, ids=[name for name, _ in TARGETS])
def test_every_column_is_found(running: Running, incident: str, name: str, target: Mapping[str, Any]) -> None:
    """The root selects rows, and each column has a value of its type in one of them at least."""
    columns = read(running, target, incident)
    assert any(columns.values()) != (name in EMPTY)
    silent = {f"{name}: {title}" for title, values in columns.items() if all(value is None for value in values)}
    if name not in EMPTY:
        assert silent <= {each for each in EMPTY if each.startswith(f"{name}: ")}


def test_incident_began_when_it_was_recorded(running: Running, incident: str) -> None:
    """Milliseconds are milliseconds: what is shown as its beginning lies within the loop that was played."""
    columns = read(running, dict(TARGETS)["Incidents/A"], incident)
    (started,) = columns["started"]
    assert isinstance(started, datetime)
    assert running.at - started.timestamp() < IN_ITS_MIDST


@pytest.mark.parametrize("panel", ["Who did it, by way of what", "Who hurts whom"])
def test_graph_is_whole(running: Running, incident: str, panel: str) -> None:
    """Both jobs that wrote lead to the disk, and the disk to the victim; no arrow leads nowhere."""
    targets = dict(TARGETS)
    nodes = read(running, targets[f"{panel}/A"], incident)
    edges = read(running, targets[f"{panel}/B"], incident)
    titles = dict(zip(nodes["id"], nodes["title"], strict=True))
    arrows = {(titles[source], titles[target]) for source, target in zip(edges["source"], edges["target"], strict=True)}
    disk = "worker-gpu-12/loop0"
    assert {("vector-reindex-x955h", disk), ("etl-orders-2kfrg", disk), (disk, "vllm-llama-0")} <= arrows


@pytest.mark.parametrize(
    ("root", "column"),
    [("items[0]", "a"), ("items", "$sum(a)"), ("nothing", "a")],
    ids=["index", "function", "missing root"],
)
def test_reader_refuses_what_it_does_not_read(root: str, column: str) -> None:
    """A selector that only the real parser understands fails here, instead of passing for empty."""
    query = {"root_selector": root, "columns": [{"selector": column, "text": "", "type": "string"}]}
    with pytest.raises(SelectorError):
        frame({"items": [{"a": "b"}]}, query)
