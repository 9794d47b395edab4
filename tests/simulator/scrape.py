"""How exporters are read: scrapes with jitter, some of them lost, and what Prometheus then answers on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.simulator.case import Floats, Labels, Rows, Telemetry
from tests.simulator.scene import Clock

LOOKBACK_SECONDS = 300.0
JITTER_SECONDS = 0.01
STALE_AFTER_INTERVALS = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One scrape target: when it was scraped, shape (K,), and which scrape each step of the grid sees, shape (C,).

    `seen` is -1 at steps that see none.
    """

    interval: int
    at: Floats
    seen: NDArray[np.intp]

    def on_grid(self, values: Floats) -> Floats:
        """Values at the scrapes (…, K) as seen on the grid (…, C)."""
        found = values[..., np.maximum(self.seen, 0)].astype(np.float64)
        found[..., self.seen < 0] = np.nan
        return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Losses:
    """Each scrape is lost with probability `share`; all are within the `outages`, spans of epoch seconds."""

    share: float = 0.0
    outages: Sequence[tuple[float, float]] = ()


def draw_target(rng: np.random.Generator, clock: Clock, interval: int, losses: Losses) -> Target:
    """A target with a phase of its own. A lost scrape ends its series until the next good one."""
    at = np.arange(clock.edges[0] + rng.uniform(0.0, interval), clock.last + 1e-9, interval)
    at = np.minimum(at + np.abs(rng.normal(0.0, JITTER_SECONDS, len(at))), clock.last)
    good = rng.uniform(size=len(at)) >= losses.share
    for start, end in losses.outages:
        good &= (at < start) | (at >= end)
    grid = clock.start + clock.step * np.arange(clock.count, dtype=np.float64)
    seen = np.searchsorted(at, grid, side="right") - 1
    fresh = (seen >= 0) & good[np.maximum(seen, 0)] & (grid - at[np.maximum(seen, 0)] <= LOOKBACK_SECONDS)
    return Target(interval, at, np.where(fresh, seen, -1))


def counter(total: Floats, edges: Floats, at: Floats, restarts: Sequence[float] = (), first: float = 0.0) -> Floats:
    """A running total (T + 1,) at some instants, whole as counters mostly are; from zero after each restart."""
    values = first + np.interp(at, edges, total)
    for restart in sorted(restarts):
        values = np.where(at >= restart, np.interp(at, edges, total) - np.interp(restart, edges, total), values)
    return np.asarray(values)


@dataclass(slots=True)
class Book:
    """Collects the rows of all signals."""

    rows: dict[str, list[tuple[Labels, Floats]]] = field(default_factory=dict)
    intervals: dict[str, int] = field(default_factory=dict)

    def put(self, signal: str, labels: Labels, values: Floats, interval: int) -> None:
        """Add a row, unless nothing is known of it."""
        self.intervals[signal] = max(interval, self.intervals.get(signal, 0))
        if np.isfinite(values).any():
            named = {name: value for name, value in labels.items() if value}
            self.rows.setdefault(signal, []).append((named, values))

    def telemetry(self, clock: Clock) -> Telemetry:
        """All of it."""
        signals = {
            signal: Rows(tuple(labels for labels, _ in rows), np.stack([values for _, values in rows]))
            for signal, rows in self.rows.items()
        }
        intervals = {signal: interval for signal, interval in self.intervals.items() if signal in signals}
        return Telemetry(clock.start, clock.step, clock.count, signals, intervals)
