"""First tokens of every victim as request counts in buckets, step by step."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.rates import increments, label, liveness_of
from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.topology import PodRef, victim_ref


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
    buckets = frames.get("ttft_bucket")
    servers = _servers(buckets.labels)
    owner = {server: _key(server) for server in servers}
    keys = tuple(sorted(set(owner.values())))
    index = {key: position for position, key in enumerate(keys)}
    parts = {server: (index[owner[server]], rows) for server, rows in servers.items()}
    bounds, cumulative = _cumulative(frames, buckets, parts.values(), len(keys))
    counts = np.diff(cumulative, axis=1, prepend=0.0)
    np.maximum(counts, 0.0, out=counts)
    running = _readings(frames.get("requests_running"), index)
    waiting = _readings(frames.get("requests_waiting"), index)
    finished = _gains(frames, "requests_finished", index)
    return Victims(
        grid=frames.grid,
        keys=keys,
        bounds=bounds,
        counts=counts,
        ttft_sum=_gains(frames, "ttft_sum", index),
        first_tokens=cumulative[:, -1] if keys else np.empty((0, frames.grid.count)),
        arrivals=_arrivals(finished, running + waiting),
        prompt_tokens=_gains(frames, "prompt_tokens", index),
        waiting=waiting,
        running=running,
    )


def _key(labels: Labels) -> VictimKey:
    return VictimKey(victim_ref(dict(labels)), label(labels, "model_name"))


def _arrivals(finished: Floats, inside: Floats) -> Floats:
    """Requests that came in: the balance of what left and what stayed, never below zero."""
    more = np.full_like(inside, np.nan)
    more[:, 1:] = np.diff(inside, axis=1)
    return np.maximum(finished + more, 0.0)


def _cumulative(
    frames: Frames, buckets: Frame, servers: Collection[tuple[int, list[int]]], victims: int
) -> tuple[Floats, Floats]:
    """Bucket bounds, and gains of the cumulative counts for each victim, bound and step.

    `servers` are (victim, rows of one server's buckets). Rows of one server restart together, which its widest
    bucket decides. Servers of one victim add up. A server without some bound has there what its next lower one has.
    """
    limits = np.array([_bound(labels) for labels in buckets.labels])
    bounds = np.unique(np.append(limits, np.inf))
    gained = _bucket_gains(frames, buckets, limits, servers)
    total = np.zeros((victims, len(bounds), frames.grid.count))
    for victim, rows in servers:
        order = np.array(rows)[np.argsort(limits[rows], kind="stable")]
        columns = np.searchsorted(limits[order], bounds, side="right") - 1
        part = np.where((columns >= 0)[:, None], gained[order][np.maximum(columns, 0)], 0.0)
        total[victim] += np.where(np.isnan(gained[order[-1]]), np.nan, part)
    return bounds, total


def _bucket_gains(frames: Frames, buckets: Frame, limits: Floats, servers: Collection[tuple[int, list[int]]]) -> Floats:
    """Increments of bucket rows with restarts decided by each server's widest bucket."""
    values = buckets.values
    resets = None
    with np.errstate(invalid="ignore"):
        falls = values[:, 1:] < values[:, :-1]
    if falls.any():
        resets = np.zeros(values.shape, dtype=np.bool_)
        for _, rows in servers:
            widest = max(rows, key=lambda row: limits[row])
            resets[rows, 1:] = falls[widest]
    return increments(values, liveness_of(frames, "ttft_bucket", "ttft_heartbeat"), resets)


def _servers(labels: Sequence[Labels]) -> dict[Labels, list[int]]:
    """Rows of each server: the same labels but `le`."""
    rows: dict[Labels, list[int]] = {}
    for row, pairs in enumerate(labels):
        rows.setdefault(tuple(pair for pair in pairs if pair[0] != "le"), []).append(row)
    return rows


def _bound(labels: Labels) -> float:
    """The bucket's upper bound; `le` reads "1" or "1.0" or "+Inf". A bad one counts as +inf."""
    try:
        return float(label(labels, "le"))
    except ValueError:
        return float("inf")


def _gains(frames: Frames, signal: str, index: dict[VictimKey, int]) -> Floats:
    """Increments of a counter summed over the servers of each victim, shape (V, T); NaN where none is known."""
    frame = frames.get(signal)
    return _summed(frame, increments(frame.values, liveness_of(frames, signal, "ttft_heartbeat")), index)


def _readings(frame: Frame, index: dict[VictimKey, int]) -> Floats:
    """A gauge summed over the servers of each victim, shape (V, T); NaN where none is known."""
    return _summed(frame, frame.values, index)


def _summed(frame: Frame, values: Floats, index: dict[VictimKey, int]) -> Floats:
    rows = [(row, index[key]) for row, key in enumerate(map(_key, frame.labels)) if key in index]
    total = np.zeros((len(index), frame.grid.count))
    seen = np.zeros(len(index), dtype=np.bool_)
    if rows:
        source: NDArray[np.intp] = np.array([row for row, _ in rows])
        target: NDArray[np.intp] = np.array([victim for _, victim in rows])
        np.add.at(total, target, values[source])
        seen[target] = True
    total[~seen] = np.nan
    return total
