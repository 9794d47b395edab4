"""USE of volumes and the I/O of pods on them, from the kernel's and the cgroups' counters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from correlator.analysis.cadence import Steps, evened, readings
from correlator.analysis.rates import Bools, counter_rates, liveness_of
from correlator.analysis.rows import Indices, by_device, by_node, by_pod, by_target, by_volume, label, of_containers
from correlator.model.frame import Floats, Frames
from correlator.model.topology import PodRef, Topology, serial_of

RATES = ("read_operations", "write_operations", "read_bytes", "write_bytes")
"""The four rates that make up load on a device, in the order of every load array here."""

DEVICE_SIGNALS = ("disk_reads", "disk_writes", "disk_read_bytes", "disk_written_bytes")
POD_SIGNALS = ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes")


@dataclass(frozen=True, slots=True, eq=False)
class DeviceUse:
    """One volume over the window; every array has shape (T,), NaN where it is not known.

    `load` has shape (4, T): see RATES, each in units per second. `utilization` is 0–1, `queue_depth` is the mean
    number of operations inside the device. A latency is NaN in steps without such an operation. `exceeded` is the share
    of time in which more was asked for than a limit allows, by the limit's name; empty where no limit is told.
    """

    load: Floats
    utilization: Floats
    queue_depth: Floats
    read_latency: Floats
    write_latency: Floats
    read_time: Floats
    write_time: Floats
    flushes: Floats
    exceeded: Mapping[str, Floats] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class PodLoad:
    """One pod's I/O on one volume: `load` has shape (4, T), NaN where it is not known."""

    ref: PodRef
    load: Floats


def device_use(frames: Frames, topology: Topology, volume_id: str) -> DeviceUse:
    """USE of one volume from node_exporter's diskstats; all NaN where no series of it is there."""
    signals = (*DEVICE_SIGNALS, "disk_io_time", "disk_queue_time", "disk_read_time", "disk_write_time", "disk_flushes")
    rates = [_device_rate(frames, topology, signal, volume_id) for signal in signals]
    reads, writes, read_bytes, write_bytes, busy, queue, read_time, write_time, flushes = rates
    with np.errstate(invalid="ignore", divide="ignore"):
        return DeviceUse(
            load=np.stack([reads, writes, read_bytes, write_bytes]),
            utilization=np.minimum(busy, 1.0),
            queue_depth=queue,
            read_latency=np.where(reads > 0, read_time / reads, np.nan),
            write_latency=np.where(writes > 0, write_time / writes, np.nan),
            read_time=read_time,
            write_time=write_time,
            flushes=flushes,
            exceeded=_exceeded(frames, topology, volume_id),
        )


def _exceeded(frames: Frames, topology: Topology, volume_id: str) -> dict[str, Floats]:
    """The share of time beyond each limit that a cloud tells of the volume."""
    frame = frames.get("volume_exceeded")
    rows = [
        row
        for row, labels in enumerate(frame.labels)
        if topology.volume_of_serial.get(serial_of(label(labels, "volume_id"))) == volume_id
    ]
    rates = counter_rates(frame, np.array(rows, dtype=np.intp), None)
    return {label(frame.labels[row], "limit"): values for row, values in zip(rows, rates, strict=True)}


def _device_rate(frames: Frames, topology: Topology, signal: str, volume_id: str) -> Floats:
    """A device counter's rate; the first row that is this volume (partitions never add to their disk)."""
    frame = frames.get(signal)
    rows = by_volume(frame.labels, topology).rows(volume_id).tolist()
    if not rows:
        return np.full(frame.grid.count, np.nan)
    device = topology.volumes[volume_id].device if volume_id in topology.volumes else ""
    exact = [row for row in rows if label(frame.labels[row], "device") == device]
    return np.asarray(counter_rates(frame, np.array((exact or rows)[:1]), None)[0])


@dataclass(frozen=True, slots=True, eq=False)
class PodsOnVolume:
    """I/O of every pod that cAdvisor saw on a volume, and the steps whose I/O of pods is known, shape (T,).

    `read` are the steps at which the kubelet read the counters, None when at every one; see `cadence`.
    """

    loads: Mapping[PodRef, PodLoad]
    told: Bools
    read: Steps | None

    def readings_in(self, steps: Bools) -> int:
        """How many of the chosen steps brought news of pods' I/O."""
        return int((self.told & steps).sum()) if self.read is None else int(steps[self.read].sum())


def pods_on_volume(frames: Frames, topology: Topology, volume_id: str) -> PodsOnVolume:
    """I/O of every pod that cAdvisor saw on the volume in the window.

    Rows of containers are summed; the row of the whole pod counts only where no container has one. Where one
    device appears under two spellings, the larger one counts, never both. Loads are evened between readings.
    """
    parts = [_pod_rates(frames, topology, signal, volume_id) for signal in POD_SIGNALS]
    told = _seen_alive(frames, topology, volume_id)
    refs = sorted(set().union(*(refs for refs, _ in parts)))
    place = {ref: position for position, ref in enumerate(refs)}
    loads = np.tile(np.where(told, 0.0, np.nan), (len(parts), len(refs), 1))
    for load, (seen, rates) in zip(loads, parts, strict=True):
        load[[place[ref] for ref in seen]] = rates
    read = readings(loads, frames.grid.step)
    if read is not None:
        told = told & (np.arange(frames.grid.count) <= read[-1])
        loads = evened(loads, read)
    return PodsOnVolume({ref: PodLoad(ref, loads[:, position]) for ref, position in place.items()}, told, read)


def _seen_alive(frames: Frames, topology: Topology, volume_id: str) -> Bools:
    """Steps in which some target on the volume's node told of pods' I/O."""
    node = topology.volumes[volume_id].node if volume_id in topology.volumes else ""
    for signal in POD_SIGNALS:
        frame = frames.get(signal)
        rows = by_node(frame.labels, topology).rows(node)
        if len(rows):
            return np.asarray(liveness_of(frames, signal, "pod_io_heartbeat", rows).any(axis=0))
    return np.zeros(frames.grid.count, dtype=np.bool_)


def _pod_rates(frames: Frames, topology: Topology, signal: str, volume_id: str) -> tuple[list[PodRef], Floats]:
    """The pods on the volume and the rates, shape (pods, T), each under the spelling that shows most."""
    frame = frames.get(signal)
    chosen = by_volume(frame.labels, topology).rows(volume_id)
    if not len(chosen):
        return [], np.empty((0, frame.grid.count))
    rates = counter_rates(frame, chosen, liveness_of(frames, signal, "pod_io_heartbeat", chosen))
    pods, devices = by_pod(frame.labels), by_device(frame.labels)
    spellings = len(devices.code)
    spelled = pods.codes[chosen] * spellings + devices.codes[chosen]
    codes, first, sums = _summed(spelled, of_containers(frame.labels)[chosen], rates)
    most = np.lexsort((first, -np.nansum(sums, axis=1), codes // spellings))
    of_pod, largest = np.unique(codes[most] // spellings, return_index=True)
    refs = list(pods.code)
    return [refs[code] for code in of_pod.tolist()], sums[most[largest]]


def _summed(codes: Indices, of_container: Bools, rates: Floats) -> tuple[Indices, Indices, Floats]:
    """The codes that occur, their first rows, and the sum of each one's rows of containers, or else its first row.

    Unknown only where no row is known: a container that is gone does not hide its siblings.
    """
    found, first, place = np.unique(codes, return_index=True, return_inverse=True)
    divided = np.zeros(len(found), dtype=np.bool_)
    divided[place[of_container]] = True
    counted = np.flatnonzero(np.where(divided[place], of_container, np.arange(len(codes)) == first[place]))
    order = counted[np.argsort(place[counted], kind="stable")]
    rates = rates[order]
    if len(order) == len(found):
        return found, first, rates
    starts = np.searchsorted(place[order], np.arange(len(found)))
    known = np.isfinite(rates)
    sums = np.add.reduceat(np.where(known, rates, 0.0), starts, axis=0)
    return found, first, np.where(np.logical_or.reduceat(known, starts, axis=0), sums, np.nan)


def stalled_ratio(frames: Frames, signal: str, heartbeat: str, rows: Indices) -> Floats:
    """Share of time under I/O pressure from rows of a pressure counter, shape (T,): the largest; NaN without rows."""
    frame = frames.get(signal)
    if not len(rows):
        return np.full(frame.grid.count, np.nan)
    rates = counter_rates(frame, rows, liveness_of(frames, signal, heartbeat, rows))
    known = np.isfinite(rates).any(axis=0)
    return np.where(known, np.minimum(np.max(np.nan_to_num(rates, nan=-1.0), axis=0), 1.0), np.nan)


def telling(frames: Frames, signal: str, rows: Indices) -> Indices:
    """Those rows of a pressure counter whose kubelet knows of pressure at all.

    On a node without PSI some kubelets export 0 for everybody: that is no word on pressure. Anywhere else some
    container has waited at some time since it started.
    """
    frame = frames.get(signal)
    targets = by_target(frame.labels)
    codes = targets.codes[rows]
    knows = {code: bool((frame.values[targets.members(code)] > 0).any()) for code in np.unique(codes).tolist()}
    return rows[np.array([knows[code] for code in codes.tolist()], dtype=np.bool_)]


def pod_pressure(frames: Frames, signal: str, ref: PodRef) -> Floats:
    """I/O pressure of one pod, shape (T,): the row of the whole pod where there is one, else its worst container."""
    labels = frames.get(signal).labels
    rows = telling(frames, signal, by_pod(labels).rows(ref))
    whole = rows[~of_containers(labels)[rows]]
    return stalled_ratio(frames, signal, "pod_io_heartbeat", whole if len(whole) else rows)


def node_pressure(frames: Frames, topology: Topology, signal: str, node: str) -> Floats:
    """I/O pressure of one node, shape (T,)."""
    rows = by_node(frames.get(signal).labels, topology).rows(node)
    return stalled_ratio(frames, signal, "disk_heartbeat", rows)
