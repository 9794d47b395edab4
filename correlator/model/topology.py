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
    """Pods, volumes and the edges between them, at one moment.

    `unmapped` maps a pod that has claims but no edge to the reason: a blind spot, never a guess.
    `node_of_instance` maps a scrape target's `instance` to its node.
    """

    pods: Mapping[PodRef, Pod] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    unmapped: Mapping[PodRef, str] = field(default_factory=dict)
    node_of_instance: Mapping[str, str] = field(default_factory=dict)
