"""One hour of contention in a real Prometheus, judged in every way there is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from correlator.cli.backtest import incidents_of
from correlator.daemon.engine import Engine, Timing
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.finding import Verdict
from correlator.model.incident import Incident
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.recording import RecordingSource, write_recording
from tests.integration.asking import inquiry
from tests.played import as_openmetrics, played
from tests.recorded import CULPRIT, END, ONSET, START, STEP, contention
from tests.servers import openmetrics_blocks, prometheus

FIRST, LAST = START + (ONSET - 20) * STEP, START + (END + 20) * STEP
SETTLE_SECONDS = 30.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """A Prometheus that holds what the exporters told in that hour."""
    folder = tmp_path_factory.mktemp("prometheus")
    storage = openmetrics_blocks(as_openmetrics(played(contention())), folder / "storage")
    with prometheus(folder, storage=storage) as url:
        source = PrometheusSource(url)
        yield source
        source.close()


@pytest.fixture(scope="module")
def from_backtest(source: PrometheusSource) -> list[Incident]:
    """What a backtest over Prometheus finds."""
    return incidents_of(inquiry(source).steps(FIRST, LAST), "")


def test_backtest_accuses_the_culprit(from_backtest: list[Incident]) -> None:
    """The hour has one incident, and the job that filled the disk did it."""
    (incident,) = from_backtest
    assert incident.verdict is Verdict.CONTENTION
    assert [f"{each.namespace}/{each.pod}" for each in incident.suspects if each.accused] == [CULPRIT]
    assert incident.ended_at is not None


def test_recording_has_the_same_incidents(
    source: PrometheusSource, from_backtest: list[Incident], tmp_path: Path
) -> None:
    """What was recorded from Prometheus is judged as Prometheus itself is, to the last figure."""
    asking = inquiry(source)
    frames = asking.record(START, LAST)
    path = tmp_path / "recording.zip"
    write_recording(path, frames, asking.signals, created_at=datetime.fromtimestamp(LAST, UTC), source=source.name)
    assert incidents_of(inquiry(RecordingSource(path)).steps(FIRST, LAST), "") == from_backtest


def test_live_engine_has_the_same_incidents(
    source: PrometheusSource, from_backtest: list[Incident], tmp_path: Path
) -> None:
    """An engine that asks for every step as it settles, stopped half way and started again, stores the same."""
    store = tmp_path / "correlator.db"
    now = [FIRST + SETTLE_SECONDS]
    timing = Timing(settle=SETTLE_SECONDS, catch_up=3600.0)
    middle = (FIRST + LAST) // 2
    for until in (middle, LAST):
        engine = Engine(inquiry(source), lambda: Store.open(store), "", timing, lambda: now[0])
        while now[0] <= until + SETTLE_SECONDS:
            list(engine.cycle())
            now[0] += STEP
        engine.close()
    with Incidents.open(store) as incidents:
        assert list(incidents.every()) == from_backtest


def test_engine_that_catches_up_has_the_same_incidents(
    source: PrometheusSource, from_backtest: list[Incident], tmp_path: Path
) -> None:
    """An engine that was stopped for the whole incident reports it all the same, with the same identity."""
    store = tmp_path / "correlator.db"
    for now in (FIRST + SETTLE_SECONDS, LAST + SETTLE_SECONDS):
        timing = Timing(settle=SETTLE_SECONDS, catch_up=3600.0)
        engine = Engine(inquiry(source), lambda: Store.open(store), "", timing, partial(float, now))
        list(engine.cycle())
        engine.close()
    with Incidents.open(store) as incidents:
        assert list(incidents.every()) == from_backtest
