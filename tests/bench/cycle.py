"""One cycle of the daemon at 1,000 victims and 4,000 volumes with an hour's window: evaluation after fetching.

The values of the hour before come from functions of time, quickly; the cycles that are measured come from a loopback
Prometheus through our source, as in the daemon. A few victims get slower on the way, so that there are quiet cycles,
and cycles with detections and later looks.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from correlator.catalog.loader import load
from correlator.daemon import resident
from correlator.inquiry import Inquiry, Walk
from correlator.model.frame import Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.sources.prometheus import PrometheusSource
from correlator.topology import join
from tests.bench import machine
from tests.bench.cluster import SLOW_FROM, Shape, cluster
from tests.bench.series import SCRAPE_SECONDS
from tests.calibrated import calibrated

QUIET_CYCLES = 8
"""Measured before victims get slower."""

SLOW_CYCLES = 16
"""Measured from then on."""

JOINS = 5
"""Joins of the last window: a cycle needs one when pods, disks or mounts came or went."""


class Watched:
    """A Source: the past from functions of time, single steps from a Prometheus; the time in `fetch` is added up."""

    def __init__(self, shape: Shape, live: Source) -> None:
        """`live` answers for single steps."""
        self._series = cluster(shape)
        self._live = live
        self.fetching = machine.Seconds(0.0, 0.0)

    @property
    def name(self) -> str:
        """For people."""
        return "bench"

    def span(self, now: float) -> tuple[float, float]:
        """All there is."""
        return 0.0, now

    def intervals(self, signals: Sequence[Signal], _at: float) -> Mapping[str, int]:
        """Every signal is scraped alike."""
        return {signal.name: SCRAPE_SECONDS for signal in signals if signal.name in self._series}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """Single steps live, spans from functions."""
        begin = machine.now()
        frames = self._live.fetch(signals, grid, progress) if grid.count == 1 else self._past(signals, grid)
        self.fetching += machine.now() - begin
        return frames

    def _past(self, signals: Sequence[Signal], grid: Grid) -> Frames:
        """Values from functions under the labels that the Prometheus gives, made as the source makes them."""
        live = self._live.fetch(signals, Grid(grid.last, grid.step, 1))
        times = grid.times().astype(np.float64)
        by_signal = {}
        for name, frame in live.by_signal.items():
            values = self._series[name].values(times) if name in self._series else np.empty((0, grid.count))
            rows = {_read(row): index for index, row in enumerate(self._series[name].rows() if len(values) else ())}
            by_signal[name] = Frame(name, grid, frame.labels, values[[rows[labels] for labels in frame.labels]])
        return Frames(grid, by_signal, self.intervals(signals, grid.last))


def _read(row: Mapping[str, str]) -> Labels:
    """A row's labels as the source gives them: it spells every bound in one way."""
    return labels_of({**row, "le": f"{float(row['le']):g}"} if row.get("le", "+Inf") != "+Inf" else row)


def main(url: str) -> None:
    """Fill the window, then measure one cycle after the other."""
    machine.one_core()
    resident.share_heap()
    source = Watched(Shape(), PrometheusSource(url))
    signals = load()
    inquiry = Inquiry(
        source=source,
        signals=signals,
        parameters=calibrated(history_seconds=0),
        tiers={},
        step_seconds=SCRAPE_SECONDS,
        chunk_steps=60,
    )
    first = SLOW_FROM - (QUIET_CYCLES - 1) * SCRAPE_SECONDS
    walk = Walk(inquiry, SCRAPE_SECONDS, first - SCRAPE_SECONDS)
    for _ in walk.advance(first - SCRAPE_SECONDS):
        resident.settle()
    judging: list[machine.Seconds] = []
    fetching: list[machine.Seconds] = []
    findings = 0
    for cycle in range(QUIET_CYCLES + SLOW_CYCLES):
        source.fetching = machine.Seconds(0.0, 0.0)
        begin = machine.now()
        evaluations = list(walk.advance(first + cycle * SCRAPE_SECONDS))
        resident.give_back()
        judging.append(machine.now() - begin - source.fetching)
        fetching.append(source.fetching)
        findings += sum(len(evaluation.findings) for evaluation in evaluations)
    now, most = machine.resident_mebibytes()
    looked = walk.look()
    assert looked is not None
    joining: list[machine.Seconds] = []
    for _ in range(JOINS):
        begin = machine.now()
        join(looked[0])
        joining.append(machine.now() - begin)
    machine.report(
        {
            "quiet": machine.spread(judging[:QUIET_CYCLES]),
            "slow": machine.spread(judging[QUIET_CYCLES:]),
            "fetching": machine.spread(fetching),
            "joining": machine.spread(joining),
            "findings": findings,
            "resident_mebibytes": now,
            "most_mebibytes": most,
        }
    )


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main(sys.argv[1])
