"""What a cycle asks and what comes back, at 2,000 victims and 20,000 volumes: `python -m tests.bench.budget`.

First one new step of everything, as a small cluster is asked; then the cycles of a walk that asks for screens of all
volumes, and in full for what looks need, as the daemon does at that size: quiet ones, those in which ten victims are
found to be worse, and those in which their incidents are open. Each figure is that of the largest cycle of its kind.
"""

import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from requests import Response
from rich.console import Console
from rich.table import Table

from correlator.catalog.loader import load
from correlator.daemon.composition import WHOLE_DISKS
from correlator.inquiry import Inquiry, Walk
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.sources.prometheus import PrometheusSource
from tests.bench import machine
from tests.bench.cluster import SLOW_FROM, Shape
from tests.bench.series import SCRAPE_SECONDS
from tests.bench.server import first_metric
from tests.calibrated import calibrated
from tests.played import with_vllm

LARGE = Shape(nodes=2000, disks=10, victims_per_node=1)
TIMED_CYCLES = 5
WINDOW_STEPS = 48
QUIET_CYCLES = 6
SLOW_CYCLES = 16
MOST_QUERIES = 60
MOST_MEGABYTES = 30.0


@dataclass
class Traffic:
    """Queries and bytes of answers, as JSON and as gzip would send it, by the query that was asked."""

    queries: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)

    def count(self, response: Response, *_: Any, **__: Any) -> None:  # noqa: ANN401 - a hook of requests
        """Take one answer."""
        body = response.request.body
        query = _query(body.decode() if isinstance(body, bytes) else body or "")
        self.queries[query] = self.queries.get(query, 0) + 1
        self.answered[query] = self.answered.get(query, 0) + len(response.content)
        self.series[query] = self.series.get(query, 0) + response.content.count(b'{"metric":')
        self.sent[query] = self.sent.get(query, 0) + len(zlib.compress(response.content, 6))


def _query(form: str) -> str:
    return parse_qs(form).get("query", ["metric names"])[0]


@contextmanager
def counted(source: PrometheusSource) -> Iterator[Traffic]:
    """The traffic in between."""
    traffic, hooks = Traffic(), source._questions.session.hooks["response"]
    hooks.append(traffic.count)
    yield traffic
    hooks.clear()


def by_exporter(traffic: Traffic, signals: Sequence[Signal]) -> dict[str, dict[str, float]]:
    """Queries and sizes of answers, of narrowed queries as of whole ones."""
    of_query = {signal.query: signal for signal in with_vllm(signals)}
    of_metric = {name: signal for signal in of_query.values() if (name := first_metric(signal.query))}
    exporters: dict[str, dict[str, float]] = {}
    for query, count in traffic.queries.items():
        signal = None if "timestamp" in query and query not in of_query else of_query.get(query)
        signal = signal or of_metric.get(first_metric(query))
        row = exporters.setdefault(signal.exporter if signal else "other questions", dict.fromkeys(_COLUMNS, 0.0))
        row["queries"] += count
        row["series"] += traffic.series[query]
        row["megabytes"] += traffic.answered[query] / 1e6
        row["megabytes_gzip"] += traffic.sent[query] / 1e6
    return exporters


def of_everything(source: PrometheusSource) -> dict[str, Any]:
    """One new step of every signal; questions that are held for a minute are already answered."""
    signals = load()
    first = SLOW_FROM // 60 * 60
    source.fetch(signals, Grid(first, SCRAPE_SECONDS, 1))
    with counted(source) as traffic:
        source.fetch(signals, Grid(first + SCRAPE_SECONDS, SCRAPE_SECONDS, 1))
    taken = []
    for number in range(2, 2 + TIMED_CYCLES):
        begin = machine.now()
        source.fetch(signals, Grid(first + number * SCRAPE_SECONDS, SCRAPE_SECONDS, 1))
        taken.append(machine.now() - begin)
    return {"exporters": by_exporter(traffic, signals), "fetching": machine.spread(taken)}


def of_walk(source: PrometheusSource) -> dict[str, Any]:
    """The cycles of a walk through the onset of trouble; all that a cycle asks is counted."""
    signals = load()
    inquiry = Inquiry(
        source=source,
        signals=signals,
        parameters=calibrated(window_steps=WINDOW_STEPS, window_seconds_minimum=60, history_seconds=0),
        tiers={},
        step_seconds=SCRAPE_SECONDS,
        whole_disks=WHOLE_DISKS,
    )
    first = SLOW_FROM - QUIET_CYCLES * SCRAPE_SECONDS
    walk = Walk(inquiry, SCRAPE_SECONDS, first)
    for _ in walk.advance(first):
        pass
    found: dict[str, dict[str, Any]] = {}
    taken: dict[str, list[machine.Seconds]] = {}
    known = 0
    for at in range(first + SCRAPE_SECONDS, SLOW_FROM + SLOW_CYCLES * SCRAPE_SECONDS, SCRAPE_SECONDS):
        begin = machine.now()
        with counted(source) as traffic:
            (evaluation,) = walk.advance(at)
        seconds = machine.now() - begin
        now = len(evaluation.memory.open)
        kind = "found" if now > known else "open" if now else "quiet"
        known = now
        exporters = by_exporter(traffic, signals)
        if kind not in found or size_of(exporters) > size_of(found[kind]["exporters"]):
            found[kind] = {"exporters": exporters, "open": now}
        taken.setdefault(kind, []).append(seconds)
    return {kind: {**cycle, "taking": machine.spread(taken[kind])} for kind, cycle in found.items()}


def measured(url: str) -> dict[str, Any]:
    """Both ways."""
    source = PrometheusSource(url)
    return {"walk": of_walk(source), "resident": machine.resident_mebibytes(), "everything": of_everything(source)}


def size_of(exporters: dict[str, dict[str, float]]) -> float:
    """Megabytes of all answers."""
    return sum(row["megabytes"] for row in exporters.values())


_COLUMNS = ("queries", "series", "megabytes", "megabytes_gzip")


def table(title: str, exporters: dict[str, dict[str, float]]) -> Table:
    """The traffic of a cycle with its sum."""
    shown = Table(title, "queries", "series", "answers as JSON", "as gzip sends them", title_justify="left")
    total = {column: sum(row[column] for row in exporters.values()) for column in _COLUMNS}
    for name, row in (*sorted(exporters.items()), ("all", total)):
        shown.add_row(
            name,
            f"{row['queries']:.0f}",
            f"{row['series']:,.0f}",
            f"{row['megabytes']:.1f} MB",
            f"{row['megabytes_gzip']:.1f} MB",
        )
    return shown


def show(console: Console, found: dict[str, Any]) -> None:
    """The traffic and what it takes, each way."""
    console.print(
        f"{LARGE.victims:,} victims, {LARGE.volumes:,} volumes; promised for a cycle: at most {MOST_QUERIES} "
        f"queries, less than {MOST_MEGABYTES:.0f} MB",
        highlight=False,
    )
    console.print(table("everything", found["everything"]["exporters"]))
    busy = found["everything"]["fetching"]["busy_median"]
    console.print(f"fetching it keeps one core busy for {busy:.1f} s", highlight=False)
    for kind, cycle in found["walk"].items():
        console.print(table(f"{kind}: {cycle['open']} open", cycle["exporters"]))
        busy = cycle["taking"]["busy_median"]
        console.print(f"fetching and judging keep one core busy for {busy:.1f} s", highlight=False)
    now, most = found["resident"]
    console.print(f"resident memory after the walk {now:.0f} MiB, at most {most:.0f} MiB", highlight=False)


def main() -> None:
    """Measured in a process of its own when an address is given; printed otherwise."""
    if len(sys.argv) > 1:
        machine.one_core()
        machine.report(measured(sys.argv[1]))
        return
    console = Console(width=130)
    console.print(machine.described(), highlight=False)
    with machine.serving(LARGE) as url:
        show(console, machine.measure("budget", url))


if __name__ == "__main__":
    main()
