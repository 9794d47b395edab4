"""Who shares which volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Learnt(StrEnum):
    """How an edge from a pod to a volume was learnt, surest first."""

    IO_SEEN = "io_seen"  # cAdvisor counted the pod's I/O on that device
    MOUNT = "mount"  # a mount point of the pod's claim lies on that device
    CLAIM = "claim"  # the pod's claim, its volume and where that lives


@dataclass(frozen=True, slots=True, order=True)
class PodRef:
    """A pod's name in its cluster."""

    namespace: str
    pod: str

    def __str__(self) -> str:
        """`namespace/pod`, as kubectl users write it."""
        return f"{self.namespace}/{self.pod}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What is known of a pod. Unknown strings are empty; `started_at` is in epoch seconds, None when unknown."""

    ref: PodRef
    node: str = ""
    workload: str = ""  # "Job/reindex", "StatefulSet/vllm"
    tier: str = ""
    started_at: float | None = None
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A contention domain: the thing whose queue is shared. `id` is opaque and stable; `name` is for people."""

    id: str
    name: str  # "n1/nvme0n1"
    kind: str  # "disk", later nfs, cephfs, rbd, longhorn …
    node: str
    device: str  # as node_exporter spells it; "" where it has no device
    claims: tuple[str, ...] = ()  # "namespace/claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A pod uses a volume; `learnt` says how that is known, `via` through which claim (empty: none known)."""

    pod: PodRef
    volume_id: str
    learnt: Learnt
    via: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """Pods, volumes and the edges between them, over one window.

    `pods` holds those that use a volume, claim one, did I/O or are victims; no others. `unmapped` maps such a pod
    without an edge to the reason: a blind spot, never a guess.
    `node_of_instance` maps a scrape target's `instance` to its node; an instance that stands for several nodes is
    left out. `volume_of_device` maps (node, device as any series spells it, or "major:minor") to a volume's id; of
    node_exporter's rows that lead to one volume, those whose device is `Volume.device` are its counters (the others
    are its partitions). `volume_of_nameless` does so for a pod's I/O that cAdvisor counts under no device name.
    """

    pods: Mapping[PodRef, Pod] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    unmapped: Mapping[PodRef, str] = field(default_factory=dict)
    node_of_instance: Mapping[str, str] = field(default_factory=dict)
    volume_of_device: Mapping[tuple[str, str], str] = field(default_factory=dict)
    volume_of_nameless: Mapping[PodRef, str] = field(default_factory=dict)


def victim_ref(labels: Mapping[str, str]) -> PodRef:
    """The pod that a series speaks of; `instance` stands for it where a plain scrape knows no pod."""
    pod = labels.get("pod", "")
    return PodRef(labels.get("namespace", ""), pod) if pod else PodRef("", labels.get("instance", ""))


def node_of(labels: Mapping[str, str], topology: Topology) -> str:
    """The node that a series speaks of: its own `node`, its target's, its pod's; empty where none is known."""
    node = labels.get("node", "") or topology.node_of_instance.get(labels.get("instance", ""), "")
    if node:
        return node
    pod = topology.pods.get(victim_ref(labels))
    return "" if pod is None else pod.node


def volume_of(labels: Mapping[str, str], topology: Topology) -> str:
    """The id of the volume that a series with a device speaks of; empty where none is known.

    For rows of node_exporter, its file systems included, and of cAdvisor alike. A row without a device name goes by
    major and minor where it has them, otherwise by what its pod's other series tell.
    """
    device = labels.get("device", "")
    node = node_of(labels, topology)
    if device:
        return topology.volume_of_device.get((node, device), "")
    if "major" in labels and "minor" in labels:
        return topology.volume_of_device.get((node, f"{labels['major']}:{labels['minor']}"), "")
    return topology.volume_of_nameless.get(victim_ref(labels), "")
