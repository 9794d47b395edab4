"""First tokens of every victim as request counts in buckets, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.rates import Bools, gains, gains_of, liveness_of, restarted
from correlator.analysis.rows import Groups, Indices, Rows, kept, label
from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.signal import MEASURED, Measured
from correlator.model.topology import PodRef, victim_ref

SERVERS_AT_ONCE = 128
"""The buckets of so many servers are counted at a time: what that takes stays small beside the counts themselves."""


@dataclass(frozen=True, slots=True, order=True)
class VictimKey:
    """One model served by one pod."""

    ref: PodRef
    model_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Victims:
    """TTFT and load of all victims over one grid.

    `bounds` are the upper bounds of the buckets in seconds, ascending, the last one +inf; shape (B,).
    `counts` are first tokens in each bucket and step, shape (V, B, T): NaN where the step is not known.
    `ttft_sum` in seconds, `first_tokens`, `arrivals` and `prompt_tokens` are gains in each step, shape (V, T);
    `waiting` and `running` are readings. `arrivals` are requests that came in, whether or not they were served:
    what finished plus what more is inside, NaN where either is not known.
    """

    grid: Grid
    keys: tuple[VictimKey, ...]
    bounds: Floats
    counts: Floats
    ttft_sum: Floats
    first_tokens: Floats
    arrivals: Floats
    prompt_tokens: Floats
    waiting: Floats
    running: Floats

    def part(self, rows: slice) -> "Victims":
        """Some of the victims, as views."""
        return replace(
            self,
            keys=self.keys[rows],
            counts=self.counts[rows],
            ttft_sum=self.ttft_sum[rows],
            first_tokens=self.first_tokens[rows],
            arrivals=self.arrivals[rows],
            prompt_tokens=self.prompt_tokens[rows],
            waiting=self.waiting[rows],
            running=self.running[rows],
        )

    def one(self, index: int) -> "Victim":
        """The rows of one victim."""
        return Victim(
            key=self.keys[index],
            step=self.grid.step,
            bounds=self.bounds,
            counts=self.counts[index],
            ttft_sum=self.ttft_sum[index],
            first_tokens=self.first_tokens[index],
            arrivals=self.arrivals[index],
            prompt_tokens=self.prompt_tokens[index],
            waiting=self.waiting[index],
            running=self.running[index],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Victim:
    """One victim's rows of `Victims`: `counts` has shape (B, T), the others (T,). `step` is the grid's, in seconds."""

    key: VictimKey
    step: int
    bounds: Floats
    counts: Floats
    ttft_sum: Floats
    first_tokens: Floats
    arrivals: Floats
    prompt_tokens: Floats
    waiting: Floats
    running: Floats


def victims_of(frames: Frames) -> Victims:
    """All victims that have a TTFT histogram in the window, sorted by key."""
    histograms = _histograms(frames.get("ttft_bucket").labels)
    index = {key: position for position, key in enumerate(histograms.keys)}
    counts = _cumulative(frames, histograms)
    first_tokens = counts[:, -1].copy()
    for bucket in range(counts.shape[1] - 1, 0, -1):
        counts[:, bucket] -= counts[:, bucket - 1]
    np.maximum(counts, 0.0, out=counts)
    running = _readings(frames.get("requests_running"), index)
    waiting = _readings(frames.get("requests_waiting"), index)
    finished = _gains(frames, "requests_finished", index)
    return Victims(
        grid=frames.grid,
        keys=histograms.keys,
        bounds=histograms.bounds,
        counts=counts,
        ttft_sum=_gains(frames, "ttft_sum", index),
        first_tokens=first_tokens,
        arrivals=_arrivals(finished, running + waiting),
        prompt_tokens=_gains(frames, "prompt_tokens", index),
        waiting=waiting,
        running=running,
    )


def measured_of(frames: Frames, key: VictimKey) -> Measured:
    """Where the first tokens of a victim were measured: in the server itself where no row says otherwise."""
    return _measured(frames.get("ttft_bucket").labels).get(key, Measured.SERVER)


@kept
def _measured(rows: Rows) -> Mapping[VictimKey, Measured]:
    """The victims whose first tokens are not the server's own."""
    return {_key(labels): Measured(told) for labels in rows if (told := label(labels, MEASURED))}


def _arrivals(finished: Floats, inside: Floats) -> Floats:
    """Requests that came in: the balance of what left and what stayed, never below zero."""
    more = np.full_like(inside, np.nan)
    more[:, 1:] = np.diff(inside, axis=1)
    return np.maximum(finished + more, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Histograms:
    """The rows of buckets, server by server: S of them in the order of the V victims that they belong to.

    A server's rows have the same labels but `le`. `buckets` (S, B) are the rows that hold each bound: its own or that
    of the next lower bound, -1 where there is neither; the last one is that of all requests. `starts` (V,) are where
    each victim's servers begin.
    """

    keys: tuple[VictimKey, ...]
    bounds: Floats
    buckets: Indices
    starts: Indices


@kept
def _histograms(rows: Rows) -> _Histograms:
    limits = np.array([_bound(labels) for labels in rows])
    bounds = np.unique(np.append(limits, np.inf))
    servers = Groups.of([tuple(pair for pair in labels if pair[0] != "le") for labels in rows])
    owned = sorted((_key(server), code) for server, code in servers.code.items())
    buckets = np.empty((len(owned), len(bounds)), dtype=np.intp)
    for place, (_, code) in enumerate(owned):
        members = servers.members(code)
        members = members[np.argsort(limits[members], kind="stable")]
        columns = np.searchsorted(limits[members], bounds, side="right") - 1
        buckets[place] = np.where(columns >= 0, members[columns], -1)
    keys = tuple(dict.fromkeys(key for key, _ in owned))
    first = {key: place for place, (key, _) in reversed(list(enumerate(owned)))}
    return _Histograms(
        keys=keys,
        bounds=bounds,
        buckets=buckets,
        starts=np.array([first[key] for key in keys], dtype=np.intp),
    )


def _cumulative(frames: Frames, histograms: _Histograms) -> Floats:
    """Gains of the cumulative counts, shape (V, B, T).

    Rows of one server restart together, which its widest bucket decides. Servers of one victim add up.
    """
    total = np.empty((*histograms.buckets.shape, frames.grid.count))
    for first in range(0, len(total), SERVERS_AT_ONCE):
        some = slice(first, first + SERVERS_AT_ONCE)
        total[some] = _bucket_gains(frames, histograms.buckets[some])
    if len(histograms.starts) < len(total):
        total = np.add.reduceat(total, histograms.starts, axis=0)
    return np.asarray(total)


def _bucket_gains(frames: Frames, buckets: Indices) -> Floats:
    """Gains of some servers' buckets, shape (S, B, T) for rows (S, B), the widest last; 0 where there is no row.

    Nothing is known of a server's buckets where its widest is not.
    """
    frame = frames.get("ttft_bucket")
    rows = np.maximum(buckets, 0).ravel()
    values = frame.values[rows]
    resets = _restarts(values, buckets.shape)
    gained = gains(values, lambda: liveness_of(frames, frame.signal, "ttft_heartbeat", rows), resets)
    gained = gained.reshape(*buckets.shape, frame.grid.count)
    gained[buckets < 0] = 0.0
    np.copyto(gained, np.nan, where=np.isnan(gained[:, -1:]))
    return gained


def _restarts(values: Floats, shape: tuple[int, ...]) -> Bools | None:
    """Where each server's widest bucket begins anew, for all its buckets, shape (S * B, T); None where none falls."""
    widest = values[shape[1] - 1 :: shape[1]]
    known = np.maximum.accumulate(np.where(np.isfinite(widest), np.arange(widest.shape[1]), 0), axis=1)
    before = np.take_along_axis(widest, known[:, :-1], axis=1)
    with np.errstate(invalid="ignore"):
        if not (widest[:, 1:] < before).any():
            return None
    anew: Bools = np.zeros(widest.shape, dtype=np.bool_)
    anew[:, 1:] = restarted(before, widest[:, 1:])
    return np.repeat(anew, shape[1], axis=0)


def _bound(labels: Labels) -> float:
    """The bucket's upper bound; `le` reads "1" or "1.0" or "+Inf". A bad one counts as +inf."""
    try:
        return float(label(labels, "le"))
    except ValueError:
        return float("inf")


def _key(labels: Labels) -> VictimKey:
    return VictimKey(victim_ref(dict(labels)), label(labels, "model_name"))


@kept
def _by_victim(rows: Rows) -> Groups[VictimKey]:
    return Groups.of(list(map(_key, rows)))


def _gains(frames: Frames, signal: str, index: Mapping[VictimKey, int]) -> Floats:
    """Increments of a counter summed over the servers of each victim, shape (V, T); NaN where none is known."""
    return _summed(frames.get(signal), gains_of(frames, signal, "ttft_heartbeat"), index)


def _readings(frame: Frame, index: Mapping[VictimKey, int]) -> Floats:
    """A gauge summed over the servers of each victim, shape (V, T); NaN where none is known."""
    return _summed(frame, frame.values, index)


def _summed(frame: Frame, values: Floats, index: Mapping[VictimKey, int]) -> Floats:
    groups = _by_victim(frame.labels)
    victims = np.array([index.get(key, -1) for key in groups.code], dtype=np.intp)[groups.codes]
    rows = np.flatnonzero(victims >= 0)
    total = np.zeros((len(index), frame.grid.count))
    np.add.at(total, victims[rows], values[rows])
    unseen: NDArray[np.bool_] = np.ones(len(index), dtype=np.bool_)
    unseen[victims[rows]] = False
    total[unseen] = np.nan
    return total
