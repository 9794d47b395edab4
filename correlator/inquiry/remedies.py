"""What mends what is missing: the traps of common installations, told from what the series show.

Chart values are those of kube-prometheus-stack (prometheus-community/helm-charts, values.yaml of version 88.5.3).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from correlator.model.frame import Frames
from correlator.model.inventory import Remedy
from correlator.model.topology import PodRef

SLOW_SECONDS = 30
"""From here on the order of onsets within a minute is lost."""

KUBELET_FOLDER = "/kubelet/"
POD_IO = ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules look at: the window, its victims, and the step (None: unknown)."""

    frames: Frames
    victims: Sequence[PodRef]
    step_seconds: int | None

    def has(self, *signals: str) -> bool:
        """Whether any of the signals has series."""
        return any(self.frames.get(name).labels for name in signals)


def remedies_for(seen: Seen) -> tuple[Remedy, ...]:
    """Everything that could be mended, what matters most first."""
    return tuple(remedy for rule in RULES for remedy in rule(seen))


def _no_first_tokens(seen: Seen) -> Iterable[Remedy]:
    if not seen.victims:
        yield Remedy(
            finding="no inference server tells how long first tokens take",
            remedy="scrape the pods of your inference servers with a PodMonitor; the chart's Prometheus ignores "
            "PodMonitors without its release label unless told otherwise",
            chart_value="prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues=false",
        )


def _victims_without_pod(seen: Seen) -> Iterable[Remedy]:
    nameless = [victim for victim in seen.victims if not victim.namespace]
    if nameless:
        yield Remedy(
            finding=f"{len(nameless)} inference servers are known by their address alone ({nameless[0].pod})",
            remedy="scrape them with a PodMonitor, which gives the labels `namespace` and `pod`",
        )


def _no_disks(seen: Seen) -> Iterable[Remedy]:
    if not seen.has("disk_io_time", "disk_queue_time"):
        yield Remedy(
            finding="no node tells how busy its disks are",
            remedy="run node_exporter on every node and scrape it",
            chart_value="nodeExporter.enabled=true",
        )


def _no_pod_io(seen: Seen) -> Iterable[Remedy]:
    if seen.has(*POD_IO):
        return
    if seen.has("pod_io_heartbeat"):
        yield Remedy(
            finding="cAdvisor is scraped, and container_fs_reads_total and its like are dropped on the way",
            remedy="keep container_fs_(reads|writes)(_bytes)?_total and container_blkio_device_usage_total",
            chart_value="kubelet.serviceMonitor.cAdvisorMetricRelabelings",
        )
    else:
        yield Remedy(
            finding="nothing counts the I/O of pods: slow storage would be seen, who makes it slow would not",
            remedy="scrape /metrics/cadvisor of every kubelet",
            chart_value="kubelet.serviceMonitor.cAdvisor=true",
        )


def _no_objects(seen: Seen) -> Iterable[Remedy]:
    if not seen.has("pod_info"):
        yield Remedy(
            finding="nothing tells on which node a pod runs",
            remedy="install kube-state-metrics and scrape it with honorLabels",
            chart_value="kubeStateMetrics.enabled=true",
        )


def _hidden_mounts(seen: Seen) -> Iterable[Remedy]:
    if not seen.has("pod_claims") or not seen.has("filesystem_size"):
        return
    if not seen.has("mount_info"):
        yield Remedy(
            finding="node_filesystem_mount_info is missing: a claim is tied to its disk only once its pod does I/O",
            remedy="run node_exporter 1.9 or newer",
        )
        return
    points = {dict(labels).get("mountpoint", "") for labels in seen.frames.get("mount_info").labels}
    if not any(KUBELET_FOLDER in point for point in points):
        yield Remedy(
            finding="node_exporter hides the kubelet's mounts, as the chart's default does: a claim is tied to its "
            "disk only once its pod does I/O",
            remedy="leave `var/lib/kubelet/.+` out of --collector.filesystem.mount-points-exclude",
            chart_value="prometheus-node-exporter.extraArgs",
        )


def _pressure(seen: Seen) -> Iterable[Remedy]:
    waiting = seen.frames.get("pod_io_waiting")
    if waiting.labels and not np.nan_to_num(waiting.values).any():
        yield Remedy(
            finding="the I/O pressure of every pod reads zero: nobody waits, or the kernel measures none and the "
            "kubelet writes zeros all the same, as some versions from 1.34 on do",
            remedy="see that /proc/pressure/io exists on the nodes (kernel parameter psi=1)",
        )
    elif not waiting.labels and seen.has(*POD_IO):
        yield Remedy(
            finding="no pod tells its I/O pressure: whether a victim waits for storage is judged from its reads alone",
            remedy="Kubernetes 1.34 or newer on cgroup v2, with the feature gate KubeletPSI before 1.36",
        )


def _slow_scrapes(seen: Seen) -> Iterable[Remedy]:
    if seen.step_seconds is not None and seen.step_seconds > SLOW_SECONDS:
        yield Remedy(
            finding=f"the slowest required series come every {seen.step_seconds} s: short contention is not seen, and "
            "who began first is not told",
            remedy="scrape inference servers, node_exporter and cAdvisor every 15 s",
            chart_value="prometheus.prometheusSpec.scrapeInterval=15s",
        )


RULES: tuple[Callable[[Seen], Iterable[Remedy]], ...] = (
    _no_first_tokens,
    _victims_without_pod,
    _no_disks,
    _no_pod_io,
    _no_objects,
    _hidden_mounts,
    _pressure,
    _slow_scrapes,
)
