"""The Prometheus source on a Prometheus that scrapes, splits and refuses for real."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from correlator.catalog import load
from correlator.model.grid import Grid
from correlator.model.source import SourceError
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.session import Access
from tests.loopback import served_by
from tests.servers import openmetrics_blocks, prometheus, scrape_config, victoria_metrics

SIGNALS = load()
START = 1_704_110_400
WAIT_SECONDS = 60.0


class Exporter:
    """A tiny exporter: a disk, and a container whose samples carry their own timestamps until the clock is stopped."""

    def __init__(self) -> None:
        self.reads = 0
        self.stopped_at: float | None = None

    def text(self) -> str:
        """What a scrape sees."""
        self.reads += 1
        told_at = self.stopped_at or time.time()
        return (
            "# TYPE node_disk_reads_completed_total counter\n"
            f'node_disk_reads_completed_total{{device="sda"}} {self.reads}\n'
            "# TYPE container_fs_writes_total counter\n"
            f'container_fs_writes_total{{pod="p",namespace="n",device="sda"}} 5 {int(told_at * 1000)}\n'
            "# TYPE container_cpu_usage_seconds_total counter\n"
            f"container_cpu_usage_seconds_total 1 {int(told_at * 1000)}\n"
        )


@contextmanager
def serving(exporter: Exporter) -> Iterator[str]:
    """Serve the exporter; yields host:port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with served_by(Handler) as address:
        yield address


def wait_for_reads(exporter: Exporter, count: int) -> None:
    """Until so many further scrapes have come."""
    until, wanted = time.monotonic() + WAIT_SECONDS, exporter.reads + count
    while exporter.reads < wanted:
        assert time.monotonic() < until, "Prometheus does not scrape"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus without data."""
    with prometheus(tmp_path_factory.mktemp("empty")) as url:
        yield url


def test_every_bundled_query_is_promql(empty: str) -> None:
    """Prometheus accepts each query of the catalogue, each question for intervals, and each probe."""
    source = PrometheusSource(empty)
    asked = [replace(signal, metrics=()) for signal in SIGNALS]  # by name, none of them would be asked for
    frames = source.fetch(asked, Grid(START, 15, 4))
    states = source.probe(asked, START)
    source.close()
    assert frames.quality == ()
    assert [(state.series, state.error) for state in states] == [(0, "")] * len(SIGNALS)


@pytest.fixture(params=["prometheus", "victoria_metrics"])
def scraping(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], AbstractContextManager[str]]:
    """Starts a server that scrapes an address every second and hides nothing of what it has."""

    def start(address: str) -> AbstractContextManager[str]:
        config = scrape_config({"node": address})
        if request.param == "prometheus":
            return prometheus(tmp_path, config=config)
        file = tmp_path / "scrape.yml"
        file.write_text(config)
        return victoria_metrics(tmp_path, arguments=[f"-promscrape.config={file}", "-search.latencyOffset=1s"])

    return start


def test_a_young_server_is_understood(scraping: Callable[[str], AbstractContextManager[str]]) -> None:
    """After a few scrapes at 1 s the interval is known; a target whose own timestamps stop is unknown soon after."""
    exporter = Exporter()
    with serving(exporter) as address, scraping(address) as url:
        source = PrometheusSource(url)
        wait_for_reads(exporter, 7)
        while "disk_reads" not in source.intervals(SIGNALS, source.span(time.time())[1]):
            wait_for_reads(exporter, 1)  # VictoriaMetrics shows a new series a few seconds late
        now = int(source.span(time.time())[1])
        assert source.intervals(SIGNALS, now)["disk_reads"] == 1
        assert source.clock_difference_seconds() == pytest.approx(0.0, abs=5.0)
        alive = source.fetch(SIGNALS, Grid(now - 3, 1, 1))
        assert alive.get("pod_writes").values.tolist() == [[5.0]]
        exporter.stopped_at = time.time()
        wait_for_reads(exporter, 12)
        now = int(source.span(time.time())[1]) - 4  # VictoriaMetrics shows a sample some moments late
        silent = source.fetch(SIGNALS, Grid(now, 1, 1))
        (state,) = source.probe([next(signal for signal in SIGNALS if signal.name == "disk_reads")], now)
        source.close()
    assert silent.get("pod_writes").labels == ()
    assert silent.get("disk_reads").values.shape == (1, 1)
    assert (state.series, state.interval, state.error) == (1, 1, "")


def test_a_window_beyond_the_servers_limit_is_whole(tmp_path: Path) -> None:
    """Seven hours at a step of 1 s, which Prometheus refuses in one answer, arrive without a seam."""
    samples = [
        f'node_disk_reads_completed_total{{device="sda"}} {at - START} {at}' for at in range(START, START + 25_200, 60)
    ]
    text = "\n".join(["# TYPE node_disk_reads_completed counter", *samples, "# EOF\n"])
    signal = next(signal for signal in SIGNALS if signal.name == "disk_reads")
    with prometheus(tmp_path, storage=openmetrics_blocks(text, tmp_path / "storage")) as url:
        source = PrometheusSource(url)
        frame = source.fetch([signal], Grid(START, 1, 25_200)).get("disk_reads")
        source.close()
    assert np.array_equal(frame.values[0], np.arange(25_200) // 60 * 60)


def test_refusals_are_told_in_prometheus_words(empty: str) -> None:
    """A query that is no PromQL fails for good, with the parser's words."""
    source = PrometheusSource(empty, Access(backoff_seconds=0.0))
    with pytest.raises(SourceError, match=r"HTTP 400: bad_data: .*parse error") as caught:
        source.fetch([replace(SIGNALS[0], query="sum by (", metrics=())], Grid(START, 1, 1))
    source.close()
    assert not caught.value.retriable


def test_the_retention_bounds_the_span(empty: str) -> None:
    """A server that keeps a hundred years may hold anything since the beginning of time."""
    source = PrometheusSource(empty)
    assert source.span(START) == (0.0, START)
    source.close()
