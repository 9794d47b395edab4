"""USE of a back end that nodes share, and who put what on it: from what each of its clients asked for.

A back end has no counters of a device, but its clients have: each one's operations, bytes, and the time that they took.
Those of all clients are its load and, by Little's law, the mean number of operations inside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from correlator.analysis.rates import counter_rates, liveness_of
from correlator.analysis.rows import Indices, Rows, by_part, kept, label
from correlator.analysis.volumes import DeviceUse, PodLoad, PodsOnVolume
from correlator.model.frame import Floats, Frames
from correlator.model.topology import Part, PodRef, Topology

SIDES = ("READ", "WRITE")
FLUSH = "COMMIT"


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
def _operations(rows: Rows) -> tuple[str, ...]:
    """The operation that each row speaks of."""
    return tuple(label(labels, "operation") for labels in rows)


@dataclass(frozen=True, slots=True, eq=False)
class ClientUse:
    """What one client did: `load` of shape (4, T) as in `volumes.RATES`, `time` of reads, writes and flushes (3, T).

    Times are seconds a second. NaN where nothing is known; operations of a kind that it never did are 0.
    """

    load: Floats
    time: Floats
    flushes: Floats


def clients(frames: Frames, topology: Topology, volume_id: str) -> dict[str, ClientUse]:
    """Every client of a shared volume, by its key."""
    kind = topology.volumes[volume_id].kind
    if kind not in BACK_ENDS:
        return {}
    back_end = BACK_ENDS[kind]
    return {key: _client(frames, topology, back_end, key) for key in topology.parts.get(volume_id, {})}


def _client(frames: Frames, topology: Topology, back_end: BackEnd, key: str) -> ClientUse:
    reads, writes, flushes = _sides(frames, topology, back_end, back_end.operations, key)
    read_bytes, written_bytes, _ = _sides(frames, topology, back_end, back_end.size, key)
    if back_end.time is not None:
        time = _sides(frames, topology, back_end, back_end.time, key)
    else:
        latency = _sides(frames, topology, back_end, Reading(back_end.latency, is_total=False), key)
        time = latency * np.stack([reads, writes, flushes])
    return ClientUse(np.stack([reads, writes, read_bytes, written_bytes]), time, flushes)


def _sides(frames: Frames, topology: Topology, back_end: BackEnd, reading: Reading, key: str) -> Floats:
    """Reads, writes and flushes of a client each second, shape (3, T)."""
    frame = frames.get(reading.signal)
    rows = by_part(frame.labels, topology).rows(key)
    names = _operations(frame.labels)
    if not len(rows):
        return np.full((3, frame.grid.count), np.nan)
    rates = _rates(frames, back_end, reading, rows)
    known = np.isfinite(rates).any(axis=0)
    found = np.tile(np.where(known, 0.0, np.nan), (3, 1))
    for place, side in enumerate((*SIDES, FLUSH)):
        chosen = [position for position, row in enumerate(rows.tolist()) if names[row] == side]
        if chosen:
            found[place] = np.where(known, np.nansum(rates[chosen], axis=0), np.nan)
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
    if not found:
        return DeviceUse(np.tile(nothing, (4, 1)), nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    load, time = _sum(one.load for one in found.values()), _sum(one.time for one in found.values())
    parts = topology.parts[volume_id]
    seen = [one for key, one in found.items() if viewer is not None and viewer in parts[key].users]
    own_load, own_time = (_sum(one.load for one in seen), _sum(one.time for one in seen)) if seen else (load, time)
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
        flushes=_sum(one.flushes[None] for one in found.values())[0],
    )


def _sum(parts: Iterator[Floats]) -> Floats:
    """The sum of what is known; NaN where nothing is."""
    stacked = np.stack(list(parts))
    known = np.isfinite(stacked).any(axis=0)
    return np.where(known, np.nansum(stacked, axis=0), np.nan)


def shared_pods(frames: Frames, topology: Topology, volume_id: str) -> PodsOnVolume:
    """The load of everybody whom a client's I/O is put down to, nodes among them; the rest stays unattributed.

    The OSDs below a CephFS serve images as well: of those the clients are known.
    """
    found = clients(frames, topology, volume_id)
    parts: Mapping[str, Part] = topology.parts.get(volume_id, {})
    by_doer: dict[PodRef, list[Floats]] = {}
    if topology.volumes[volume_id].kind == "cephfs":
        for pool in (each.id for each in topology.volumes.values() if each.kind == "rbd"):
            by_doer |= {ref: [pod.load] for ref, pod in shared_pods(frames, topology, pool).loads.items()}
    for key, client in found.items():
        if (doer := parts[key].doer) is not None:
            by_doer.setdefault(doer, []).append(client.load)
    told = np.zeros(frames.grid.count, dtype=np.bool_)
    for client in found.values():
        told |= np.isfinite(client.load).all(axis=0)
    loads = {doer: PodLoad(doer, _sum(iter(those))) for doer, those in sorted(by_doer.items())}
    return PodsOnVolume(loads, told, None)
