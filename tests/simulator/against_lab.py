"""Holds simulated cases against the lab's recordings: what moved, and how much, in both.

`python -m tests.simulator.against_lab` prints the table of docs/decisions/simulator.md. Like the tests, and unlike the
simulator, it reads recordings by the project's own reader.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from correlator.sources.recording import read_recording
from tests.simulator.case import Floats, Labels, Rows, Telemetry
from tests.simulator.simulate import valid_cases

FIXTURES = Path(__file__).parents[2] / "fixtures"
SEEDS = range(10_000, 10_400)
CASES = 40

PAIRS: Mapping[str, str] = {
    "quiet": "quiet",
    "one_writer": "one_writer",
    "reader": "reader",
    "two_writers": "two_culprits",
    "small_block_writer": "small_writer",
    "fsync_storm": "metadata_writer",
    "bursts": "bursts",
    "writer_and_bystander": "writer_and_bystanders",
    "writer_with_load_rise": "writer_with_load_rise",
    "unattributed": "unattributed",
    "degraded": "degraded_device",
    "own_io": "weight_loading",
    "load_only": "load_rise",
    "slow_compute": "compute_with_writer",
    "unexposed_victim_slow_compute": "unexposed_compute",
}
"""Recordings of the lab and the kind that is meant to be like each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """During over before: mean and p95 of TTFT, first tokens a second, latency of reads, queue. Then utilization.

    `culprits` is the culprits' part of what pods moved during the event, in bytes; NaN without culprits.
    """

    mean: float
    p95: float
    rate: float
    read_latency: float
    queue: float
    busy_before: float
    busy_during: float
    culprits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Where to look: the victim and its device, the culprits, the event."""

    pod: str
    node: str
    device: str
    culprits: Sequence[str]
    start: float
    end: float


def summary_of(telemetry: Telemetry, happened: Happened) -> Summary:
    """What the series say of the event."""
    look = _Look(telemetry, happened)
    disk = {"node": happened.node, "device": happened.device}
    victim = {"pod": happened.pod}
    count, total = look.gains("ttft_count", victim), look.gains("ttft_sum", victim)
    reads, read_time = look.gains("disk_reads", disk), look.gains("disk_read_time", disk)
    busy = look.gains("disk_io_time", disk) / look.seconds
    moved = look.moved()
    return Summary(
        mean=_ratio(total / count),
        p95=_ratio(look.quantile(victim, 0.95)),
        rate=_ratio(count / look.seconds),
        read_latency=_ratio(read_time / reads),
        queue=_ratio(look.gains("disk_queue_time", disk) / look.seconds),
        busy_before=float(busy[0]),
        busy_during=float(busy[1]),
        culprits=moved if happened.culprits else float("nan"),
    )


def _ratio(sides: Floats) -> float:
    return float(sides[1]) / float(sides[0]) if sides[0] > 0 else float("nan")


class _Look:
    """Reads gains before and during the event out of a telemetry."""

    def __init__(self, telemetry: Telemetry, happened: Happened) -> None:
        self._telemetry, self._happened = telemetry, happened
        times = telemetry.start + telemetry.step * np.arange(telemetry.count)
        guard = 2 * telemetry.step
        self._sides = (
            (times <= happened.start - telemetry.step),
            (times >= happened.start + guard) & (times <= happened.end),
        )
        self.seconds: Floats = np.array([telemetry.step * max(side.sum() - 1, 1) for side in self._sides], dtype=float)

    def gains(self, signal: str, labels: Labels) -> Floats:
        """The gain of a counter on both sides, (2,), summed over its rows with these labels."""
        return np.asarray(np.sum([self._gain(values) for _, values in self._rows(signal, labels)], axis=0))

    def quantile(self, labels: Labels, q: float) -> Floats:
        """The quantile of TTFT on both sides, straight within its bucket."""
        rows = sorted((float(found["le"]), self._gain(values)) for found, values in self._rows("ttft_bucket", labels))
        bounds = np.array([bound for bound, _ in rows])
        counts = np.array([gain for _, gain in rows])
        return np.array([_quantile(bounds, counts[:, side], q) for side in (0, 1)])

    def moved(self) -> float:
        """The culprits' part of all bytes of pods on the device during the event."""
        moved = {True: 0.0, False: 0.0}
        for signal in ("pod_read_bytes", "pod_written_bytes"):
            for labels, values in self._rows(signal, {"device": f"/dev/{self._happened.device}"}):
                key = f"{labels['namespace']}/{labels['pod']}"
                born = np.where(np.isfinite(values), values, 0.0)
                moved[key in self._happened.culprits] += float(self._gain(born)[1])
        return moved[True] / max(sum(moved.values()), 1.0)

    def _rows(self, signal: str, labels: Labels) -> Iterator[tuple[Labels, Floats]]:
        rows = self._telemetry.signals.get(signal, Rows((), np.empty((0, self._telemetry.count))))
        for found, values in zip(rows.labels, rows.values, strict=True):
            if labels.items() <= found.items():
                yield found, values

    def _gain(self, values: Floats) -> Floats:
        """What a counter gained on each side; restarts count from zero."""
        gains = []
        for side in self._sides:
            known = values[side & np.isfinite(values)]
            steps = np.diff(known)
            gains.append(float(np.where(steps < 0, known[1:], steps).sum()) if len(known) else 0.0)
        return np.array(gains)


def _quantile(bounds: Floats, cumulative: Floats, q: float) -> float:
    wanted = q * cumulative[-1]
    place = int(np.searchsorted(cumulative, wanted))
    low, below = (bounds[place - 1], cumulative[place - 1]) if place else (0.0, 0.0)
    high = bounds[place] if np.isfinite(bounds[place]) else 2.0 * low
    return float(low + (high - low) * (wanted - below) / max(cumulative[place] - below, 1e-9))


def recorded(name: str) -> Summary:
    """The summary of a recording."""
    recording = read_recording(FIXTURES / name / "recording.zip")
    truth = json.loads((FIXTURES / name / "truth.json").read_text())
    grid = recording.frames.grid
    signals = {
        signal: Rows(tuple(dict(labels) for labels in frame.labels), frame.values)
        for signal, frame in ((signal, recording.frames.get(signal)) for signal in recording.signals)
    }
    happened = Happened(
        pod=truth["victims"][0]["pod"],
        node=truth["node"],
        device=truth["volume"]["device"],
        culprits=[f"{each['namespace']}/{each['pod']}" for each in truth["culprits"]],
        start=datetime.fromisoformat(truth["event_start_at"]).timestamp(),
        end=datetime.fromisoformat(truth["event_end_at"]).timestamp(),
    )
    return summary_of(Telemetry(grid.start, grid.step, grid.count, signals, {}), happened)


def simulated(kind: str, count: int = CASES, seeds: Sequence[int] = SEEDS) -> list[Summary]:
    """The summaries of so many valid cases of a kind."""
    found = []
    for case in islice(valid_cases(kind, seeds), count):
        victim, telemetry = case.victim, case.telemetry
        middle = telemetry.start + 0.6 * telemetry.step * telemetry.count
        happened = Happened(
            pod=victim.pod,
            node=victim.node,
            device=victim.device,
            culprits=victim.culprits,
            start=victim.event_start_at or middle,
            end=victim.event_end_at or telemetry.start + telemetry.step * telemetry.count,
        )
        found.append(summary_of(telemetry, happened))
    return found


def lines() -> Iterator[str]:
    """The table: the recording's figure, and the median and the middle nine tenths of the simulated ones."""
    names = [field.name for field in fields(Summary)]
    yield f"| recording → kind | {' | '.join(name.replace('_', ' ') for name in names)} |"
    yield f"| --- |{' --- |' * len(names)}"
    for recording, kind in PAIRS.items():
        one, many = recorded(recording), simulated(kind)
        cells = [_cell(getattr(one, name), np.array([getattr(each, name) for each in many])) for name in names]
        yield f"| {recording} → {kind} | {' | '.join(cells)} |"


def _cell(one: float, many: Floats) -> str:
    known = many[np.isfinite(many)]
    if not len(known):
        return "" if np.isnan(one) else f"{one:.2g}"
    low, middle, high = np.quantile(known, (0.05, 0.5, 0.95))
    first = "–" if np.isnan(one) else f"**{one:.2g}**" if low <= one <= high else f"{one:.2g}"
    return f"{first} · {middle:.2g} ({low:.2g}–{high:.2g})"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
