"""Who shares which volume."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Learnt(StrEnum):
    """How an edge from a pod to a volume was learnt, surest first."""

    IO_SEEN = "io_seen"  # cAdvisor counted the pod's I/O on that device
    MOUNT = "mount"  # a mount point of the pod's claim lies on that device
    CLAIM = "claim"  # the pod's claim, its volume and where that lives
    BACK_END = "back_end"  # the back end's own series name the volume behind the pod's claim
    LAYER = "layer"  # the disk that the pod uses lies on that one


class Teller(StrEnum):
    """Who told of the pod, its claim and its volume."""

    SERIES = "series"
    API = "kubernetes_api"
    BOTH = "series_and_kubernetes_api"


TOLD_BY = "told_by"
"""The label of rows that the Kubernetes API told, alone or as well; its value is a Teller."""


class Below(StrEnum):
    """How it was learnt that one volume lies on another."""

    HEADER = "header"  # the id of the LUKS header is part of the mapping's
    SOLE_MEMBER = "sole_member"  # the node has one LVM member only
    SOLE_ARRAY = "sole_array"  # the node has one array only
    IO_SEEN = "io_seen"  # whoever did I/O on the one did so on the other
    CLAIM = "claim"  # the claim on the one is a back end's volume
    NAME = "name"  # the device's name says of which kind it is, and its pod has one such claim


class Sure(StrEnum):
    """How sure an edge is: `likely` where names or coincidence tell it, not the thing itself."""

    CERTAIN = "certain"
    LIKELY = "likely"


NODE_PREFIX = "node/"


@dataclass(frozen=True, slots=True, order=True)
class PodRef:
    """A pod's name in its cluster; or a whole node, where the I/O of its pods cannot be told apart."""

    namespace: str
    pod: str

    def __str__(self) -> str:
        """`namespace/pod`, as kubectl users write it; `node/NAME` for a node."""
        return self.pod if self.node else f"{self.namespace}/{self.pod}"

    @classmethod
    def of_node(cls, node: str) -> "PodRef":
        """All of a node that cannot be told apart; no pod's name has a slash."""
        return cls("", NODE_PREFIX + node)

    @property
    def node(self) -> str:
        """The node that it stands for; empty for a pod."""
        return self.pod.removeprefix(NODE_PREFIX) if not self.namespace and self.pod.startswith(NODE_PREFIX) else ""


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
    name: str  # "n1/nvme0n1", "nfs/filer:/models"
    kind: str  # "disk", or a back end that nodes share: nfs, cephfs, rbd, longhorn, portworx
    node: str  # "" where many nodes use it
    device: str  # as node_exporter spells it; of a back end its export, pool or disk
    claims: tuple[str, ...] = ()  # "namespace/claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A pod uses a volume; `learnt` says how that is known, `via` through which claim (empty: none known).

    `told_by` is who told the objects that it was learnt from; I/O and mounts are always told by series.
    """

    pod: PodRef
    volume_id: str
    learnt: Learnt
    via: str = ""
    sure: Sure = Sure.CERTAIN
    told_by: Teller = Teller.SERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What lies on a volume has its queue there as well: `volume_id` is the volume below."""

    volume_id: str
    learnt: Below
    sure: Sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a shared back end tells of one client: an image, a volume, or one node's mount of an export.

    `doer` is the pod that its I/O is put down to, or the node where several pods may be behind it; None where nobody
    is known. `users` are all pods that are known to use it.
    """

    doer: PodRef | None
    users: frozenset[PodRef] = frozenset()


@dataclass(frozen=True, slots=True)
class Topology:
    """Pods, volumes and the edges between them, over one window.

    `pods` holds those that use a volume, claim one, did I/O or are victims; no others. `unmapped` maps such a pod
    without an edge to the reason: a blind spot, never a guess.
    `node_of_instance` maps a scrape target's `instance` to its node; an instance that stands for several nodes is
    left out. `volume_of_device` maps (node, device as any series spells it, or "major:minor") to a volume's id; of
    node_exporter's rows that lead to one volume, those whose device is `Volume.device` are its counters (the others
    are its partitions). `volume_of_nameless` does so for a pod's I/O that cAdvisor counts under no device name.
    `below` maps a volume's id to what it lies on. `parts` maps a shared volume's id to its clients by their keys, see
    `part_of`. `depends_on` maps a victim to the pods that it said it needs. `volume_of_serial` maps what a cloud calls
    a volume, see `serial_of`, to the id of the disk that it is.
    """

    pods: Mapping[PodRef, Pod] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    unmapped: Mapping[PodRef, str] = field(default_factory=dict)
    node_of_instance: Mapping[str, str] = field(default_factory=dict)
    volume_of_device: Mapping[tuple[str, str], str] = field(default_factory=dict)
    volume_of_nameless: Mapping[PodRef, str] = field(default_factory=dict)
    below: Mapping[str, tuple[Layer, ...]] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    depends_on: Mapping[PodRef, tuple[PodRef, ...]] = field(default_factory=dict)
    volume_of_serial: Mapping[str, str] = field(default_factory=dict)


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


def part_of(labels: Mapping[str, str], topology: Topology) -> str:
    """The client of a shared back end that a series speaks of, as a key of `Topology.parts`; empty where unknown.

    An export is told apart by node, an image by its pool, anything else by the back end's own name for the volume.
    """
    if export := labels.get("export", ""):
        node = node_of(labels, topology)
        return part_key(node, export) if node else ""
    if image := labels.get("image", ""):
        return part_key(labels.get("pool", ""), image)
    return labels.get("volume", "")


def part_key(group: str, name: str) -> str:
    """The key of one node's mount, or of one pool's image."""
    return f"{group}|{name}"


def serial_of(volume_id: str) -> str:
    """What a cloud's name for a volume and the serial number of its device have in common: vol-0ab is vol0ab."""
    return volume_id.rpartition("/")[2].replace("-", "").lower()
