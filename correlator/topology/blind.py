"""Why a pod has no edge, in words that say which series is missing and what brings it."""

from collections.abc import Mapping
from dataclasses import dataclass

from correlator.topology.claims import Claims
from correlator.topology.inout import PodIo
from correlator.topology.mounts import Mounts
from correlator.topology.pods import Name

MANY_CLAIMS = 3
"""Claims that a reason speaks of one by one."""


@dataclass(frozen=True, slots=True)
class Blindness:
    """What is known of pods that no edge was found for; `nodes` are theirs, `io_nodes` those that cAdvisor shows."""

    claims: Claims
    mounts: Mounts
    io: PodIo
    nodes: Mapping[Name, str]

    def reason(self, pod: Name) -> str:
        """Why no volume of the pod is known; empty when nothing is missing: cAdvisor sees its node and no I/O of it."""
        node = self.nodes.get(pod, "")
        claims = self.claims.names(pod)
        told = [self._claim(claim, node) for claim in claims[:MANY_CLAIMS]]
        if len(claims) > MANY_CLAIMS:
            told.append(f"and {len(claims) - MANY_CLAIMS} more claims")
        io = self._io(pod, node)
        return "; ".join([*told, io]) if told or self._is_blind(pod, node) else ""

    def _is_blind(self, pod: Name, node: str) -> bool:
        """Whether I/O of the pod would have stayed unseen, or was seen on an unknown device."""
        return not pod[0] or pod in self.io.unresolved or node not in self.io.nodes

    def _io(self, pod: Name, node: str) -> str:
        """What cAdvisor does not tell."""
        devices = self.io.unresolved.get(pod)
        if devices:
            return (
                f"cAdvisor counts its I/O on {_spelled(devices)}, and nothing tells which disk of node {node or '?'} "
                "that is: keep container_blkio_device_usage_total, and give node_exporter udev's data "
                "(--path.udev.data) for node_disk_info and node_disk_device_mapper_info"
            )
        if not pod[0]:
            return (
                "its series carry no label `pod`: give the scrape target the labels `namespace` and `pod` "
                "as cAdvisor has them (a PodMonitor does)"
            )
        if not node:
            return "its node is unknown: kube_pod_info (kube-state-metrics) tells it"
        if node not in self.io.nodes:
            return f"no container_fs_reads_total from node {node}: scrape its kubelet's /metrics/cadvisor"
        return "cAdvisor saw no I/O of it"

    def _claim(self, claim: str, node: str) -> str:
        """Where the chain from claim to disk breaks."""
        name = self.claims.bound.get(claim, "")
        if not name:
            return (
                f"claim {claim}: kube_persistentvolumeclaim_info does not tell its volume "
                "(kube-state-metrics has to watch persistentvolumeclaims)"
            )
        volume = self.claims.volumes.get(name)
        if volume is None:
            return (
                f"claim {claim}: kube_persistentvolume_info does not tell where volume {name} lives "
                "(kube-state-metrics has to watch persistentvolumes)"
            )
        path = self.claims.path(claim)
        return f"claim {claim}: " + (self._path(path, node) if path else _hidden(name, volume.csi_driver))

    def _path(self, path: str, node: str) -> str:
        """Why a path lies on no known disk."""
        if not node:
            return f"{path} lies on the pod's node, which kube_pod_info does not tell"
        mount = self.mounts.below(node, path)
        if mount is None:
            return (
                f"node_filesystem_size_bytes shows no file system of node {node} that holds {path} "
                "(node_exporter there, its collector filesystem on, / not excluded)"
            )
        return (
            f"{path} lies on {mount.device or 'a device without a name'}, and nothing tells which disk of node {node} "
            "that is: give node_exporter udev's data (--path.udev.data) for node_disk_info"
        )


def _spelled(devices: frozenset[str]) -> str:
    """Devices for people."""
    return ", ".join(sorted(device or "a device without a name" for device in devices))


def _hidden(name: str, driver: str) -> str:
    """A volume that kubelet mounts, where node_exporter shows no such mount."""
    by = f" (driver {driver})" if driver else ""
    return (
        f"volume {name}{by} has no mount point in node_filesystem_mount_info: node_exporter 1.9 or newer shows it "
        "unless --collector.filesystem.mount-points-exclude hides the kubelet's folder, as kube-prometheus-stack's "
        "default does"
    )
