"""Small records of objects: what a topology needs of them, and nothing else.

Times are epoch seconds; `since` is from when on the record holds, by the object's own timestamps, so that it does not
depend on when it was read. Unknown strings are empty.
"""

from typing import NamedTuple


class Pod(NamedTuple):
    """A pod that is on a node; `since` is when it was put there, infinite before that.

    `owner` fields are those of its controller; `claims` are (volume in the spec, claim); `started_at` is the kubelet's
    word, NaN when unknown; `annotations` are those that speak to the correlator.
    """

    uid: str
    namespace: str
    name: str
    since: float
    node: str = ""
    host_ip: str = ""
    owner_kind: str = ""
    owner_name: str = ""
    owner_uid: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    priority_class: str = ""
    started_at: float = float("nan")
    annotations: tuple[tuple[str, str], ...] = ()


class Claim(NamedTuple):
    """A persistent volume claim; `volume` is empty until it is bound."""

    uid: str
    namespace: str
    name: str
    since: float
    volume: str
    storage_class: str
    volume_mode: str


class PersistentVolume(NamedTuple):
    """Where a persistent volume lives; empty for what does not apply."""

    uid: str
    name: str
    since: float
    storage_class: str
    csi_driver: str
    csi_volume_handle: str
    local_path: str
    host_path: str
    nfs_server: str
    nfs_path: str
    ebs_volume_id: str


class Node(NamedTuple):
    """A node and its address inside the cluster."""

    uid: str
    name: str
    since: float
    internal_ip: str


class Attachment(NamedTuple):
    """A persistent volume that is attached to a node."""

    uid: str
    name: str
    since: float
    attacher: str
    node: str
    volume: str


class Namespace(NamedTuple):
    """A namespace and its labels that name a tier."""

    uid: str
    name: str
    since: float
    correlator_tier: str
    tier: str


class Replica(NamedTuple):
    """A Longhorn replica: a copy of a volume below a folder of a node; `node` is empty until it has one."""

    uid: str
    since: float
    volume: str
    node: str
    disk_path: str
