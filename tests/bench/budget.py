"""What a cycle asks and what comes back, at 2,000 victims and 20,000 volumes: `python -m tests.bench.budget`.

The steady cycle: one new step of every signal, with the questions that are held for a minute already answered.
"""

import sys
import zlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from requests import Response
from rich.console import Console
from rich.table import Table

from correlator.catalog.loader import load
from correlator.model.grid import Grid
from correlator.sources.prometheus import PrometheusSource
from tests.bench import machine
from tests.bench.cluster import SLOW_FROM, Shape
from tests.bench.series import SCRAPE_SECONDS
from tests.played import with_vllm

LARGE = Shape(nodes=2000, disks=10, victims_per_node=1)
TIMED_CYCLES = 5
MOST_QUERIES = 60
MOST_MEGABYTES = 30.0


@dataclass
class Traffic:
    """Queries and bytes of answers, as JSON and as gzip would send it, by the query that was asked."""

    queries: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def count(self, response: Response, *_: Any, **__: Any) -> None:  # noqa: ANN401 - a hook of requests
        """Take one answer."""
        body = response.request.body
        query = _query(body.decode() if isinstance(body, bytes) else body or "")
        self.queries[query] = self.queries.get(query, 0) + 1
        self.answered[query] = self.answered.get(query, 0) + len(response.content)
        self.sent[query] = self.sent.get(query, 0) + len(zlib.compress(response.content, 6))


def _query(form: str) -> str:
    return parse_qs(form).get("query", ["metric names"])[0]


def measured(url: str) -> dict[str, Any]:
    """The traffic of one steady cycle, by exporter."""
    source, signals, traffic = PrometheusSource(url), load(), Traffic()
    first = SLOW_FROM // 60 * 60
    source.fetch(signals, Grid(first, SCRAPE_SECONDS, 1))
    source._questions.session.hooks["response"].append(traffic.count)
    frames = source.fetch(signals, Grid(first + SCRAPE_SECONDS, SCRAPE_SECONDS, 1))
    exporters: dict[str, dict[str, float]] = {}
    of_query = {signal.query: signal for signal in with_vllm(signals)}
    for query, count in traffic.queries.items():
        signal = of_query.get(query)
        row = exporters.setdefault(signal.exporter if signal else "other questions", dict.fromkeys(_COLUMNS, 0.0))
        row["queries"] += count
        row["series"] += len(frames.get(signal.name).labels) if signal else 0
        row["megabytes"] += traffic.answered[query] / 1e6
        row["megabytes_gzip"] += traffic.sent[query] / 1e6
    source._questions.session.hooks["response"].clear()
    taken = []
    for cycle in range(2, 2 + TIMED_CYCLES):
        begin = machine.now()
        source.fetch(signals, Grid(first + cycle * SCRAPE_SECONDS, SCRAPE_SECONDS, 1))
        taken.append(machine.now() - begin)
    now, most = machine.resident_mebibytes()
    return {"exporters": exporters, "fetching": machine.spread(taken), "resident": now, "most": most}


_COLUMNS = ("queries", "series", "megabytes", "megabytes_gzip")


def table(exporters: dict[str, dict[str, float]]) -> Table:
    """The traffic with its sum and what is promised."""
    size = f"{LARGE.victims:,} victims, {LARGE.volumes:,} volumes: what one cycle asks"
    shown = Table("exporter", "queries", "series", "answers as JSON", "as gzip sends them", title=size)
    total = {column: sum(row[column] for row in exporters.values()) for column in _COLUMNS}
    for name, row in (*exporters.items(), ("all", total)):
        shown.add_row(
            name,
            f"{row['queries']:.0f}",
            f"{row['series']:,.0f}",
            f"{row['megabytes']:.1f} MB",
            f"{row['megabytes_gzip']:.1f} MB",
        )
    shown.add_row("promised", f"≤ {MOST_QUERIES}", "", f"< {MOST_MEGABYTES:.0f} MB", "")
    return shown


def show(console: Console, found: dict[str, Any]) -> None:
    """The traffic and what decoding it takes."""
    console.print(table(found["exporters"]))
    fetching = found["fetching"]
    console.print(
        f"fetching it into frames keeps one core busy for {fetching['busy_median']:.1f} s (median of "
        f"{fetching['runs']:.0f}); resident memory {found['resident']:.0f} MiB, at most {found['most']:.0f} MiB",
        highlight=False,
    )


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
