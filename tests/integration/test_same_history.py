"""A night job in a real Prometheus that holds days: judged in every way, its past is told the same."""

from collections.abc import Iterator

import numpy as np
import pytest

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.daemon.engine import Engine, Timing
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.incident import Incident
from correlator.sources.prometheus import PrometheusSource
from tests.integration.asking import inquiry
from tests.pasts import PastSource
from tests.played import as_openmetrics, played
from tests.servers import openmetrics_blocks, prometheus
from tests.unit.analysis import stories
from tests.unit.analysis.stories import FIRST, LATER

STEP = 15
HOURS = 30
SETTLE_SECONDS = 30.0
START = stories.quiet().start
BEGIN, UNTIL = START + FIRST * STEP, START + LATER * STEP


def days_and_a_story() -> Frames:
    """A sample a minute for thirty hours, in two nights of which the job ran; then the story, every 15 seconds."""
    source = PastSource(stories.one_writer())
    told = source.frames
    minutes = Grid(START - HOURS * 3600, 60, HOURS * 60)
    days = source.fetch(catalog.load(), minutes)
    grid = Grid(minutes.start, STEP, HOURS * 240 + told.grid.count)
    found = {}
    for name in told.by_signal:
        rows: dict[Labels, Floats] = {}
        for frame, columns in (
            (days.get(name), slice(0, HOURS * 240, 4)),
            (told.get(name), slice(HOURS * 240, grid.count)),
        ):
            for labels, values in zip(frame.labels, frame.values, strict=True):
                rows.setdefault(labels, np.full(grid.count, np.nan))[columns] = values
        found[name] = Frame.from_rows(name, grid, rows)
    return Frames(grid, found)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """A Prometheus that holds them."""
    folder = tmp_path_factory.mktemp("days")
    storage = openmetrics_blocks(as_openmetrics(played(days_and_a_story())), folder / "storage")
    with prometheus(folder, storage=storage) as url:
        made = PrometheusSource(url)
        yield made
        made.close()


@pytest.fixture(scope="module")
def from_backtest(source: PrometheusSource) -> list[Incident]:
    """What a backtest finds."""
    return incidents_of(inquiry(source).steps(BEGIN, UNTIL), "")


def test_the_nights_are_remembered(from_backtest: list[Incident]) -> None:
    """Two pods of other names ran in the nights, as busy, and first tokens were normal."""
    (incident,) = from_backtest
    (job,) = (suspect for suspect in incident.suspects if suspect.pod == "reindex-abc")
    assert job.recurrence is not None
    assert (job.recurrence.rises, job.recurrence.regressions) == (2, 0)
    assert job.recurrence.seconds == pytest.approx(HOURS * 3600, rel=0.05)
    assert job.p_value is not None
    assert job.p_value > 0.05


def test_an_engine_that_was_stopped_half_way_remembers_the_same(
    source: PrometheusSource, from_backtest: list[Incident], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing of what was fetched survives a restart, and nothing needs to."""
    store = tmp_path_factory.mktemp("store") / "correlator.db"
    now = [BEGIN + SETTLE_SECONDS]
    timing = Timing(settle=SETTLE_SECONDS, catch_up=3600.0)
    for until in (BEGIN + 9 * STEP, UNTIL):
        engine = Engine(inquiry(source), lambda: Store.open(store), "", timing, lambda: now[0])
        while now[0] <= until + SETTLE_SECONDS:
            list(engine.cycle())
            now[0] += STEP
        engine.close()
    with Incidents.open(store) as incidents:
        assert list(incidents.every()) == from_backtest
