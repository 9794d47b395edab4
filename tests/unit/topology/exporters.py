"""What exporters say, in their own label shapes, as frames over eight steps."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.topology import Edge, Topology

GRID = Grid(start=1_700_000_010, step=15, count=8)

Part: TypeAlias = dict[str, dict[Labels, Floats]]
"""signal → identity → values"""


def steps(value: float, first: int = 0, last: int = 7) -> Floats:
    """A value from step `first` to step `last`, nothing outside."""
    values = np.full(GRID.count, np.nan)
    values[first : last + 1] = value
    return values


def timed(signal: str, labels: Mapping[str, str], value: float = 1.0, first: int = 0, last: int = 7) -> Part:
    """One series of one signal, seen from step `first` to `last`; labels with an empty value do not exist."""
    return {signal: {labels_of(labels): steps(value, first, last)}}


def series(signal: str, **labels: str) -> Part:
    """One series of one signal, 1 at all steps."""
    return timed(signal, labels)


def together(*parts: Part) -> Part:
    """All that several parts say."""
    whole: Part = {}
    for part in parts:
        for signal, rows in part.items():
            whole.setdefault(signal, {}).update(rows)
    return whole


def frames(*parts: Part) -> Frames:
    """The window in which these parts were said."""
    whole = together(*parts)
    return Frames(GRID, {signal: Frame.from_rows(signal, GRID, rows) for signal, rows in whole.items()})


def disks(instance: str, *devices: str, pod: str = "", node: str = "", last: int = 7) -> Part:
    """node_exporter's diskstats; `pod` is the exporter's own, in namespace monitoring."""
    own = {"namespace": "monitoring", "pod": pod} if pod else {}
    return together(
        *(
            timed(signal, {"instance": instance, "node": node, "device": device, **own}, last=last)
            for signal in ("disk_reads", "disk_writes", "disk_queue_time")
            for device in devices
        )
    )


def file_system(instance: str, mountpoint: str, device: str, number: str = "", **labels: str) -> Part:
    """node_exporter's view of one mount; with `number` (major:minor) also mount_info, as since 1.9."""
    place = {"instance": instance, "mountpoint": mountpoint, "device": device, **labels}
    size = series("filesystem_size", fstype="ext4", **place)
    major, _, minor = number.partition(":")
    return together(size, series("mount_info", major=major, minor=minor, **place)) if number else size


def pod_io(
    ref: str, device: str, *, instance: str = "10.0.0.1:10250", node: str = "n1", first: int = 0, last: int = 7
) -> Part:
    """I/O of a pod on a device as cAdvisor counts it: for the pod and for one container."""
    namespace, _, pod = ref.partition("/")
    place = {"namespace": namespace, "pod": pod, "device": device, "instance": instance, "node": node}
    return together(
        *(
            timed(signal, {**place, "container": container}, 1.0, first, last)
            for signal in ("pod_reads", "pod_writes")
            for container in ("", "main")
        )
    )


def device_usage(ref: str, device: str, number: str, *, instance: str = "10.0.0.1:10250", node: str = "n1") -> Part:
    """container_blkio_device_usage_total: the name may be empty, major and minor are there."""
    namespace, _, pod = ref.partition("/")
    major, _, minor = number.partition(":")
    labels = {"namespace": namespace, "pod": pod, "device": device, "major": major, "minor": minor}
    return series("pod_device_usage", instance=instance, node=node, container="main", **labels)


def pod_info(ref: str, node: str, *, uid: str = "", address: str = "", first: int = 0, last: int = 7) -> Part:
    """kube_pod_info."""
    namespace, _, pod = ref.partition("/")
    labels = {"namespace": namespace, "pod": pod, "uid": uid or f"uid-{pod}", "node": node, "host_ip": address}
    return timed("pod_info", labels, 1.0, first, last)


def claim(ref: str, name: str, volume: str = "data", *, uid: str = "") -> Part:
    """A pod's volume that is a claim."""
    namespace, _, pod = ref.partition("/")
    labels = {"namespace": namespace, "pod": pod, "uid": uid or f"uid-{pod}", "volume": volume}
    return series("pod_claims", persistentvolumeclaim=name, **labels)


def bound(claim_name: str, volume: str, **where: str) -> Part:
    """A claim (namespace/name) bound to a persistent volume that lives `where`."""
    namespace, _, name = claim_name.partition("/")
    binding = series("claim_info", namespace=namespace, persistentvolumeclaim=name, volumename=volume)
    return together(binding, series("persistent_volume_info", persistentvolume=volume, **where))


def victim(**labels: str) -> Part:
    """The count of first tokens of a vLLM server."""
    return series("ttft_count", model_name="llama", engine="0", **labels)


def edges(topology: Topology) -> set[tuple[str, str, str, str]]:
    """(pod, volume's name, how learnt, via) of all edges."""
    return {spoken(edge, topology) for edge in topology.edges}


def spoken(edge: Edge, topology: Topology) -> tuple[str, str, str, str]:
    """An edge in names."""
    return str(edge.pod), topology.volumes[edge.volume_id].name, edge.learnt.value, edge.via


def names(topology: Topology) -> set[str]:
    """The names of all volumes."""
    return {volume.name for volume in topology.volumes.values()}


def shuffled(window: Frames, order: Mapping[str, Iterable[int]]) -> Frames:
    """The same rows in another order."""
    turned = {}
    for signal, frame in window.by_signal.items():
        rows = list(order[signal])
        labels = tuple(frame.labels[row] for row in rows)
        turned[signal] = Frame(signal, frame.grid, labels, frame.values[rows])
    return Frames(window.grid, turned)


def later(window: Frames, moved: int) -> Frames:
    """The same series `moved` steps later; those that lived go on, those that were gone stay gone."""
    grid = Grid(GRID.start + moved * GRID.step, GRID.step, GRID.count)
    shifted = {}
    for signal, frame in window.by_signal.items():
        values = np.concatenate([frame.values[:, moved:], np.repeat(frame.values[:, -1:], moved, axis=1)], axis=1)
        shifted[signal] = Frame(signal, grid, frame.labels, values)
    return Frames(grid, shifted)
