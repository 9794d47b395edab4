"""What keeping and reading series costs: `python -m tests.bench.history`.

A day of cycles every 15 s, of 1,000 victims on 1,000 volumes of 500 nodes, is kept as the engine keeps it, then asked
for as Grafana asks.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from correlator.daemon import resident
from correlator.incidents.database import Database
from correlator.model.series import Matcher, MatchKind
from correlator.publish.samples import significant
from correlator.timeseries.exported import Exported, Family
from correlator.timeseries.keeper import Keeper
from correlator.timeseries.reader import KeptSeries
from tests.bench import grafana, machine
from tests.unit.web.fakes import make_app, make_state

VICTIMS: Final = 1_000
NODES: Final = 500
HOURS: Final = 24
STEP: Final = 15
BEGIN: Final = 1_795_392_000
END: Final = BEGIN + HOURS * 3600
RUNS: Final = 30
PODS = [("inference", f"vllm-llama-7d9f8b6c5d-{number:05d}", "llama-3.1-8b") for number in range(VICTIMS)]
VOLUMES = [
    (f"node-{number // 2:04d}/nvme{number % 2}n1", f"node-{number // 2:04d}", f"nvme{number % 2}n1")
    for number in range(VICTIMS)
]
STATISTICS = ("p50", "p95", "mean")
KEYS: Mapping[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
    **{
        f"correlator_victim_ttft_{kind}": (
            ("namespace", "pod", "model_name", "statistic"),
            [(*pod, statistic) for pod in PODS for statistic in STATISTICS],
        )
        for kind in ("seconds", "baseline_seconds")
    },
    "correlator_victim_io_stalled_ratio": (("namespace", "pod"), [pod[:2] for pod in PODS]),
    "correlator_incident_active": (("namespace", "pod", "model_name"), list(PODS)),
    **{
        f"correlator_volume_{kind}": (("volume", "node", "device"), list(VOLUMES))
        for kind in ("utilization_ratio", "queue_depth", "read_latency_seconds", "write_latency_seconds")
    },
    **{
        f"correlator_node_io_{kind}_ratio": (("node",), [(f"node-{number:04d}",) for number in range(NODES)])
        for kind in ("waiting", "stalled")
    },
}


def cycles() -> Iterator[Exported]:
    """A day of them: what is measured wanders by a third in waves of minutes, a baseline by a thousandth."""
    rng = np.random.default_rng(11)
    levels = {name: rng.uniform(0.01, 0.3, len(keys)) for name, (_, keys) in KEYS.items()}
    waves = {name: np.zeros(len(level)) for name, level in levels.items()}
    for _ in range(HOURS * 3600 // STEP):
        exported = {}
        for name, (labels, keys) in KEYS.items():
            wave = waves[name] = 0.9 * waves[name] + rng.normal(0.0, 0.13, len(keys))
            values = significant(levels[name] * np.exp((0.003 if "baseline" in name else 1.0) * wave))
            if name == "correlator_incident_active":
                values = np.zeros(len(keys))
            exported[name] = Family(labels, dict(zip(keys, values.tolist(), strict=True)))
        yield exported


def kept(database: Database) -> dict[str, Any]:
    """Keep a day; what appending and packing took, and how large it became."""
    keeper = Keeper(database, "")
    appending, packing = [], []
    for number, exported in enumerate(cycles()):
        begin = machine.now()
        with database.write() as connection:
            keeper.append(connection, BEGIN + number * STEP, exported)
        keeper.appended()
        appending.append(machine.now() - begin)
        if (number + 1) * STEP % 3600 == 0:
            begin = machine.now()
            keeper.pack(BEGIN + (number + 1) * STEP)
            packing.append(machine.now() - begin)
    with database.read() as connection:
        size = connection.exec_driver_sql("SELECT sum(size) FROM series_blocks").scalar_one()
        names = connection.exec_driver_sql("SELECT sum(length(body)) FROM series_names").scalar_one()
    series = sum(len(keys) for _, keys in KEYS.values())
    return {
        "series": series,
        "megabytes_a_day": (size + names) / 1e6,
        "bytes_a_sample": size / (series * HOURS * 3600 / STEP),
        "appending": machine.spread(appending),
        "packing": machine.spread(packing),
    }


def matcher(label: str, value: str, kind: MatchKind = MatchKind.EQUAL) -> Matcher:
    """One condition."""
    return Matcher(label, kind, value)


QUESTIONS: Mapping[str, list[Matcher]] = {
    "a day of 1,000 series": [
        matcher("__name__", "correlator_victim_ttft_seconds"),
        matcher("statistic", "p95"),
    ],
    "a day of one victim": [
        matcher("__name__", "correlator_victim_ttft_seconds"),
        matcher("pod", PODS[500][1]),
    ],
    "a day of the volumes of ten nodes": [
        matcher("__name__", "correlator_volume_.*", MatchKind.REGEX),
        matcher("node", "node-012.", MatchKind.REGEX),
    ],
}


def asked(path: Path) -> dict[str, Any]:
    """Each question: the first time, by a reader that knows nothing, and again."""
    found: dict[str, Any] = {}
    for name, matchers in QUESTIONS.items():
        with KeptSeries.open(path, "") as series:
            begin = machine.now()
            series.select(matchers, BEGIN * 1000, END * 1000)
            first = machine.now() - begin
            again = []
            for _ in range(RUNS):
                begin = machine.now()
                series.select(matchers, BEGIN * 1000, END * 1000)
                again.append(machine.now() - begin)
        found[name] = {"first": machine.spread([first]), "again": machine.spread(again)}
    for name, matchers in {"labels of a day": [], "pods of one metric": QUESTIONS["a day of 1,000 series"]}.items():
        with KeptSeries.open(path, "") as series:
            taken = []
            for _ in range(RUNS + 1):
                begin = machine.now()
                series.label_sets(matchers, BEGIN * 1000 + 1, END * 1000)
                taken.append(machine.now() - begin)
        found[name] = {"first": machine.spread(taken[:1]), "again": machine.spread(taken[1:])}
    return found


def answered(path: Path) -> dict[str, Any]:
    """Grafana's questions to the application over this store, whole answers."""
    span = {"start": str(BEGIN), "end": str(END)}
    ttft = 'correlator_victim_ttft_seconds{statistic="p95"}'
    names = {**span, "limit": "40000"}
    questions = (
        grafana.Question(f"{ttft}, a point every 2m", "panel", "query_range", {"query": ttft, **span, "step": "2m"}),
        grafana.Question(f"{ttft}, a point every 1m", "panel", "query_range", {"query": ttft, **span, "step": "1m"}),
        grafana.Question("names of labels", "list", "labels", names),
        grafana.Question("values of a label", "list", "label/pod/values", names),
    )
    with KeptSeries.open(path, "") as series:
        app = make_app(make_state(series=series))
        resident.settle()
        return {question.words: asyncio.run(grafana._asked(app, question)) for question in questions}


def measured() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "correlator.db"
        database = Database.open(path)
        keeping = kept(database)
        database.close()
        size = path.stat().st_size / 1e6
        return {**keeping, "asked": asked(path), "answered": answered(path), "file_megabytes": size}


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print them."""
    table = Table("kept series", "core busy: median", "least", "most", "by the clock: median", "runs")
    table.title = f"{VICTIMS:,} victims on {VICTIMS:,} volumes: {figures['series']:,} series every {STEP} s"
    rows = {"a cycle is appended": figures["appending"], "an hour is packed": figures["packing"]}
    for question, taken in figures["asked"].items():
        rows |= {f"{question}, first": taken["first"], f"{question}, again": taken["again"]}
    for name, spread in rows.items():
        busy = (f"{spread[f'busy_{which}'] * 1000:,.1f} ms" for which in ("median", "min", "max"))
        table.add_row(name, *busy, f"{spread['wall_median'] * 1000:,.1f} ms", f"{spread['runs']:.0f}")
    console.print(table)
    answers = Table("whole answers from the store", "core busy: median", "p99", "by the clock: median", "p99")
    for name, taken in figures["answered"].items():
        columns = ("busy_median", "busy_p99", "wall_median", "wall_p99")
        answers.add_row(name, *(f"{taken[column] * 1000:,.0f} ms" for column in columns))
    console.print(answers)
    console.print(
        f"{figures['megabytes_a_day']:.0f} MB a day, {figures['bytes_a_sample']:.2f} bytes a sample; "
        f"the file has {figures['file_megabytes']:.0f} MB after a day",
        highlight=False,
    )


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        machine.one_core()
        machine.report(measured())
