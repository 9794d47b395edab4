"""What the kubelet's cAdvisor would say of the lab's pods, read from their control groups.

Rows as a kube-prometheus-stack keeps them: I/O by container and device, pressure by container and by pod
(`container=""`). A pod has no I/O series before its first I/O, and none at all once it has finished.
"""

from collections.abc import Iterable, Iterator, Mapping

from tests.lab.exposition import Sample
from tests.lab.pods import Pod


def cadvisor_samples(pods: Iterable[Pod], at: float) -> Iterator[Sample]:
    """All rows of the pods that exist at `at`."""
    for pod in pods:
        if pod.is_accounted and pod.is_alive(at):
            yield from _io_samples(pod)
            yield from _pressure_samples(pod)


def _io_samples(pod: Pod) -> Iterator[Sample]:
    counters = pod.counters()
    if counters.is_zero:
        return
    labels = {**_container_labels(pod), "device": pod.device.path}
    major, minor = pod.device.number.split(":")
    yield Sample("container_fs_reads_total", labels, counters.read_operations)
    yield Sample("container_fs_writes_total", labels, counters.write_operations)
    yield Sample("container_fs_reads_bytes_total", labels, counters.read_bytes)
    yield Sample("container_fs_writes_bytes_total", labels, counters.write_bytes)
    for operation, value in (("Read", counters.read_bytes), ("Write", counters.write_bytes)):
        extra = {"major": major, "minor": minor, "operation": operation}
        yield Sample("container_blkio_device_usage_total", {**labels, **extra}, value)


def _pressure_samples(pod: Pod) -> Iterator[Sample]:
    pressure = pod.group.pressure()
    for labels in (_pod_labels(pod), _container_labels(pod)):
        yield Sample("container_pressure_io_waiting_seconds_total", labels, pressure.waiting_seconds)
        yield Sample("container_pressure_io_stalled_seconds_total", labels, pressure.stalled_seconds)


def _container_labels(pod: Pod) -> Mapping[str, str]:
    identity = pod.identity
    return {
        "id": f"{identity.slice_path}/cri-containerd-{identity.container_id}.scope",
        "name": identity.container_id,
        "image": identity.image,
        "namespace": identity.namespace,
        "pod": identity.pod,
        "container": identity.container,
    }


def _pod_labels(pod: Pod) -> Mapping[str, str]:
    identity = pod.identity
    return {
        "id": identity.slice_path,
        "name": "",
        "image": "",
        "namespace": identity.namespace,
        "pod": identity.pod,
        "container": "",
    }
