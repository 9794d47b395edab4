"""Frames: one signal over a window as a float array."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.grid import Grid

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = tuple[tuple[str, str], ...]


def labels_of(pairs: Mapping[str, str]) -> Labels:
    """The identity of a series: its label pairs sorted by name, empty values dropped as Prometheus does."""
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One signal over a grid: `values` has shape (len(labels), grid.count), in the signal's unit.

    NaN means that nothing is known at that step: the series does not exist, its scrape failed, or it
    went stale. Rows are sorted by labels, so that equal content is an equal frame.
    """

    signal: str
    grid: Grid
    labels: tuple[Labels, ...]
    values: Floats

    def __post_init__(self) -> None:
        """Refuse an array that does not fit its axes."""
        expected = (len(self.labels), self.grid.count)
        if self.values.shape != expected:
            raise ValueError(f"frame {self.signal}: values have shape {self.values.shape}, expected {expected}")

    @classmethod
    def empty(cls, signal: str, grid: Grid) -> "Frame":
        """A frame without series."""
        return cls(signal, grid, (), np.empty((0, grid.count)))

    @classmethod
    def from_rows(cls, signal: str, grid: Grid, rows: Mapping[Labels, Floats]) -> "Frame":
        """A frame with its rows sorted by labels; `rows` maps an identity to an array of shape (grid.count,)."""
        order = tuple(sorted(rows))
        values = np.stack([rows[labels] for labels in order]) if order else np.empty((0, grid.count))
        return cls(signal, grid, order, values)


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """A signal that a verdict needs and that is missing, stale or unmapped; `reason` says which and where."""

    signal: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """All signals of a window on one grid.

    `intervals` holds the update interval in seconds of each signal as it was found; `quality` holds what the
    source said of its own answers (partial, failed, warned).
    """

    grid: Grid
    by_signal: Mapping[str, Frame]
    intervals: Mapping[str, int] = field(default_factory=dict)
    quality: tuple[BlindSpot, ...] = ()

    def get(self, signal: str) -> Frame:
        """The frame of a signal; an empty one where the source has none."""
        frame = self.by_signal.get(signal)
        return Frame.empty(signal, self.grid) if frame is None else frame
