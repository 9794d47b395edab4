"""Increments of counters, with true zeros told from missing data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.rows import Groups, Indices, by_target
from correlator.model.frame import Floats, Frame, Frames

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
        gained = np.empty(values.shape)
        gained[:, 0] = np.nan
        delta = np.subtract(values[:, 1:], values[:, :-1], out=gained[:, 1:])
        restarted = delta < 0 if resets is None else resets[:, 1:] | (delta < 0)
        np.copyto(delta, values[:, 1:], where=restarted)
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


def counter_rates(frame: Frame, rows: Indices, alive: Bools | None) -> Floats:
    """Rates per second of the chosen rows, shape (len(rows), steps); NaN as in `increments`.

    `alive` is their liveness, of the same shape.
    """
    values = frame.values[rows]
    gained = increments(values, alive)
    if not np.isfinite(values).all():
        gained = gained / np.minimum(gap_lengths(values), gap_lengths(gained))
    return gained / frame.grid.step


def liveness(frame: Frame, heartbeat: Frame | None, interval: int | None, rows: Indices | None = None) -> Bools:
    """Whether the target of each of the chosen rows was up at each step, shape (rows, steps); None: of all rows.

    A target is up when its heartbeat is fresh; without one, when any series of the same target is known.
    Rows without the label `instance` share one unnamed target.
    """
    targets = by_target(frame.labels)
    codes = targets.codes if rows is None else targets.codes[rows]
    if not len(codes):
        return np.zeros((0, frame.grid.count), dtype=np.bool_)
    wanted, place = np.unique(codes, return_inverse=True)
    alive = _any_known(frame.values, targets, wanted)
    if heartbeat is not None:
        names = list(targets.code)
        alive |= _fresh(heartbeat, interval, [names[code] for code in wanted.tolist()])
    return np.asarray(alive[place])


def _any_known(values: Floats, targets: Groups[str], wanted: Indices) -> Bools:
    """Whether any row of each wanted target is known, shape (len(wanted), steps)."""
    if len(wanted) == len(targets.code):
        known = np.isfinite(values)
        return np.asarray(np.logical_or.reduceat(known[targets.order], targets.starts[:-1], axis=0))
    return np.stack([np.isfinite(values[targets.members(code)]).any(axis=0) for code in wanted.tolist()])


def _fresh(heartbeat: Frame, interval: int | None, names: Sequence[str]) -> Bools:
    """Whether the heartbeat of each named target is fresh, shape (len(names), steps); never where it has none."""
    limit = 2.5 * max(heartbeat.grid.step, interval or heartbeat.grid.step)
    targets = by_target(heartbeat.labels)
    codes = np.array([targets.code.get(name, -1) for name in names])
    newest = targets.order[targets.starts[codes + 1] - 1]
    with np.errstate(invalid="ignore"):
        fresh = heartbeat.grid.times() - heartbeat.values[newest] <= limit
    return np.asarray(fresh & (codes >= 0)[:, None])


def liveness_of(frames: Frames, signal: str, heartbeat: str, rows: Indices | None = None) -> Bools:
    """`liveness` of a signal's rows by the named heartbeat signal."""
    beat, interval = frames.by_signal.get(heartbeat), frames.intervals.get(heartbeat)
    return liveness(frames.get(signal), beat if beat is not None and beat.labels else None, interval, rows)


def gains_of(frames: Frames, signal: str, heartbeat: str, resets: Bools | None = None) -> Floats:
    """`increments` of all rows of a counter, shape (rows, steps); liveness by the named heartbeat signal."""
    values = frames.get(signal).values
    alive = None if np.isfinite(values).all() else liveness_of(frames, signal, heartbeat)  # what is known needs none
    return increments(values, alive, resets)
