"""The engine on what the Kubernetes API tells instead of kube-state-metrics: the same incidents, whenever it began."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import httpx
import orjson
import pytest

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.daemon.engine import Engine, Timing
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry
from correlator.kubernetes.facts import KEYS
from correlator.kubernetes.source import KubernetesSource
from correlator.model.finding import Verdict
from correlator.model.frame import Frames
from correlator.model.incident import Incident
from correlator.model.source import Source
from correlator.sources.recording import RecordingSource
from tests.calibrated import calibrated
from tests.commands import Run
from tests.daemons import daemon
from tests.kubernetes_api import Api, Handler, kubeconfig, pod, serving
from tests.kubernetes_objects import WithoutInfos, api_of, beside_api
from tests.played import as_openmetrics, played
from tests.recorded import START, STEP, STEPS, VICTIM, contention
from tests.servers import openmetrics_blocks, prometheus

RECORDING = Path(__file__).parents[2] / "fixtures" / "one_writer" / "recording.zip"
SETTLE_SECONDS = 30.0


@cache
def recorded() -> tuple[RecordingSource, Frames]:
    """A recording of real contention, and all of its frames."""
    source = RecordingSource(RECORDING)
    begin, end = source.span(time.time())
    return source, Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={}).record(begin, end)


def inquiry(source: Source) -> Inquiry:
    """The same for all."""
    return Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={})


def with_api(api: Api, clock: Callable[[], float]) -> KubernetesSource:
    """The recording without kube-state-metrics, beside an API that was just listed."""
    return beside_api(WithoutInfos(recorded()[0]), api, clock)


@cache
def from_series() -> list[Incident]:
    """What is found with kube-state-metrics."""
    grid = recorded()[1].grid
    return incidents_of(inquiry(recorded()[0]).steps(grid.start, grid.last), "")


def test_the_api_alone_yields_the_incidents_of_the_series() -> None:
    """A recording of real contention, to the last figure: verdict, suspects, workloads, claims, words."""
    frames = recorded()[1]
    assert [incident.verdict for incident in from_series()] == [Verdict.CONTENTION]
    assert all(suspect.workload for suspect in from_series()[0].suspects if suspect.accused)
    told = with_api(api_of(frames), lambda: float(frames.grid.last))
    assert incidents_of(inquiry(told).steps(frames.grid.start, frames.grid.last), "") == from_series()
    without = incidents_of(inquiry(WithoutInfos(recorded()[0])).steps(frames.grid.start, frames.grid.last), "")
    assert without != from_series()


def test_an_engine_that_is_started_again_stores_the_same(tmp_path: Path) -> None:
    """Step by step, killed half way, with a cluster that is listed anew: the incidents do not tell."""
    frames = recorded()[1]
    grid, api = frames.grid, api_of(frames)
    now = [grid.start + SETTLE_SECONDS]
    timing = Timing(settle=SETTLE_SECONDS, catch_up=3600.0)
    for until in (grid.start + grid.count // 2 * grid.step, grid.last):
        source = inquiry(with_api(api, lambda: now[0]))
        engine = Engine(source, lambda: Store.open(tmp_path / "c.db"), "", timing, lambda: now[0])
        while now[0] <= until + SETTLE_SECONDS:
            list(engine.cycle())
            now[0] += grid.step
        engine.close()
    with Incidents.open(tmp_path / "c.db") as incidents:
        assert list(incidents.every()) == from_series()


@pytest.fixture
def prometheus_now(tmp_path: Path) -> Iterator[str]:
    """A Prometheus whose newest samples are of now, without kube-state-metrics."""
    frames = contention()
    left = {name: frame for name, frame in frames.by_signal.items() if name not in KEYS}
    later = int(time.time()) // STEP * STEP - (START + (STEPS - 1) * STEP)
    text = as_openmetrics(played(Frames(frames.grid, left, frames.intervals), later))
    storage = openmetrics_blocks(text, tmp_path / "storage")
    with prometheus(tmp_path / "prometheus", storage=storage) as url:
        yield url


def settings_of(path: Path) -> Mapping[str, str]:
    """A daemon that asks an API."""
    return {
        "CORRELATOR_KUBERNETES__MODE": "kubeconfig",
        "CORRELATOR_KUBERNETES__KUBECONFIG": str(path),
        "CORRELATOR_ENGINE__STEP": f"{STEP}s",
        "CORRELATOR_ENGINE__SETTLE": "1s",
    }


def test_the_daemon_asks_and_says_what_it_may_not(prometheus_now: str, tmp_path: Path) -> None:
    """Owners and nodes come from the API, and what it refuses is in the status and in the log, in words."""
    api = Api()
    api.put("/api/v1/pods", pod("vllm-0", "inference", owner=("StatefulSet", "vllm", "s")))
    api.put("/api/v1/pods", pod("reindex-1", "batch", owner=("Job", "reindex", "j")))
    config = tmp_path / "kubeconfig"

    def refuse(handler: Handler) -> None:
        handler.send_body(403, b'{"message":"nodes is forbidden"}')

    with serving(api) as server:
        server.faults["/api/v1/nodes"] = [refuse] * 99
        config.write_text(kubeconfig(server.url))
        arguments = ("--prometheus-url", prometheus_now)
        with daemon(tmp_path / "daemon", *arguments, settings=settings_of(config)) as running:
            spots = running.until(lambda: running.get("/api/v1/status").json()["blind_spots"])
            assert any(
                spot["signal"] == "kubernetes/nodes"
                and spot["reason"].startswith("refused: ")
                and "nodes is forbidden" in spot["reason"]
                for spot in spots
            )
            question = {"victim": VICTIM}
            told = httpx.post(f"{running.url}/api/v1/explain", json=question, timeout=60, trust_env=False).json()
            assert told["victim"]["workload"] == "StatefulSet/vllm"
            assert any("nodes is forbidden" in entry.get("reason", "") for entry in running.said())
            assert running.is_ready()
            found = running.until(lambda: (running.get("/api/v1/status").json()["inventory"] or {}).get("kubernetes"))
            assert (found["mode"], found["is_reachable"]) == ("kubeconfig", True)
            assert {each["name"]: each["missing_rule"] for each in found["objects"] if each["problem"]} == {
                "nodes": 'apiGroups: [""], resources: [nodes], verbs: [get, list, watch]'
            }
            edges = running.get("/api/v1/topology").json()["items"]
            assert {edge["told_by"] for edge in edges if edge["learnt"] == "io_seen"} == {"series"}


def test_check_says_that_nobody_answers(
    run: Run, prometheus_now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is not there: the series alone serve, and it is said why."""
    config = tmp_path / "kubeconfig"
    config.write_text(kubeconfig("http://127.0.0.1:9"))
    for name, value in settings_of(config).items():
        monkeypatch.setenv(name, value)
    found = orjson.loads(run("check", "--prometheus-url", prometheus_now, "--output", "json").out)
    assert not found["kubernetes"]["is_reachable"]
    assert all(each["problem"].startswith("unlisted: ") for each in found["kubernetes"]["objects"])
    assert any("nothing could be listed from the Kubernetes API" in each["finding"] for each in found["remedies"])


def test_check_counts_what_the_api_tells(
    run: Run, prometheus_now: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without kube-state-metrics the pods' nodes are known from the API: nothing of it is missing."""
    api = Api()
    api.put("/api/v1/pods", pod("vllm-0", "inference", owner=("StatefulSet", "vllm", "s")))
    config = tmp_path / "kubeconfig"
    arguments = ("check", "--prometheus-url", prometheus_now, "--output", "json")
    alone = orjson.loads(run(*arguments).out)
    assert [each.partition(" ")[0] for each in alone["missing"]] == ["kube-state-metrics"]
    assert alone["kubernetes"] == {
        "mode": "off",
        "reason": "no service account of a pod",
        "is_reachable": False,
        "objects": [],
        "added": {},
    }

    def refuse(handler: Handler) -> None:
        handler.send_body(403, b'{"message":"jobs.batch is forbidden"}')

    with serving(api) as server:
        server.faults["/apis/batch/v1/jobs"] = [refuse] * 99
        config.write_text(kubeconfig(server.url))
        for name, value in settings_of(config).items():
            monkeypatch.setenv(name, value)
        found = orjson.loads(run(*arguments).out)
        text = run(*arguments[:-2]).out
    assert found["missing"] == []
    kubernetes = found["kubernetes"]
    assert (kubernetes["mode"], kubernetes["is_reachable"]) == ("kubeconfig", True)
    assert kubernetes["added"]["pod_info"] == kubernetes["added"]["pod_owner"] == 1
    known = {each["name"]: each["known"] for each in kubernetes["objects"]}
    assert (known["pods"], known["jobs"], "replicas.longhorn.io" in known) == (1, 0, False)
    (refused,) = [each for each in kubernetes["objects"] if each["missing_rule"]]
    assert (refused["name"], refused["problem"].startswith("refused: ")) == ("jobs", True)
    rule = "apiGroups: [batch], resources: [jobs], verbs: [get, list, watch]"
    assert refused["missing_rule"] == rule
    assert "objects   Kubernetes API (kubeconfig): " in text
    assert "1 pods" in text
    assert f"or add to the ClusterRole: {rule}" in text
    assert {each["name"] for each in found["signals"] if each["found"]} >= {"pod_info", "pod_owner"}
