"""Real contention on a real disk, seen through a real Prometheus: the whole way from the writer to the answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from correlator import catalog
from correlator.analysis.parameters import Parameters
from correlator.daemon.engine import Engine, Timing
from correlator.incidents.codec import to_document
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry
from correlator.sources.prometheus import PrometheusSource
from tests.commands import Run
from tests.daemons import daemon
from tests.lab.run import LabRun, running_lab

SCALE = 0.65
SEEDS = (3, 4)
LEAD_SECONDS = 300
"""So long before the run nothing was scraped: whatever reads from there on sees all that there is."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabRun]:
    """A writer that chokes the victim's disk; a second try where another program kept first tokens from moving."""
    for seed in SEEDS:
        out = tmp_path_factory.mktemp("lab") / f"one_writer-{seed}"
        with running_lab("one_writer", out, scale=SCALE, seed=seed) as run:
            if run.truth["impact_validated"] or seed == SEEDS[-1]:
                yield run
                return


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engine keeps its store."""
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def stored(lab: LabRun, folder: Path) -> list[dict[str, Any]]:
    """What an engine stores that asks for every second of the run as it settles."""
    source = PrometheusSource(lab.prometheus_url)
    inquiry = Inquiry(source=source, signals=catalog.load(), parameters=Parameters(), tiers={})
    now = [lab.start]
    timing = Timing(settle=0.0, catch_up=3600.0)
    engine = Engine(inquiry, lambda: Store.open(folder / "correlator.db"), "", timing, lambda: now[0])
    while now[0] <= lab.end:
        list(engine.cycle())
        now[0] += 1.0
    engine.close()
    source.close()
    with Incidents.open(folder / "correlator.db") as incidents:
        return [to_document(incident) for incident in incidents.every()]


def culprits(lab: LabRun) -> set[str]:
    """Who did it, from the cgroups' own counters."""
    return {f"{each['namespace']}/{each['pod']}" for each in lab.truth["culprits"]}


def accused(incident: dict[str, Any]) -> set[str]:
    """Who is accused, as `namespace/pod`."""
    return {f"{each['namespace']}/{each['pod']}" for each in incident["suspects"] if each["accused"]}


def of_event(lab: LabRun, incidents: list[dict[str, Any]]) -> dict[str, Any]:
    """The one contention among the incidents."""
    found = [incident for incident in incidents if incident["verdict"] == "contention"]
    assert len(found) == 1, (lab.truth["ttft"], [incident["explanation"] for incident in incidents])
    return found[0]


def test_first_tokens_really_got_slow(lab: LabRun) -> None:
    """The victim's own times say so; without that the run proves nothing."""
    assert lab.truth["impact_validated"], lab.truth["checks"]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run has just ended, and on this machine no scrape is late."""
    monkeypatch.setenv("CORRELATOR_ENGINE__SETTLE", "1s")


@pytest.mark.usefixtures("settled")
def test_check_finds_all_that_is_needed(lab: LabRun, capsys: pytest.CaptureFixture[str]) -> None:
    """The first command of a new user says that the main job can be done here."""
    run = Run(capsys)("check", "--prometheus-url", lab.prometheus_url)
    assert run.code == 0, run.out


def test_the_writer_is_accused_and_nobody_else(lab: LabRun, stored: list[dict[str, Any]]) -> None:
    """One incident of contention, its first suspect the culprit."""
    incident = of_event(lab, stored)
    first = incident["suspects"][0]
    assert f"{first['namespace']}/{first['pod']}" in culprits(lab)
    assert accused(incident) == culprits(lab)
    assert incident["volume"]["device"] == lab.truth["volume"]["device"]


@pytest.mark.usefixtures("settled")
def test_backtest_and_recording_tell_the_same(
    lab: LabRun, stored: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over Prometheus, and from what `record` saved of it: identical incidents to the engine's, to the last figure."""
    run, recording = Run(capsys), tmp_path / "lab.zip"
    prometheus = ("--prometheus-url", lab.prometheus_url)
    span = ("--start", int(lab.start) + 1, "--end", int(lab.end))
    over_prometheus = json.loads(run("backtest", *prometheus, *span, "--output", "json").out)
    assert run("record", *prometheus, "--start", lab.start - LEAD_SECONDS, "--end", lab.end, "-o", recording).code == 0
    from_recording = json.loads(run("backtest", "--recording", recording, *span, "--output", "json").out)
    assert over_prometheus == from_recording
    assert [each["id"] for each in over_prometheus] == [each["id"] for each in stored]
    assert over_prometheus == json.loads(json.dumps(stored, default=str))


def test_daemon_on_that_store_serves_them(lab: LabRun, stored: list[dict[str, Any]], folder: Path) -> None:
    """A daemon that goes on where the engine stopped shows the same incident over REST."""
    with daemon(folder, "--prometheus-url", lab.prometheus_url) as running:
        running.until(running.is_ready)
        shown = running.get("/api/v1/incidents?verdict=contention").json()["items"]
    assert [each["id"] for each in shown] == [of_event(lab, stored)["id"]]
    assert accused(shown[0]) == culprits(lab)
