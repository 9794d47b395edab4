"""Increments of counters, with true zeros told from missing data."""

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Frames, Labels

MAX_GAP_STEPS = 8
"""Across a longer gap an increment says too little about when it happened."""

Bools = NDArray[np.bool_]


def increments(values: Floats, alive: Bools | None = None, resets: Bools | None = None) -> Floats:
    """What each counter gained since the step before, shape (series, steps); the first column is NaN.

    A fall is a restart from zero. After a gap of up to MAX_GAP_STEPS the whole gain stands at the first step
    that is known again, and the gap itself stays NaN. With `alive` (same shape: the series' target was up),
    a series that is absent while its target is up has gained nothing: 0, and what it holds when it is born counts.
    `resets` overrides the test for a restart, for counters that restart together.
    """
    if values.shape[1] == 0:
        return values.copy()
    known = np.isfinite(values)
    if known.all():
        gained = np.full_like(values, np.nan)
        delta = np.diff(values, axis=1)
        restarted = delta < 0 if resets is None else resets[:, 1:] | (delta < 0)
        gained[:, 1:] = np.where(restarted, values[:, 1:], delta)
        return gained
    return _increments_with_gaps(values, known, alive, resets)


def _increments_with_gaps(values: Floats, known: Bools, alive: Bools | None, resets: Bools | None) -> Floats:
    """The general case of `increments`."""
    steps = np.arange(values.shape[1])
    newest = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    before = np.empty_like(newest)
    before[:, 0] = -1
    before[:, 1:] = newest[:, :-1]
    previous = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    with np.errstate(invalid="ignore"):
        delta = values - previous
        restarted = delta < 0
        if resets is not None:
            restarted |= resets
        gained = np.where(restarted, values, delta)
    away = _away(known, before, alive)
    gained[(before < 0) | ((steps - before > MAX_GAP_STEPS) & ~away)] = np.nan
    if alive is not None:
        gained[away & ~known] = 0.0
        was_alive = np.zeros_like(alive)
        was_alive[:, 1:] = alive[:, :-1]
        born = known & (before < 0) & was_alive
        gained[born] = values[born]
        unborn = (newest < 0) & alive
        last = newest[:, -1:]
        ended = (steps > last) & (last >= 0) & alive
        gained[unborn | ended] = 0.0
        gained[:, 0] = np.nan
    return gained


def _away(known: Bools, before: NDArray[np.intp], alive: Bools | None) -> Bools:
    """Steps of long gaps under a target that lived all the while, and the steps that end them.

    The series was gone, not unseen: its pod did nothing, and what it counts when it is back was gained then.
    """
    if alive is None:
        return np.zeros_like(known)
    steps = np.arange(known.shape[1])
    following = np.where(known, steps, known.shape[1])
    following = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1]
    dead = np.cumsum(~alive, axis=1)
    end = np.minimum(following, known.shape[1] - 1)
    missed: NDArray[np.int64] = np.take_along_axis(dead, end, axis=1) - np.take_along_axis(
        dead, np.maximum(before, 0), axis=1
    )
    inside = (before >= 0) & (following < known.shape[1])
    return np.asarray(inside & (following - before > MAX_GAP_STEPS) & (missed == 0))


def gap_lengths(values: Floats) -> Floats:
    """For each step the number of steps since the newest known one before it, at least 1; shape of `values`."""
    known = np.isfinite(values)
    steps = np.arange(values.shape[1])
    newest = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    before = np.full_like(newest, -1)
    before[:, 1:] = newest[:, :-1]
    return np.where((before >= 0) & known, steps - before, 1).astype(np.float64)


def counter_rates(frame: Frame, rows: NDArray[np.intp], alive: Bools | None) -> Floats:
    """Rates per second of the chosen rows, shape (len(rows), steps); NaN as in `increments`."""
    values = frame.values[rows]
    gained = increments(values, None if alive is None else alive[rows])
    if not np.isfinite(values).all():
        gained = gained / np.minimum(gap_lengths(values), gap_lengths(gained))
    return gained / frame.grid.step


def liveness(frame: Frame, heartbeat: Frame | None, interval: int | None) -> Bools:
    """Whether each row's target was up at each step, shape of the frame's values.

    A target is up when its heartbeat is fresh; without one, when any series of the same target is known.
    Rows without the label `instance` share one unnamed target.
    """
    targets = [dict(labels).get("instance", "") for labels in frame.labels]
    up_by_target = _heartbeats(heartbeat, interval) if heartbeat is not None else {}
    known = np.isfinite(frame.values)
    rows_of: dict[str, list[int]] = {}
    for row, target in enumerate(targets):
        rows_of.setdefault(target, []).append(row)
    alive = np.zeros(frame.values.shape, dtype=np.bool_)
    for target, rows in rows_of.items():
        seen = known[rows].any(axis=0)
        alive[rows] = seen | up_by_target[target] if target in up_by_target else seen
    return alive


def _heartbeats(heartbeat: Frame, interval: int | None) -> dict[str, Bools]:
    """Freshness of each target over the grid."""
    step = heartbeat.grid.step
    limit = 2.5 * max(step, interval or step)
    times = heartbeat.grid.times()
    fresh: dict[str, Bools] = {}
    for labels, values in zip(heartbeat.labels, heartbeat.values, strict=True):
        with np.errstate(invalid="ignore"):
            fresh[dict(labels).get("instance", "")] = times - values <= limit
    return fresh


def liveness_of(frames: Frames, signal: str, heartbeat: str) -> Bools:
    """`liveness` of a signal by the named heartbeat signal."""
    beat = frames.by_signal.get(heartbeat)
    return liveness(
        frames.get(signal), beat if beat is not None and beat.labels else None, frames.intervals.get(heartbeat)
    )


def label(labels: Labels, name: str) -> str:
    """The value of one label; empty when it is not there."""
    for key, value in labels:
        if key == name:
            return value
    return ""
