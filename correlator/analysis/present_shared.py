"""Back ends that nodes share, in the snapshot: USE now and who is on them."""

from collections.abc import Iterator, Sequence

import numpy as np

from correlator.analysis.domains import DISK
from correlator.analysis.errors import error_states
from correlator.analysis.newest import known_or_none
from correlator.analysis.price import PRIOR
from correlator.analysis.rowwise import means
from correlator.analysis.shared import shared_pods, shared_use
from correlator.model.frame import Frames
from correlator.model.snapshot import PodOnVolume, VolumeNow
from correlator.model.topology import Pod, PodRef, Topology, Volume

PRICES = tuple(PRIOR.tolist())


def shared_volumes(frames: Frames, topology: Topology) -> Iterator[VolumeNow]:
    """Every shared volume over the newest steps, which are all that `frames` holds."""
    learnt = {(edge.volume_id, edge.pod): edge.learnt.value for edge in topology.edges}
    every = np.ones(frames.grid.count, dtype=np.bool_)
    for volume in topology.volumes.values():
        if volume.kind != DISK:
            loads = shared_pods(frames, topology, volume.id).loads.values()
            rows = [
                pod_row(each.ref, means(each.load, every).tolist(), topology, learnt.get((volume.id, each.ref), ""))
                for each in loads
            ]
            rows.sort(key=lambda pod: (-(pod.device_time_ratio or 0.0), pod.namespace, pod.pod))
            yield _now(volume, frames, topology, tuple(rows))


def _now(volume: Volume, frames: Frames, topology: Topology, pods: tuple[PodOnVolume, ...]) -> VolumeNow:
    use = shared_use(frames, topology, volume.id, None)
    every = np.ones(frames.grid.count, dtype=np.bool_)
    taken = np.stack([use.load[0], use.load[1], use.read_time, use.write_time, use.queue_depth])
    reads, writes, read_time, write_time, queue = means(taken, every).tolist()
    return VolumeNow(
        id=volume.id,
        name=volume.name,
        kind=volume.kind,
        node=volume.node,
        device=volume.device,
        claims=volume.claims,
        utilization_ratio=None,
        queue_depth=known_or_none(queue),
        read_latency_seconds=known_or_none(read_time / reads) if reads > 0 else None,
        write_latency_seconds=known_or_none(write_time / writes) if writes > 0 else None,
        errors=error_states(frames, topology, volume.id),
        pods=pods,
    )


def pod_row(ref: PodRef, values: Sequence[float], topology: Topology, learnt: str) -> PodOnVolume:
    """One pod, or node, with its four rates as in `volumes.RATES`, at the prior's prices."""
    reads, writes, read_bytes, write_bytes = values
    priced = sum(price * value for price, value in zip(PRICES, values, strict=True))
    return PodOnVolume(
        namespace=ref.namespace,
        pod=ref.pod,
        workload=topology.pods.get(ref, Pod(ref=ref)).workload,
        device_time_ratio=known_or_none(priced),
        read_bytes_per_second=known_or_none(read_bytes),
        write_bytes_per_second=known_or_none(write_bytes),
        read_operations_per_second=known_or_none(reads),
        write_operations_per_second=known_or_none(writes),
        learnt=learnt,
    )
