"""USE of a back end that nodes share, and who put what on it: from what each of its clients asked for.

A back end has no counters of a device, but its clients have: each one's operations, bytes, and the time that they took.
Those of all clients are its load and, by Little's law, the mean number of operations inside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import numpy as np

from correlator.analysis.rates import counter_rates, liveness_of
from correlator.analysis.rows import Indices, Rows, Same, by_part, kept, label
from correlator.analysis.volumes import DeviceUse, PodLoad, PodsOnVolume
from correlator.model.frame import Floats, Frames
from correlator.model.topology import Part, PodRef, Topology

SIDES = ("READ", "WRITE", "COMMIT")


@dataclass(frozen=True, slots=True)
class Reading:
    """A signal by client and operation: running totals, or readings each second where `is_total` is not set."""

    signal: str
    is_total: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BackEnd:
    """Where a kind of back end tells its clients' operations, bytes and time; `latency` instead of `time` at some."""

    operations: Reading
    size: Reading
    time: Reading | None = None
    latency: str = ""
    heartbeat: str = ""


BACK_ENDS: Mapping[str, BackEnd] = {
    "nfs": BackEnd(
        operations=Reading("nfs_operations"),
        size=Reading("nfs_bytes"),
        time=Reading("nfs_time"),
        heartbeat="disk_heartbeat",
    ),
    "rbd": BackEnd(operations=Reading("rbd_operations"), size=Reading("rbd_bytes"), time=Reading("rbd_time")),
    "cephfs": BackEnd(operations=Reading("osd_operations"), size=Reading("osd_bytes"), time=Reading("osd_time")),
    "longhorn": BackEnd(
        operations=Reading("longhorn_operations", is_total=False),
        size=Reading("longhorn_bytes", is_total=False),
        time=Reading("longhorn_time", is_total=False),
    ),
    "portworx": BackEnd(
        operations=Reading("portworx_operations"),
        size=Reading("portworx_bytes", is_total=False),
        latency="portworx_latency",
    ),
}


@kept
def _sides_of(rows: Rows) -> Indices:
    """Which of SIDES each row speaks of, by number; -1 for another."""
    number = {side: place for place, side in enumerate(SIDES)}
    return np.array([number.get(label(labels, "operation"), -1) for labels in rows], dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Clients:
    """What the K clients of a volume did, in the order of `keys`.

    `load` has shape (4, K, T), as in `volumes.RATES`; `time` of reads, writes and flushes (3, K, T), in seconds a
    second; `flushes` (K, T). NaN where nothing is known; operations of a kind that a client never did are 0.
    """

    keys: Sequence[str]
    load: Floats
    time: Floats
    flushes: Floats

    def seen_by(self, parts: Mapping[str, Part], viewer: PodRef | None) -> Indices:
        """The clients that a pod uses; all where it uses none."""
        own = [place for place, key in enumerate(self.keys) if viewer is not None and viewer in parts[key].users]
        return np.array(own or range(len(self.keys)), dtype=np.intp)


def clients(frames: Frames, topology: Topology, volume_id: str) -> Clients | None:
    """Every client of a shared volume; None where none is known. What was read lately is kept, never changed.

    A stalled export has hundreds of victims: each of them is judged on the same clients in the same window.
    """
    return _within(Same(frames), Same(topology))(volume_id)


@lru_cache(maxsize=1)
def _within(frames: Same[Frames], topology: Same[Topology]) -> Callable[[str], Clients | None]:
    return cache(partial(_clients, frames.it, topology.it))


def _clients(frames: Frames, topology: Topology, volume_id: str) -> Clients | None:
    parts = topology.parts.get(volume_id)
    back_end = BACK_ENDS.get(topology.volumes[volume_id].kind)
    if not parts or back_end is None:
        return None
    keys = tuple(parts)
    reads, writes, flushes = _sides(frames, topology, back_end, back_end.operations, keys)
    read_bytes, written_bytes, _ = _sides(frames, topology, back_end, back_end.size, keys)
    if back_end.time is not None:
        time = _sides(frames, topology, back_end, back_end.time, keys)
    else:
        latency = _sides(frames, topology, back_end, Reading(back_end.latency, is_total=False), keys)
        time = latency * np.stack([reads, writes, flushes])
    return Clients(keys, np.stack([reads, writes, read_bytes, written_bytes]), time, flushes)


def _sides(frames: Frames, topology: Topology, back_end: BackEnd, reading: Reading, keys: Sequence[str]) -> Floats:
    """Reads, writes and flushes of each client each second, shape (3, K, T)."""
    frame = frames.get(reading.signal)
    groups = by_part(frame.labels, topology)
    place_of = np.full(len(groups.code) + 1, -1, dtype=np.intp)
    for place, key in enumerate(keys):
        place_of[groups.code.get(key, -1)] = place
    place_of[-1] = -1
    places = place_of[groups.codes]
    rows = np.flatnonzero(places >= 0)
    if not len(rows):
        return np.full((len(SIDES), len(keys), frame.grid.count), np.nan)
    rates, sides = _rates(frames, back_end, reading, rows), _sides_of(frame.labels)[rows]
    known = _grouped(np.isfinite(rates).astype(np.float64), places[rows], len(keys)) > 0
    chosen = sides >= 0
    slots = sides[chosen] * len(keys) + places[rows][chosen]
    sums = _grouped(np.nan_to_num(rates[chosen]), slots, len(SIDES) * len(keys))
    return np.where(known, sums.reshape(len(SIDES), len(keys), -1), np.nan)


def _grouped(values: Floats, slots: Indices, number: int) -> Floats:
    """Sums of rows by their slot, shape (number, T); 0 in slots without a row."""
    found = np.zeros((number, values.shape[1]))
    order = np.argsort(slots, kind="stable")
    taken, starts = np.unique(slots[order], return_index=True)
    if len(taken):
        found[taken] = np.add.reduceat(values[order], starts, axis=0)
    return found


def _rates(frames: Frames, back_end: BackEnd, reading: Reading, rows: Indices) -> Floats:
    frame = frames.get(reading.signal)
    if not reading.is_total:
        return np.asarray(frame.values[rows])
    return counter_rates(frame, rows, liveness_of(frames, reading.signal, back_end.heartbeat, rows))


def shared_use(frames: Frames, topology: Topology, volume_id: str, viewer: PodRef | None) -> DeviceUse:
    """USE of a shared volume: everybody's load and queue, and the latency of the viewer's own operations.

    The latency is the viewer's, since its way to the back end is its own: that of the clients which it uses, of all
    where there is none. `read_time` is what all reads would have taken at that latency. Nobody knows the busy share.
    """
    found = clients(frames, topology, volume_id)
    nothing = np.full(frames.grid.count, np.nan)
    if found is None:
        return DeviceUse(np.tile(nothing, (4, 1)), nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    load, time = _total(found.load), _total(found.time)
    seen = found.seen_by(topology.parts[volume_id], viewer)
    own_load, own_time = _total(found.load[:, seen]), _total(found.time[:, seen])
    with np.errstate(invalid="ignore", divide="ignore"):
        read_latency, write_latency = (
            np.where(own_load[side] > 0, own_time[side] / own_load[side], np.nan) for side in range(2)
        )
    return DeviceUse(
        load=load,
        utilization=nothing,
        queue_depth=time.sum(axis=0),
        read_latency=read_latency,
        write_latency=write_latency,
        read_time=read_latency * load[0],
        write_time=write_latency * load[1],
        flushes=_total(found.flushes[None])[0],
    )


def _total(parts: Floats) -> Floats:
    """The sum over clients of what is known, shape (n, T) of (n, K, T); NaN where nothing is."""
    known = np.isfinite(parts).any(axis=1)
    return np.where(known, np.nansum(parts, axis=1), np.nan)


def shared_pods(frames: Frames, topology: Topology, volume_id: str) -> PodsOnVolume:
    """The load of everybody whom a client's I/O is put down to, nodes among them; the rest stays unattributed.

    The OSDs below a CephFS serve images as well: of those the clients are known.
    """
    found = clients(frames, topology, volume_id)
    if found is None:
        return PodsOnVolume({}, np.zeros(frames.grid.count, dtype=np.bool_), None)
    parts = topology.parts[volume_id]
    by_doer: dict[PodRef, list[int]] = {}
    for place, key in enumerate(found.keys):
        if (doer := parts[key].doer) is not None:
            by_doer.setdefault(doer, []).append(place)
    loads = {doer: PodLoad(doer, _total(found.load[:, places])) for doer, places in sorted(by_doer.items())}
    if topology.volumes[volume_id].kind == "cephfs":
        for pool in (each.id for each in topology.volumes.values() if each.kind == "rbd"):
            loads |= shared_pods(frames, topology, pool).loads
    told = np.isfinite(found.load).all(axis=0)
    return PodsOnVolume(loads, np.asarray(told.any(axis=0)), None)
