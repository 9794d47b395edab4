"""The newest state of everything watched, for the page and the metrics."""

from collections.abc import Mapping
from math import isfinite

import numpy as np

from correlator.analysis.domains import DISK
from correlator.analysis.errors import error_states, has_errors
from correlator.analysis.evidence import instant
from correlator.analysis.memory import Memory
from correlator.analysis.newest import known_or_none, rates_now, tails_of
from correlator.analysis.present_shared import pod_row, shared_volumes
from correlator.analysis.present_victims import victims_now
from correlator.analysis.rows import by_node, by_pod_on_volume, of_containers, of_devices
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.volumes import DEVICE_SIGNALS, POD_SIGNALS
from correlator.model.frame import BlindSpot, Frame, Frames
from correlator.model.snapshot import EdgeNow, LayerNow, NodeNow, PodOnVolume, Snapshot, SymptomNow, VolumeNow
from correlator.model.topology import PodRef, Topology


def present(
    frames: Frames,
    topology: Topology,
    victims: Victims,
    memory: Memory,
    symptoms: Mapping[VictimKey, tuple[SymptomNow, ...]],
    blind: tuple[BlindSpot, ...],
) -> Snapshot:
    """The snapshot at the window's last step. `victims` and `memory` are of first tokens, `symptoms` are the others."""
    newest = tails_of(frames)
    pods = _pods_on_volumes(newest, topology)
    volumes = [*_volumes(newest, topology, pods), *shared_volumes(newest, topology)]
    return Snapshot(
        at=instant(frames.grid.last),
        volumes=tuple(sorted(volumes, key=lambda v: (-(v.queue_depth or 0.0), v.name))),
        victims=victims_now(frames, newest, topology, victims, memory, symptoms),
        nodes=_nodes(newest, topology),
        edges=_edges(topology),
        signals=tuple(sorted((name, _is_fresh(frame)) for name, frame in newest.by_signal.items())),
        blind_spots=blind,
    )


def _is_fresh(frame: Frame) -> bool:
    return bool(np.isfinite(frame.values).any())


def _edges(topology: Topology) -> tuple[EdgeNow, ...]:
    return tuple(
        EdgeNow(
            namespace=edge.pod.namespace,
            pod=edge.pod.pod,
            claim=edge.via,
            volume_id=edge.volume_id,
            node=topology.volumes[edge.volume_id].node,
            learnt=edge.learnt.value,
            sure=edge.sure.value,
            told_by=edge.told_by.value,
        )
        for edge in topology.edges
    )


def _by_volume(frames: Frames, topology: Topology, signal: str) -> dict[str, float]:
    """A device counter's rate for each volume; of a disk's partitions only the disk counts."""
    rates = rates_now(frames, signal, "disk_heartbeat").tolist()
    return {volume_id: rates[row] for volume_id, row in of_devices(frames.get(signal).labels, topology).items()}


def _volumes(frames: Frames, topology: Topology, pods: dict[str, list[PodOnVolume]]) -> tuple[VolumeNow, ...]:
    signals = (*DEVICE_SIGNALS[:2], "disk_io_time", "disk_queue_time", "disk_read_time", "disk_write_time")
    reads, writes, busy, queue, read_time, write_time = (_by_volume(frames, topology, s) for s in signals)
    nan = float("nan")
    any_error = has_errors(frames)
    found = []
    for volume in topology.volumes.values():
        if volume.kind != DISK:
            continue
        here = volume.id
        found.append(
            VolumeNow(
                id=here,
                name=volume.name,
                kind=volume.kind,
                node=volume.node,
                device=volume.device,
                claims=volume.claims,
                utilization_ratio=known_or_none(min(1.0, busy.get(here, nan)) if here in busy else nan),
                queue_depth=known_or_none(queue.get(here, nan)),
                read_latency_seconds=_quotient(read_time.get(here), reads.get(here)),
                write_latency_seconds=_quotient(write_time.get(here), writes.get(here)),
                errors=error_states(frames, topology, here) if any_error else (),
                pods=tuple(pods.get(here, ())),
                below=tuple(
                    LayerNow(volume_id=each.volume_id, learnt=each.learnt.value, sure=each.sure.value)
                    for each in topology.below.get(here, ())
                ),
            )
        )
    return tuple(found)


def _quotient(time: float | None, operations: float | None) -> float | None:
    return time / operations if time is not None and operations is not None and operations > 0 else None


def _pods_on_volumes(frames: Frames, topology: Topology) -> dict[str, list[PodOnVolume]]:
    """Every pod's I/O on every volume now, largest device time first, at the prior's prices."""
    table: dict[tuple[str, PodRef], list[float]] = {}
    for place, signal in enumerate(POD_SIGNALS):
        for key, value in _pod_rates(frames, topology, signal).items():
            table.setdefault(key, [float("nan")] * len(POD_SIGNALS))[place] = value
    learnt = {(edge.volume_id, edge.pod): edge.learnt.value for edge in topology.edges}
    found: dict[str, list[PodOnVolume]] = {}
    for (volume_id, ref), values in table.items():
        row = pod_row(ref, values, topology, learnt.get((volume_id, ref), ""))
        found.setdefault(volume_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda pod: (-(pod.device_time_ratio or 0.0), pod.namespace, pod.pod))
    return found


def _pod_rates(frames: Frames, topology: Topology, signal: str) -> dict[tuple[str, PodRef], float]:
    """Known rate of each (volume, pod): containers summed, the whole pod's row only where there are none.

    Where one device appears under two spellings, the larger one counts, never both.
    """
    rates, labels = rates_now(frames, signal, "pod_io_heartbeat"), frames.get(signal).labels
    groups, containers = by_pod_on_volume(labels, topology), of_containers(labels)
    inside, whole = np.isfinite(rates) & containers, np.isfinite(rates) & ~containers
    known = np.full(len(groups.code), np.nan)
    known[groups.codes[whole]] = rates[whole]
    summed = np.bincount(groups.codes[inside], rates[inside], len(known))
    counted = np.bincount(groups.codes[inside], minlength=len(known))
    found: dict[tuple[str, PodRef], float] = {}
    for (volume, ref, _), value in zip(groups.code, np.where(counted > 0, summed, known).tolist(), strict=True):
        if volume and isfinite(value):
            found[volume, ref] = max(value, found.get((volume, ref), value))
    return found


def _nodes(frames: Frames, topology: Topology) -> tuple[NodeNow, ...]:
    waiting = _pressure_by_node(frames, topology, "node_io_waiting")
    stalled = _pressure_by_node(frames, topology, "node_io_stalled")
    names = sorted({volume.node for volume in topology.volumes.values()} | set(waiting) | set(stalled))
    return tuple(NodeNow(node=n, io_waiting_ratio=waiting.get(n), io_stalled_ratio=stalled.get(n)) for n in names)


def _pressure_by_node(frames: Frames, topology: Topology, signal: str) -> dict[str, float]:
    """Pressure of each node whose newest row is known."""
    rates = rates_now(frames, signal, "disk_heartbeat").tolist()
    nodes = by_node(frames.get(signal).labels, topology)
    known = ([rates[row] for row in nodes.rows(node).tolist() if isfinite(rates[row])] for node in nodes.code)
    return {node: min(1.0, values[-1]) for node, values in zip(nodes.code, known, strict=True) if values}
