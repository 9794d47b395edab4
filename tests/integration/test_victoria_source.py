"""The source on a real VictoriaMetrics: what it hides, shifts and refuses."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from correlator.catalog import load
from correlator.model.grid import Grid
from correlator.model.source import SourceError
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.servers import ServerKind
from correlator.sources.session import Access
from tests.played import Played, as_json_lines
from tests.servers import victoria_metrics

SIGNALS = load()
READS = next(signal for signal in SIGNALS if signal.name == "disk_reads")
LABELS = {"instance": "n1:9100", "device": "sda", "cluster": "eu.1"}


@dataclass(frozen=True)
class Scraped:
    """A server whose newest sample was a second old at `now`, and its samples' times."""

    url: str
    now: int


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """An hour at 15 s up to this moment, and beyond, as if scrapes went on; the value is the time."""
    now = int(time.time())
    times = [float(at) for at in range(now - 3600, now + 300, 15)]
    series = [
        Played("node_disk_reads_completed_total", labels, times, times)
        for labels in (LABELS, {**LABELS, "cluster": "eu-1", "device": "sdb"})
    ]
    with victoria_metrics(tmp_path_factory.mktemp("victoria"), imported=as_json_lines(series)) as url:
        yield Scraped(url, now)


@pytest.fixture
def source(scraped: Scraped) -> Iterator[PrometheusSource]:
    """A source on it."""
    source = PrometheusSource(scraped.url, Access(backoff_seconds=0.0))
    yield source
    source.close()


def test_every_bundled_query_is_understood(source: PrometheusSource, scraped: Scraped) -> None:
    """Each query of the catalogue, narrowed to a cluster or not, each question for intervals, and each probe."""
    narrow = PrometheusSource(scraped.url, Access(match={"cluster": "eu.1"}))
    for asked in (source, narrow):
        frames = asked.fetch(SIGNALS, Grid.covering(scraped.now - 120, scraped.now - 60, 15))
        assert frames.quality == ()
        assert not [state.error for state in asked.probe(SIGNALS, scraped.now - 60) if state.error]
        devices = {dict(labels)["device"] for labels in frames.get("disk_reads").labels}
        assert devices == ({"sda"} if asked is narrow else {"sda", "sdb"})
    narrow.close()


def test_it_is_recognised_and_its_clock_is_ours(source: PrometheusSource) -> None:
    """Its `time()` lies half a minute back, its clock does not."""
    assert source.server().kind is ServerKind.VICTORIAMETRICS
    assert source.clock_difference_seconds() == pytest.approx(0.0, abs=2.0)


def test_the_newest_half_minute_is_not_asked_for(source: PrometheusSource) -> None:
    """A step at the end of the span has its value; a younger one has none yet, though the sample is there."""
    now = time.time()
    _, newest = source.span(now)
    assert 30.0 <= now - newest <= 32.0
    settled, young = (source.fetch([READS], Grid(int(at), 1, 1)).get("disk_reads") for at in (newest, now - 5))
    assert len(settled.labels) == 2
    assert young.labels == ()


def test_long_ranges_are_not_shifted(source: PrometheusSource, scraped: Scraped) -> None:
    """Two hundred steps begin and end where we say, each with the newest sample at that time."""
    grid = Grid.covering(scraped.now - 3000, scraped.now - 40, 15)
    frame = source.fetch([READS], grid).get("disk_reads")
    age = grid.times() - frame.values
    assert grid.count > 190
    assert age.min() >= 0
    assert age.max() < 15


def test_a_step_asked_for_alone_is_that_of_the_range(source: PrometheusSource, scraped: Scraped) -> None:
    """As the daemon asks, and as a backtest does."""
    grid = Grid.covering(scraped.now - 600, scraped.now - 40, 15)
    whole = source.fetch([READS], grid).get("disk_reads").values
    single = [source.fetch([READS], Grid(int(at), 15, 1)).get("disk_reads").values[:, 0] for at in grid.times()[::6]]
    assert np.array_equal(np.stack(single, axis=1), whole[:, ::6])


def test_a_query_that_is_too_long_is_refused_in_words(source: PrometheusSource, scraped: Scraped) -> None:
    """More than 16 KiB: the limit is named, and asking again would be no use."""
    long = replace(READS, query=f"max by (device) ({READS.query}{' or up' * 3000})")
    with pytest.raises(SourceError, match=r"HTTP 422: .*(too long query|maxQueryLen)") as caught:
        source.fetch([long], Grid(scraped.now - 60, 1, 1))
    assert not caught.value.retriable
