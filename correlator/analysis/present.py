"""The newest state of everything watched, for the page and the metrics."""

from math import isfinite, isnan

import numpy as np

from correlator.analysis.evidence import instant
from correlator.analysis.memory import Memory, OpenRegression
from correlator.analysis.price import PRIOR
from correlator.analysis.rates import increments, label, liveness_of
from correlator.analysis.regression import Level
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.volumes import DEVICE_SIGNALS, POD_SIGNALS, error_states
from correlator.model.frame import BlindSpot, Floats, Frame, Frames, Labels
from correlator.model.snapshot import EdgeNow, NodeNow, PodOnVolume, Snapshot, TtftNow, VictimNow, VolumeNow
from correlator.model.topology import Pod, PodRef, Topology, node_of, volume_of

NOW_STEPS = 4
"""How many of the newest steps make up the present of a device."""

RECENT_STEPS = 8
"""How many make up the present of first tokens, which are rarer."""

STATISTICS = ("p50", "p95", "mean")

PRICES = tuple(PRIOR.tolist())


def _tail(frame: Frame) -> Frame:
    """The newest steps of a frame and the one before them."""
    grid = frame.grid.tail(NOW_STEPS + 1)
    return Frame(frame.signal, grid, frame.labels, frame.values[:, frame.grid.count - grid.count :])


def _tails(frames: Frames) -> Frames:
    """The newest steps of every frame."""
    by_signal = {name: _tail(frame) for name, frame in frames.by_signal.items()}
    return Frames(frames.grid.tail(NOW_STEPS + 1), by_signal, frames.intervals, frames.quality)


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _rates_now(frames: Frames, signal: str, heartbeat: str) -> Floats:
    """Mean rate of each row over the newest known steps, shape (rows,); NaN where none is known."""
    frame = frames.get(signal)
    if not frame.labels or frame.grid.count < 2:  # noqa: PLR2004
        return np.full(len(frame.labels), np.nan)
    gained = increments(frame.values, liveness_of(frames, signal, heartbeat))
    known = np.isfinite(gained)
    number = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(number > 0, np.nansum(gained, axis=1) / number / frame.grid.step, np.nan)


def present(
    frames: Frames, topology: Topology, victims: Victims, memory: Memory, blind: tuple[BlindSpot, ...]
) -> Snapshot:
    """The snapshot at the window's last step."""
    newest = _tails(frames)
    pods = _pods_on_volumes(newest, topology)
    return Snapshot(
        at=instant(frames.grid.last),
        volumes=_volumes(newest, topology, pods),
        victims=_victims(frames, newest, topology, victims, memory),
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
        )
        for edge in topology.edges
    )


def _by_volume(frames: Frames, topology: Topology, signal: str) -> dict[str, float]:
    """A device counter's rate for each volume; of a disk's partitions only the disk counts."""
    rates = _rates_now(frames, signal, "disk_heartbeat")
    found: dict[str, float] = {}
    for labels, value in zip(frames.get(signal).labels, rates.tolist(), strict=True):
        volume_id = volume_of(dict(labels), topology)
        volume = topology.volumes.get(volume_id)
        if volume is not None and volume.device == label(labels, "device"):
            found[volume_id] = value
    return found


def _volumes(frames: Frames, topology: Topology, pods: dict[str, list[PodOnVolume]]) -> tuple[VolumeNow, ...]:
    signals = (*DEVICE_SIGNALS[:2], "disk_io_time", "disk_queue_time", "disk_read_time", "disk_write_time")
    reads, writes, busy, queue, read_time, write_time = (_by_volume(frames, topology, s) for s in signals)
    nan = float("nan")
    any_error = _has_errors(frames)
    found = []
    for volume in topology.volumes.values():
        here = volume.id
        found.append(
            VolumeNow(
                id=here,
                name=volume.name,
                kind=volume.kind,
                node=volume.node,
                device=volume.device,
                claims=volume.claims,
                utilization_ratio=_known(min(1.0, busy.get(here, nan)) if here in busy else nan),
                queue_depth=_known(queue.get(here, nan)),
                read_latency_seconds=_quotient(read_time.get(here), reads.get(here)),
                write_latency_seconds=_quotient(write_time.get(here), writes.get(here)),
                errors=error_states(frames, topology, here) if any_error else (),
                pods=tuple(pods.get(here, ())),
            )
        )
    return tuple(sorted(found, key=lambda v: (-(v.queue_depth or 0.0), v.name)))


def _has_errors(frames: Frames) -> bool:
    """Whether any error state is raised anywhere: the rare case that is worth a search by volume."""
    signals = ("filesystem_device_error", "filesystem_readonly", "md_degraded")
    return any(bool((frames.get(signal).values > 0).any()) for signal in signals)


def _quotient(time: float | None, operations: float | None) -> float | None:
    return time / operations if time is not None and operations is not None and operations > 0 else None


def _pods_on_volumes(frames: Frames, topology: Topology) -> dict[str, list[PodOnVolume]]:
    """Every pod's I/O on every volume now, largest device time first, at the prior's prices."""
    table: dict[tuple[str, PodRef], dict[str, float]] = {}
    places: dict[Labels, tuple[str, PodRef]] = {}
    for signal in POD_SIGNALS:
        for key, value in _pod_rates(frames, topology, signal, places).items():
            table.setdefault(key, {})[signal] = value
    learnt = {(edge.volume_id, edge.pod): edge.learnt.value for edge in topology.edges}
    found: dict[str, list[PodOnVolume]] = {}
    for (volume_id, ref), values in table.items():
        row = _pod_row(ref, values, topology, learnt.get((volume_id, ref), ""))
        found.setdefault(volume_id, []).append(row)
    for rows in found.values():
        rows.sort(key=lambda pod: (-(pod.device_time_ratio or 0.0), pod.namespace, pod.pod))
    return found


def _pod_row(ref: PodRef, values: dict[str, float], topology: Topology, learnt: str) -> PodOnVolume:
    reads, writes, read_bytes, write_bytes = (values.get(signal, float("nan")) for signal in POD_SIGNALS)
    priced = sum(price * value for price, value in zip(PRICES, (reads, writes, read_bytes, write_bytes), strict=True))
    return PodOnVolume(
        namespace=ref.namespace,
        pod=ref.pod,
        workload=topology.pods.get(ref, Pod(ref=ref)).workload,
        device_time_ratio=_known(priced),
        read_bytes_per_second=_known(read_bytes),
        write_bytes_per_second=_known(write_bytes),
        read_operations_per_second=_known(reads),
        write_operations_per_second=_known(writes),
        learnt=learnt,
    )


def _pod_rates(
    frames: Frames, topology: Topology, signal: str, places: dict[Labels, tuple[str, PodRef]]
) -> dict[tuple[str, PodRef], float]:
    """Rate of each (volume, pod): containers summed, the whole pod's row only where there are none.

    `places` keeps where each row belongs: the signals of one pod share their labels.
    """
    rates = _rates_now(frames, signal, "pod_io_heartbeat")
    containers: dict[tuple[str, PodRef], float] = {}
    whole: dict[tuple[str, PodRef], float] = {}
    for labels, value in zip(frames.get(signal).labels, rates.tolist(), strict=True):
        key = places.get(labels)
        if key is None:
            pairs = dict(labels)
            ref = PodRef(pairs.get("namespace", ""), pairs.get("pod", ""))
            key = places[labels] = (volume_of(pairs, topology), ref)
        if not key[0] or isnan(value):
            continue
        if label(labels, "container"):
            containers[key] = containers.get(key, 0.0) + value
        else:
            whole[key] = value
    return {**whole, **containers}


def _nodes(frames: Frames, topology: Topology) -> tuple[NodeNow, ...]:
    waiting = _pressure_by_node(frames, topology, "node_io_waiting")
    stalled = _pressure_by_node(frames, topology, "node_io_stalled")
    names = sorted({volume.node for volume in topology.volumes.values()} | set(waiting) | set(stalled))
    return tuple(NodeNow(node=n, io_waiting_ratio=waiting.get(n), io_stalled_ratio=stalled.get(n)) for n in names)


def _pressure_by_node(frames: Frames, topology: Topology, signal: str) -> dict[str, float]:
    rates = _rates_now(frames, signal, "disk_heartbeat")
    rows = zip(frames.get(signal).labels, rates.tolist(), strict=True)
    return {node_of(dict(labels), topology): min(1.0, value) for labels, value in rows if isfinite(value)}


def _pressure_by_pod(frames: Frames, signal: str) -> dict[PodRef, float]:
    """Pressure of each pod: the whole pod's row where there is one, else its worst container."""
    rates = _rates_now(frames, signal, "pod_io_heartbeat")
    whole: dict[PodRef, float] = {}
    worst: dict[PodRef, float] = {}
    for labels, value in zip(frames.get(signal).labels, rates.tolist(), strict=True):
        if isfinite(value):
            ref = PodRef(label(labels, "namespace"), label(labels, "pod"))
            target = worst if label(labels, "container") else whole
            target[ref] = max(target.get(ref, 0.0), min(1.0, value))
    return {**worst, **whole}


def _victims(
    frames: Frames, newest: Frames, topology: Topology, victims: Victims, memory: Memory
) -> tuple[VictimNow, ...]:
    """Each victim's first tokens over the newest steps against its baseline."""
    since = {VictimKey(PodRef(r.namespace, r.pod), r.model_name): r for r in memory.open}
    stalled = _pressure_by_pod(newest, "pod_io_stalled")
    volumes: dict[PodRef, set[str]] = {}
    for edge in topology.edges:
        volumes.setdefault(edge.pod, set()).add(edge.volume_id)
    now, usual = _levels(victims)
    found = []
    for row, key in enumerate(victims.keys):
        regression = since.get(key)
        usual_level = usual[row] if regression is None else _baseline(regression)
        pod = topology.pods.get(key.ref, Pod(ref=key.ref))
        found.append(
            VictimNow(
                namespace=key.ref.namespace,
                pod=key.ref.pod,
                workload=pod.workload,
                model_name=key.model_name,
                node=pod.node,
                tier=pod.tier,
                ttft=_ttft(now[row], usual_level, victims.bounds),
                requests_per_second=_known(now[row].requests / (RECENT_STEPS * frames.grid.step)),
                requests_waiting=_known(float(victims.waiting[row, -1])),
                io_stalled_ratio=stalled.get(key.ref),
                volume_ids=tuple(sorted(volumes.get(key.ref, ()))),
                regressed_since=None if regression is None else instant(regression.onset_at),
            )
        )
    return tuple(found)


def _levels(victims: Victims) -> tuple[list[Level], list[Level]]:
    """The newest steps, and all before them, for every victim."""
    known = np.isfinite(victims.first_tokens) & np.isfinite(victims.ttft_sum)
    counts = np.where(known[:, None, :], victims.counts, 0.0)
    sums = np.where(known, victims.ttft_sum, 0.0)
    split = slice(-RECENT_STEPS, None), slice(None, -RECENT_STEPS)
    now, usual = (
        [
            _level(row, total)
            for row, total in zip(counts[:, :, part].sum(axis=2), sums[:, part].sum(axis=1), strict=True)
        ]
        for part in split
    )
    return now, usual


def _level(counts: Floats, ttft_sum: float) -> Level:
    requests = float(counts.sum())
    return Level(counts, ttft_sum / requests if requests > 0 else float("nan"), requests)


def _baseline(regression: OpenRegression) -> Level:
    counts = np.array(regression.baseline_counts)
    return Level(counts, regression.baseline_mean, float(counts.sum()))


def _ttft(now: Level, usual: Level, bounds: Floats) -> tuple[TtftNow, ...]:
    return tuple(
        TtftNow(
            statistic=name,
            observed_seconds=_known(now.statistic(name, bounds)),
            baseline_seconds=_known(usual.statistic(name, bounds)),
        )
        for name in STATISTICS
    )
