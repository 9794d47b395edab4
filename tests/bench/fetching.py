"""What fetching costs: bytes and JSON alone, our source, prometheus-api-client with its own data frame.

All three get the same answers, one after the other on one core. `step` asks for one step of every signal, as each cycle
of the daemon does; `hour` for an hour of three signals of every victim.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import requests
from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

from correlator.catalog.loader import load
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.sources.prometheus import PrometheusSource
from tests.bench import machine
from tests.bench.cluster import SLOW_FROM, Shape, cluster
from tests.bench.series import SCRAPE_SECONDS
from tests.played import with_vllm

REPEATS = 3
STEPS_OF_AN_HOUR = 241
HOUR_SIGNALS = {"ttft_sum", "ttft_count", "prompt_tokens"}


def bare(url: str, signals: Sequence[Signal], grid: Grid) -> int:
    """POST each query, decode each body; the bytes of all bodies."""
    received = 0
    with requests.Session() as session:
        for signal in signals:
            form = {"query": signal.query, "start": grid.start, "end": grid.last, "step": grid.step}
            body = session.post(f"{url}/api/v1/query_range", data=form, timeout=600).content
            orjson.loads(body)
            received += len(body)
    return received


def with_data_frames(url: str, signals: Sequence[Signal], grid: Grid) -> None:
    """The client as its documentation shows it: a range query, its result as a MetricRangeDataFrame."""
    client: Any = PrometheusConnect(url)
    for signal in signals:
        start, end = datetime.fromtimestamp(grid.start, UTC), datetime.fromtimestamp(grid.last, UTC)
        MetricRangeDataFrame(client.custom_query_range(signal.query, start, end, str(grid.step)))


def compared(url: str, signals: Sequence[Signal], grid: Grid) -> dict[str, Any]:
    """All three ways in turn, several times; a first round lets the server make its answers."""
    source = PrometheusSource(url)
    received = bare(url, signals, grid)
    source.fetch(signals, grid)
    ways: Mapping[str, Callable[[], object]] = {
        "bare": lambda: bare(url, signals, grid),
        "source": lambda: source.fetch(signals, grid),
        "data_frame": lambda: with_data_frames(url, signals, grid),
    }
    taken: dict[str, list[machine.Seconds]] = {way: [] for way in ways}
    for _ in range(REPEATS):
        for way, work in ways.items():
            begin = machine.now()
            work()
            taken[way].append(machine.now() - begin)
    return {"bytes": received, **{way: machine.spread(seconds) for way, seconds in taken.items()}}


def main(url: str) -> None:
    """One step of everything, an hour of a part."""
    machine.one_core()
    served = cluster(Shape())
    signals = [signal for signal in with_vllm(load()) if signal.name in served]
    step = compared(url, signals, Grid(SLOW_FROM, SCRAPE_SECONDS, 1))
    part = [signal for signal in signals if signal.name in HOUR_SIGNALS]
    hour = compared(url, part, Grid(SLOW_FROM - 3600, SCRAPE_SECONDS, STEPS_OF_AN_HOUR))
    machine.report({"step": step, "hour": hour})


if __name__ == "__main__":
    main(sys.argv[1])
