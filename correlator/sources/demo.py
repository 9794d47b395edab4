"""A recording played in an endless loop, as if it were now."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Kind, Signal
from correlator.sources.manifest import RecordingError
from correlator.sources.recording import Recorded, Recording, pick
from correlator.sources.staleness import instance_of

_INSTANT_GAUGES = frozenset({"pod_start_time"})  # gauges whose values are instants
_FINE = 2.0**20


class DemoSource:
    """A Source that plays a recording over and over: the same at the same time for the same `starts_at`.

    The loop that ends at `starts_at` already lies in the past, so that an incident can be seen at once; the next
    begins there. From one loop to the next a counter goes on where it stopped, and heartbeats tell the present. A
    series that was born within the recording is born again in each loop, from its first value.
    """

    def __init__(self, recording: Recording, starts_at: float) -> None:
        """`starts_at` is in epoch seconds. Raises RecordingError when the recording has no steps."""
        grid = recording.frames.grid
        if not grid.count:
            raise RecordingError(recording.path, "has no steps to play")
        self._recording = recording
        self._length = grid.count * grid.step
        self._first = math.ceil(starts_at / grid.step) * grid.step - self._length
        self._base: dict[str, Floats] = {}
        self._growth: dict[str, Floats] = {}
        shift = self._first - grid.start
        for name, what in recording.signals.items():
            self._base[name], self._growth[name] = _continued(recording.frames.get(name), what, shift, self._length)

    @property
    def name(self) -> str:
        """What is played."""
        return f"demo of {self._recording.path}"

    def span(self, now: float) -> tuple[float, float]:
        """From the beginning of the first loop, one length before `starts_at`, to `now`."""
        return float(self._first), now

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:  # noqa: ARG002 - one for all times
        """The intervals that were found when it was recorded."""
        known = self._recording.frames.intervals
        return {signal.name: known[signal.name] for signal in signals if signal.name in known}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """All signals on the grid, NaN before the first loop; `progress` counts signals.

        Raises RecordingError when the grid's step is no multiple of the recorded one.
        """
        recorded = self._recording.frames.grid
        if grid.step % recorded.step:
            raise RecordingError(
                self._recording.path,
                f"recorded every {recorded.step} s: a step of {grid.step} s is no multiple of that",
            )
        loops, offsets = np.divmod(grid.times() - self._first, self._length)
        columns = offsets // recorded.step

        def played(frame: Frame, _: Recorded) -> Floats:
            if not frame.labels:
                return np.empty((0, grid.count))
            values = self._base[frame.signal][:, columns] + self._growth[frame.signal][:, None] * loops
            values[:, loops < 0] = np.nan
            return values

        return pick(self._recording, signals, grid, played, progress)


def _continued(frame: Frame, what: Recorded, shift: int, length: int) -> tuple[Floats, Floats]:
    """The values of the first loop, shape (rows, steps), and what each row gains from loop to loop, shape (rows,)."""
    rows = len(frame.labels)
    if what.kind is Kind.COUNTER:
        values = _without_resets(frame.values)
        return values, np.where(_born_within(frame), 0.0, _gain(values))
    if what.kind is Kind.HEARTBEAT:
        return frame.values + shift, np.full(rows, float(length))
    if frame.signal in _INSTANT_GAUGES:
        is_within = np.fmax.reduce(frame.values, axis=1, initial=-np.inf) >= frame.grid.start
        return frame.values + shift, np.where(is_within, float(length), 0.0)
    return frame.values, np.zeros(rows)


def _without_resets(values: Floats) -> Floats:
    """Counters that go on where they restarted from zero; rows without a restart stay as they are, bit by bit."""
    continued = values.copy()
    for row in continued:
        known = np.flatnonzero(~np.isnan(row))
        steps = np.diff(row[known])
        if (steps < 0).any():
            increments = np.where(steps < 0, row[known][1:], steps)
            row[known[1:]] = row[known[0]] + np.cumsum(increments)
    return continued


def _gain(values: Floats) -> Floats:
    """What counters gained within the recording, fractions rounded up so that no rounding looks like a restart."""
    gains = np.zeros(values.shape[0])
    for index, row in enumerate(values):
        known = row[~np.isnan(row)]
        if known.size:
            gain = known[-1] - known[0]
            is_whole = bool((known == np.rint(known)).all())
            gains[index] = gain if is_whole else (math.ceil(gain * _FINE) + 1) / _FINE
    return gains


def _born_within(frame: Frame) -> NDArray[np.bool_]:
    """Rows that begin later than the first row of their scrape target: shape (rows,)."""
    count = frame.grid.count
    begins = [int(np.flatnonzero(~np.isnan(row))[0]) if not np.isnan(row).all() else count for row in frame.values]
    target_begins: dict[str, int] = {}
    for labels, begin in zip(frame.labels, begins, strict=True):
        instance = instance_of(labels)
        target_begins[instance] = min(begin, target_begins.get(instance, count))
    return np.array(
        [begin > target_begins[instance_of(labels)] for labels, begin in zip(frame.labels, begins, strict=True)],
        dtype=np.bool_,
    )
