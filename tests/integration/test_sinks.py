"""`correlator serve` on a played recording: three sinks are told, whatever happens to them and to it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from correlator.incidents.book import Book, advance
from correlator.incidents.store import Store
from tests.daemons import Daemon, daemon, serve
from tests.grafana import FakeGrafana, grafana
from tests.kubernetes_api import PATHS, Api, kubeconfig, pod, serving
from tests.loki import FakeLoki, loki, refuse
from tests.played import as_openmetrics, played
from tests.recorded import CULPRIT, ONSET, START, STEP, STEPS, VICTIM, contention
from tests.servers import openmetrics_blocks, prometheus

ENDED = int(time.time()) // 60 * 60 - 60
LATER = ENDED - (START + STEPS * STEP)
BEFORE = START + (ONSET - 20) * STEP + LATER
"""When the newest sample was taken, how much later than recorded that is, and a step before anything happened."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus whose newest samples are a minute old."""
    folder = tmp_path_factory.mktemp("prometheus")
    text = as_openmetrics(played(contention(), LATER))
    with prometheus(folder, storage=openmetrics_blocks(text, folder / "storage")) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a daemon lives that was stopped before the contention: it catches up."""
    with Store.open(tmp_path / "correlator.db") as store:
        store.commit_step(advance(Book(cluster="lab"), BEFORE, []), b"")
    return tmp_path


@pytest.fixture
def server() -> Iterator[FakeLoki]:
    """A Loki."""
    with loki() as running:
        yield running


def settings_of(server: FakeLoki, **more: str) -> dict[str, str]:
    """A daemon that tells it."""
    return {
        "CORRELATOR_CLUSTER": "lab",
        "CORRELATOR_SINKS__LOKI__URL": server.url,
        "CORRELATOR_SINKS__LOKI__TIMEOUT": "1s",
        **{f"CORRELATOR_SINKS__{name.upper()}": value for name, value in more.items()},
    }


def same_store(folder: Path) -> dict[str, str]:
    """Another daemon that goes on where the one of a folder ended."""
    return {"CORRELATOR_STORE__PATH": str(folder / "correlator.db")}


def sinks(running: Daemon) -> dict[str, dict[str, Any]]:
    """What the daemon says of its sinks."""
    return {each["name"]: each for each in running.get("/api/v1/status").json()["sinks"]}


def stored(running: Daemon) -> list[dict[str, Any]]:
    """The incidents that are over."""
    items = running.get("/api/v1/incidents?state=resolved").json()["items"]
    assert isinstance(items, list)
    return items


def lines_of_each(server: FakeLoki) -> dict[str, list[str]]:
    """The changes of each incident, in the order of their arrival."""
    told: dict[str, list[str]] = {}
    for line in server.lines():
        told.setdefault(line["id"], []).append(line["event"])
    return told


def is_told(running: Daemon, server: FakeLoki) -> bool:
    """Whether every incident that is over was told of to its end."""
    over = [each["id"] for each in stored(running)]
    told = lines_of_each(server)
    return bool(over) and all(told.get(each, [])[-1:] == ["resolved"] for each in over)


@pytest.fixture
def place() -> Iterator[FakeGrafana]:
    """A Grafana."""
    with grafana() as running:
        yield running


def test_all_are_told_and_what_is_told_is_counted(url: str, folder: Path, server: FakeLoki, place: FakeGrafana) -> None:
    """Lines, an annotation and Events on victim and culprit; in the status, and as metrics."""
    api = Api(absent=set(PATHS))  # pods one by one; what the engine needs, the series tell
    for name in (VICTIM, CULPRIT):
        api.put("/api/v1/pods", pod(name.partition("/")[2], name.partition("/")[0]))
    with serving(api) as cluster:
        (folder / "kubeconfig").write_text(kubeconfig(cluster.url))
        settings = {
            **settings_of(server, grafana__url=place.url, kubernetes_events__enabled="true"),
            "CORRELATOR_KUBERNETES__MODE": "kubeconfig",
            "CORRELATOR_KUBERNETES__KUBECONFIG": str(folder / "kubeconfig"),
        }
        with daemon(folder, "--prometheus-url", url, settings=settings) as running:
            running.until(lambda: is_told(running, server))
            running.until(lambda: not any(each["backlog"] for each in sinks(running).values()))
            (incident,) = [each for each in stored(running) if each["verdict"] == "contention"]
            metrics = running.get("/metrics").text
            status = sinks(running)
    (line,) = [each for each in server.lines() if each["id"] == incident["id"] and each["event"] == "resolved"]
    assert (line["cluster"], line["verdict"], line["ended_at"]) == ("lab", "contention", incident["ended_at"])
    assert [f"{each['namespace']}/{each['pod']}" for each in line["suspects"] if each["accused"]] == [CULPRIT]
    (note,) = [each for each in place.annotations.values() if f"incident:{incident['id']}" in each["tags"]]
    assert note["timeEnd"] > note["time"]
    assert CULPRIT in note["text"]
    told = {
        (f"{each['regarding']['namespace']}/{each['regarding']['name']}", each["reason"])
        for each in api.events.values()
    }
    assert {(CULPRIT, "CausesStorageContention"), (CULPRIT, "CausesStorageContentionResolved")} <= told
    assert (VICTIM, "StorageContentionResolved") in told
    assert set(status) == {"loki", "grafana", "kubernetes_events"}
    for name, each in status.items():
        outcomes = dict(each["outcomes"])
        assert outcomes["delivered"] > 0
        assert (outcomes["refused"], outcomes["expired"], each["problem"]) == (0, 0, "")
        assert f'correlator_deliveries_total{{cluster="lab",outcome="delivered",sink="{name}"}}' in metrics


def test_killed_between_finding_and_telling_it_tells_after_the_start(url: str, folder: Path, server: FakeLoki) -> None:
    """A Loki that refuses everything while the incident is found, kill -9, a Loki that is well: nothing is lost."""
    server.faults = [refuse(500, "on fire"), refuse(429, "slow down"), refuse(401, "who?")] * 500
    with daemon(folder, "--prometheus-url", url, settings=settings_of(server)) as running:
        running.until(lambda: stored(running) and sinks(running)["loki"]["backlog"])
        assert sinks(running)["loki"]["problem"]
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(20.0)
    assert server.entries == []
    server.faults = []
    with daemon(
        folder / "again", "--prometheus-url", url, settings=settings_of(server) | same_store(folder)
    ) as running:
        running.until(lambda: is_told(running, server))
    for told in lines_of_each(server).values():
        assert (told[0], told[-1], told.count("opened"), told.count("resolved")) == ("opened", "resolved", 1, 1)


def test_killed_between_arrival_and_answer_it_repeats_the_same(url: str, folder: Path, server: FakeLoki) -> None:
    """The line is sent again after the start; Loki, which has it already, keeps one."""
    server.forgets_to_answer = 1
    with daemon(folder, "--prometheus-url", url, settings=settings_of(server, loki__timeout="10m")) as running:
        assert server.hanging.wait(60.0)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(20.0)
    assert server.pushes == 1
    with daemon(
        folder / "again", "--prometheus-url", url, settings=settings_of(server) | same_store(folder)
    ) as running:
        running.until(lambda: is_told(running, server))
    assert server.pushes == len(server.entries) + 1
    for told in lines_of_each(server).values():
        assert told.count("opened") == 1


def test_sink_that_hangs_delays_no_cycle_and_no_other_sink(
    url: str, folder: Path, server: FakeLoki, place: FakeGrafana
) -> None:
    """While Loki keeps a request for ever, steps are judged, Grafana is told, and the end is not held up."""
    server.faults = [server.hang] * 100
    settings = {
        **settings_of(server, grafana__url=place.url, loki__timeout="10m"),
        "CORRELATOR_ENGINE__STEP": "1s",
    }
    with daemon(folder, "--prometheus-url", url, settings=settings) as running:
        assert server.hanging.wait(60.0)
        running.until(lambda: place.annotations)

        def step() -> str:
            return str(running.get("/api/v1/status").json()["last_step_at"])

        for _ in range(3):
            before = step()
            running.until(lambda before=before: step() not in {before, "None"})  # type: ignore[misc]
        assert not server.released.is_set()
        running.process.terminate()
        assert running.process.wait(30) == 0


def test_events_without_a_cluster_are_refused_at_the_start() -> None:
    """Before anything is begun, with what helps."""
    refused = serve(
        "--prometheus-url",
        "http://127.0.0.1:1",
        "--listen",
        "127.0.0.1:0",
        CORRELATOR_SINKS__KUBERNETES_EVENTS__ENABLED="true",
        CORRELATOR_KUBERNETES__MODE="off",
    )
    assert refused.returncode == 2
    assert "set kubernetes.mode to kubeconfig" in refused.stderr
