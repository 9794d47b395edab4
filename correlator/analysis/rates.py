"""Increments of counters, with true zeros told from missing data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.rows import NONE, Groups, Indices, by_target
from correlator.model.frame import Floats, Frame, Frames

MAX_GAP_STEPS = 8
"""Across a longer gap an increment says too little about when it happened."""

LEFT_BY_NO_RESTART = 0.99
"""A counter that still holds this much of what it held has not begun anew.

Another of several equal Prometheus has answered, which had seen less, or a store has rounded (VictoriaMetrics keeps a
dozen digits). Taken for a restart, such a fall would be a gain of everything since the counter's birth.
"""

Bools = NDArray[np.bool_]


def restarted(before: Floats, now: Floats) -> Bools:
    """Where a counter began anew between two readings; False where one of them is unknown."""
    with np.errstate(invalid="ignore"):
        return np.asarray(now < LEFT_BY_NO_RESTART * before)


def increments(values: Floats, alive: Bools | None = None, resets: Bools | None = None) -> Floats:
    """What each counter gained since the step before, shape (series, steps); the first column is NaN.

    A fall is a restart from zero, but for a slight one, which is no gain. After a gap of up to MAX_GAP_STEPS the whole
    gain stands at the first step that is known again, and the gap itself stays NaN. With `alive` (same shape: the
    series' target was up), a series that is absent while its target is up has gained nothing: 0, and what it holds when
    it is born counts. `resets` takes the place of the test for a restart, for counters that restart together.
    """
    return _gained(values, _Gaps.of(np.isfinite(values)), alive, resets)


def gains(values: Floats, liveness: Callable[[], Bools], resets: Bools | None = None) -> Floats:
    """`increments` by a liveness that is asked for only where it matters."""
    gaps = _Gaps.of(np.isfinite(values))
    return _gained(values, gaps, liveness() if gaps.need_liveness(values.shape[1]) else None, resets)


def _gained(values: Floats, gaps: "_Gaps", alive: Bools | None, resets: Bools | None) -> Floats:
    """`increments` of values with these gaps."""
    if values.shape[1] == 0:
        return values.copy()
    gained = _between_neighbours(values, resets)
    if len(gaps.row):
        _bridge_gaps(gained, values, gaps, alive, resets)
    return gained


def _between_neighbours(values: Floats, resets: Bools | None) -> Floats:
    """The increments where both a step and the one before it are known; the other ones are yet to be told."""
    gained = np.empty(values.shape)
    gained[:, 0] = np.nan
    with np.errstate(invalid="ignore"):
        delta = np.subtract(values[:, 1:], values[:, :-1], out=gained[:, 1:])
        row, step = np.nonzero(delta < 0)  # few: most counters only grow
    delta[row, step] = 0.0
    if resets is not None:
        np.copyto(delta, values[:, 1:], where=resets[:, 1:])
        return gained
    anew = restarted(values[row, step], values[row, step + 1])
    delta[row[anew], step[anew]] = values[row[anew], step[anew] + 1]
    return gained


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """Every run of unknown steps [first, end) and the row that it is in, each of shape (G,)."""

    row: Indices
    first: Indices
    end: Indices

    @classmethod
    def of(cls, known: Bools) -> "_Gaps":
        if known.all():
            return cls(NONE, NONE, NONE)
        rows, width = known.shape[0], known.shape[1] + 1
        turns = np.empty((rows, width), dtype=np.bool_)
        np.not_equal(known[:, 1:], known[:, :-1], out=turns[:, 1:-1])
        turns[:, 0], turns[:, -1] = ~known[:, 0], ~known[:, -1]
        places = np.flatnonzero(turns)  # in each row by turns where a gap begins and where it ends
        return cls(places[::2] // width, places[::2] % width, places[1::2] % width)

    def among(self, chosen: Bools) -> "_Gaps":
        return _Gaps(self.row[chosen], self.first[chosen], self.end[chosen])

    def need_liveness(self, steps: int) -> bool:
        """Whether it matters if the target was up: not in short gaps between known steps of so many."""
        is_short = (self.first > 0) & (self.end < steps) & (self.end - self.first < MAX_GAP_STEPS)
        return not bool(is_short.all())

    def were_lived_through(self, alive: Bools) -> Bools:
        """Whether the target was up from the first unknown step to the one that ends the gap, shape (G,)."""
        dead = np.cumsum(~alive[self.row], axis=1)
        here = np.arange(len(self.row))
        return np.asarray(dead[here, self.end] == dead[here, self.first - 1])


def _bridge_gaps(gained: Floats, values: Floats, gaps: _Gaps, alive: Bools | None, resets: Bools | None) -> None:
    """Tell in place what was gained in gaps and at the steps that end them: gaps are few beside the steps."""
    begins, ends = gaps.first == 0, gaps.end == values.shape[1]
    closed = gaps.among(~begins & ~ends)
    away = _close(gained, values, closed, alive, resets)
    born = gaps.among(begins & ~ends)
    gained[born.row, born.end] = np.nan
    if alive is None:
        return
    born = born.among(alive[born.row, born.end - 1])
    gained[born.row, born.end] = values[born.row, born.end]
    for absent in (gaps.among(begins | ends), closed.among(away)):
        steps = np.arange(values.shape[1])
        inside = (steps >= absent.first[:, None]) & (steps < absent.end[:, None]) & alive[absent.row]
        gap, step = np.nonzero(inside)
        gained[absent.row[gap], step] = 0.0
    gained[:, 0] = np.nan


def _close(gained: Floats, values: Floats, gaps: _Gaps, alive: Bools | None, resets: Bools | None) -> Bools:
    """Tell the gain over each gap between two known steps, and which are long under a target that lived all the while.

    In those the series was gone, not unseen: its pod did nothing, and what it counts when it is back was gained then.
    """
    now = values[gaps.row, gaps.end]
    before = values[gaps.row, gaps.first - 1]
    anew = restarted(before, now) if resets is None else resets[gaps.row, gaps.end]
    delta = np.where(anew, now, np.maximum(now - before, 0.0))
    is_long = gaps.end - gaps.first >= MAX_GAP_STEPS
    away = np.zeros(len(is_long), dtype=np.bool_)
    if alive is not None:
        away[is_long] = gaps.among(is_long).were_lived_through(alive)
    gained[gaps.row, gaps.end] = np.where(is_long & ~away, np.nan, delta)
    return away


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
    return gains(frames.get(signal).values, lambda: liveness_of(frames, signal, heartbeat), resets)
