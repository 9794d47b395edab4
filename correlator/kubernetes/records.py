"""Small records of objects: what a topology needs of them, and nothing else.

Times are epoch seconds; `since` is from when on the record holds, by the object's own timestamps, so that it does not
depend on when it was read. Unknown strings are empty.
"""

from typing import Final, NamedTuple

UNKNOWN: Final = float("nan")
"""The one NaN of all records: equal records must compare equal, and need no room for it."""


class Place(NamedTuple):
    """Where a pod runs; one value for all pods of a node."""

    node: str = ""
    host_ip: str = ""


NOWHERE: Final = Place()


class Pod(NamedTuple):
    """A pod that is on a node; `since` is when it was put there, infinite before that.

    `owner` fields are those of its controller, see `Owned`; `claims` are (volume in the spec, claim); `started_at` is
    the kubelet's word, `finished_at` when the last container of one that will not run again ended, UNKNOWN where nobody
    says; `annotations` are those that speak to the correlator.
    """

    uid: str
    namespace: str
    name: str
    since: float
    place: Place = NOWHERE
    owner_kind: str = ""
    owner_name: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    priority_class: str = ""
    started_at: float = UNKNOWN
    finished_at: float = UNKNOWN
    annotations: tuple[tuple[str, str], ...] = ()


class Owned(NamedTuple):
    """A Job or a ReplicaSet whose name does not tell whose it is; `owner` fields are empty where nobody owns it.

    `uid` is its namespace and name, by which its pods name it.
    """

    uid: str
    namespace: str
    kind: str
    name: str
    since: float
    owner_kind: str
    owner_name: str


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
