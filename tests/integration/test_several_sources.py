"""One contention, read from a Prometheus that knows the nodes and a VictoriaMetrics that knows inference.

And read from a Prometheus that holds two clusters with pods of the same names, of which one is quiet.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.daemon.composition import inquiry_of, live_source, signals_of
from correlator.inquiry import Inquiry
from correlator.model.incident import Incident
from correlator.settings import Settings, load_settings
from correlator.sources.recording import RecordingSource
from tests.calibrated import calibrated
from tests.commands import Run
from tests.played import Played, as_json_lines, as_openmetrics, played
from tests.recorded import END, ONSET, START, STEP, contention, write_contention
from tests.scenarios.victoria import Said, said
from tests.servers import openmetrics_blocks, prometheus, victoria_metrics

EARLIER = -60_000_000
"""VictoriaMetrics takes nothing of the future: the story is played in the past."""

FIRST, LAST = START + (ONSET - 20) * STEP, START + (END + 20) * STEP
QUIET_UNTIL = START + EARLIER + (ONSET - 1) * STEP
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def from_recording(tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    """What is found where everything is in one place."""
    source = RecordingSource(write_contention(tmp_path_factory.mktemp("recording") / "recording.zip"))
    return found(Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={}), later=0)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus without inference servers."""
    folder = tmp_path_factory.mktemp("nodes")
    series = [each for each in played(contention(), EARLIER) if not each.metric.startswith("vllm:")]
    with prometheus(folder, storage=openmetrics_blocks(as_openmetrics(series), folder / "storage")) as url:
        yield url


@pytest.fixture(scope="module")
def inference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A VictoriaMetrics with nothing else."""
    series = [each for each in played(contention(), EARLIER) if each.metric.startswith("vllm:")]
    with victoria_metrics(tmp_path_factory.mktemp("inference"), imported=as_json_lines(series)) as url:
        yield url


def found(inquiry: Inquiry, later: int = EARLIER) -> list[Said]:
    """The incidents of the span."""
    incidents: Sequence[Incident] = incidents_of(inquiry.steps(FIRST + later, LAST + later), "")
    return said(incidents, START + later)


def asked(settings: Settings) -> Inquiry:
    """As the daemon would ask."""
    signals = signals_of(settings)
    source = live_source(settings, signals, retries=0)
    return replace(inquiry_of(settings, source, signals), parameters=calibrated())


def test_two_sources_tell_what_one_does(nodes: str, inference: str, from_recording: list[Said]) -> None:
    """Each is asked for its own, or each for everything: the incident, its culprit and its onset are the same."""
    (contended,) = from_recording
    assert contended.verdict == "contention"
    for exporters in ({"nodes": ["node_exporter", "cAdvisor", "kube-state-metrics"]}, {}):
        sources = {
            name: {"url": url, "exporters": exporters.get(name, [])}
            for name, url in (("nodes", nodes), ("inference", inference))
        }
        assert found(asked(load_settings(flags={"sources": sources}))) == from_recording


def test_one_that_is_away_is_a_blind_spot(nodes: str, inference: str) -> None:
    """Without the nodes' server slow first tokens are still seen, and nobody is accused."""
    settings = load_settings(
        flags={
            "engine": {"step": f"{STEP}s"},
            "sources": {
                "nodes": {"url": NOWHERE, "exporters": ["node_exporter", "cAdvisor", "kube-state-metrics"]},
                "inference": {"url": inference},
            },
        }
    )
    (incident,) = found(asked(settings))
    assert (incident.verdict, incident.accused) == ("undetermined", ())
    assert nodes != NOWHERE


def test_check_says_which_source_is_away(run: Run, inference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would have supplied is missing, with the reason; what the other has is found."""
    sources = {
        "nodes": {"url": NOWHERE, "exporters": ["node_exporter", "cAdvisor", "kube-state-metrics"]},
        "inference": {"url": inference},
    }
    monkeypatch.setenv("CORRELATOR_SOURCES", json.dumps(sources))
    text = run("check").out
    assert run.code == 1
    assert f"source    nodes: {NOWHERE}: " in text
    assert f"source    inference: {inference} (victoriametrics; " in text
    assert "missing: node_exporter (" in text
    assert "no connection" in text


def test_one_cluster_of_two_is_read(tmp_path: Path, from_recording: list[Said]) -> None:
    """Pods of one name in two clusters stay apart: the quiet cluster has no incident, the other one its own."""
    series = [
        replace(each if cluster == "eu-1" else _calm(each), labels={**each.labels, "cluster": cluster})
        for cluster in ("eu-1", "us-1")
        for each in played(contention(), EARLIER)
    ]
    with prometheus(tmp_path, storage=openmetrics_blocks(as_openmetrics(series), tmp_path / "storage")) as url:
        in_each = {
            cluster: found(asked(load_settings(flags={"prometheus": {"url": url, "match": {"cluster": cluster}}})))
            for cluster in ("eu-1", "us-1")
        }
    assert in_each == {"eu-1": from_recording, "us-1": []}


def _calm(series: Played) -> Played:
    """The quiet part alone, over and over: counters go on, as before the job began."""
    quiet = [value for at, value in zip(series.times, series.values, strict=True) if at < QUIET_UNTIL]
    if not quiet:
        return replace(series, times=[], values=[])
    gain = quiet[-1] - quiet[0] + (quiet[-1] - quiet[-2] if len(quiet) > 1 else 0.0)
    is_counter = series.metric.endswith(("_total", "_bucket", "_sum", "_count"))
    rounds = [divmod(index, len(quiet)) for index in range(len(series.times))]
    return replace(series, values=[quiet[index] + turn * gain * is_counter for turn, index in rounds])
