"""What Grafana waits for: panels of a day and lists of labels over 1,000 series, asked of the application itself.

    python -m tests.bench.grafana

The series are kept in memory: what reading them from the store takes is measured with the store. No socket is between.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp, Message

from correlator.daemon import resident
from correlator.model.series import SeriesMatrix
from tests.bench import machine
from tests.kept import KeptSeries
from tests.unit.web.fakes import make_app, make_state

BEGIN_MS = 1_800_000_000_000
DAY_MS = 86_400_000
CYCLE_MS = 15_000
SERIES = 1_000
RUNS = 50
PROMISED = {"panel": 0.2, "list": 0.05}
DAY = {"start": str(BEGIN_MS // 1000), "end": str((BEGIN_MS + DAY_MS) // 1000)}


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and of which kind it is."""

    words: str
    kind: str
    path: str
    form: Mapping[str, str]


def _panel(query: str, step: str) -> Question:
    words = f"{query}, a point every {step}"
    return Question(words, "panel", "query_range", {"query": query, **DAY, "step": step})


QUESTIONS = (
    _panel("ttft", "1m"),
    _panel("ttft", "2m"),
    _panel("ttft > 0.2", "1m"),
    _panel("sum by (namespace) (ttft)", "1m"),
    _panel("topk(5, ttft)", "1m"),
    _panel("max_over_time(ttft[5m])", "2m"),
    Question("ttft now", "list", "query", {"query": "ttft", "time": DAY["end"]}),
    Question("names of labels", "list", "labels", {**DAY, "limit": "40000"}),
    Question("values of a label", "list", "label/pod/values", {"match[]": "ttft", **DAY, "limit": "40000"}),
    Question("names of metrics", "list", "label/__name__/values", {**DAY, "limit": "40000"}),
)


def kept() -> KeptSeries:
    """A day of a thousand series whose values have six digits, as they are kept; one in ten comes and goes."""
    rng = np.random.default_rng(20_001)
    labels = [
        {
            "__name__": "ttft",
            "namespace": f"n{row % 7}",
            "pod": f"vllm-{row // 2}",
            "statistic": ("p50", "p95")[row % 2],
        }
        for row in range(SERIES)
    ]
    times = np.arange(BEGIN_MS, BEGIN_MS + DAY_MS + 1, CYCLE_MS)
    values = np.round(rng.gamma(2.0, 0.1, (SERIES, len(times))), 6)
    for row in range(0, SERIES, 10):
        first = int(rng.integers(len(times)))
        values[row, first : first + 1_000] = np.nan
    return KeptSeries(SeriesMatrix(labels, times, values))


def measured() -> dict[str, Any]:
    """Every question, over and over."""
    app = make_app(make_state(series=kept()))
    resident.settle()  # as the daemon does before it answers
    return {question.words: asyncio.run(_asked(app, question)) for question in QUESTIONS}


async def _asked(app: ASGIApp, question: Question) -> dict[str, float]:
    size = await _answer(app, question)
    taken = []
    for _ in range(RUNS):
        begin = machine.now()
        await _answer(app, question)
        taken.append(machine.now() - begin)
    busy, wall = (np.array([getattr(each, name) for each in taken]) for name in ("busy", "wall"))
    figures = {"bytes": size, "busy_median": float(np.median(busy)), "busy_p99": float(np.percentile(busy, 99))}
    return {**figures, "wall_median": float(np.median(wall)), "wall_p99": float(np.percentile(wall, 99))}


async def _answer(app: ASGIApp, question: Question) -> int:
    """Ask, and say how many bytes came back."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/prometheus/api/v1/{question.path}",
        "query_string": urlencode(question.form).encode(),
        "headers": [(b"accept-encoding", b"gzip")],
    }
    received: list[Message] = []
    asked: list[Message] = [{"type": "http.request", "body": b""}]

    async def receive() -> Message:
        return asked.pop() if asked else await asyncio.Future()  # nobody hangs up

    async def send(message: Message) -> None:
        received.append(message)

    await app(scope, receive, send)
    assert received[0]["status"] == 200, received
    return sum(len(message.get("body", b"")) for message in received)


def table(found: Mapping[str, Mapping[str, float]]) -> Table:
    """Median and p99, beside what is promised."""
    title = f"Grafana's questions: a day of {SERIES:,} series, {RUNS} times each"
    shown = Table(
        "question", "answer", "core busy: median", "p99", "by the clock: median", "p99", "promised", title=title
    )
    for question in QUESTIONS:
        figures = found[question.words]
        names = ("busy_median", "busy_p99", "wall_median", "wall_p99")
        times = (f"{figures[name] * 1000:,.0f} ms" for name in names)
        promised = f"p99 ≤ {PROMISED[question.kind] * 1000:.0f} ms"
        shown.add_row(question.words, f"{figures['bytes'] / 1e6:.2f} MB", *times, promised)
    return shown


def main() -> None:
    """Measured in a process of its own; printed otherwise."""
    if sys.argv[1:] == ["measure"]:
        machine.one_core()
        machine.report(measured())
        return
    console = Console(width=140)
    console.print(machine.described(), highlight=False)
    console.print(table(machine.measure("grafana", "measure")))


if __name__ == "__main__":
    main()
