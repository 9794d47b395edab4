"""From records to facts: the rows that kube-state-metrics' series make of the same objects, with their lifetimes.

A fact holds from when its object says it began (a pod: since it was put on its node) until it was deleted, whenever it
was asked for. Of all pods only those are spoken of that a window names, those who share a claim with one of them, and
those whose claims may lie beside others'.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Any, Final, NamedTuple, TypeAlias

from correlator.kubernetes import resources
from correlator.kubernetes.reading import owner_key
from correlator.kubernetes.records import Attachment, Claim, Namespace, Node, Owned, PersistentVolume, Pod, Replica
from correlator.kubernetes.table import Table
from correlator.model.frame import Labels, labels_of
from correlator.model.topology import TOLD_BY, Teller

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "pod_info": ("namespace", "pod", "uid"),
    "pod_owner": ("namespace", "pod", "uid"),
    "owner_owner": ("namespace", "job_name", "replicaset"),
    "pod_claims": ("namespace", "pod", "uid", "volume"),
    "pod_start_time": ("namespace", "pod", "uid"),
    "pod_finished": ("namespace", "pod", "uid"),
    "pod_annotations": ("namespace", "pod"),
    "claim_info": ("namespace", "persistentvolumeclaim"),
    "persistent_volume_info": ("persistentvolume",),
    "volume_attachment": ("volumeattachment",),
    "volume_attachment_source": ("volumeattachment",),
    "namespace_labels": ("namespace",),
    "node_info": ("node",),
    "longhorn_replica": ("volume", "node", "disk_path"),
}
"""The signals that the API can tell, and the labels that say what a row speaks of."""

PRIVATE_DRIVERS: Final = frozenset(
    {
        "cinder.csi.openstack.org",
        "csi.hetzner.cloud",
        "disk.csi.azure.com",
        "dobs.csi.digitalocean.com",
        "ebs.csi.aws.com",
        "pd.csi.storage.gke.io",
    }
)
"""Drivers whose volumes are disks of their own in a cloud: who claims one has no neighbours on it."""

COMMON: Final = frozenset(
    {
        "namespace",
        "node",
        "host_ip",
        "priority_class",
        "created_by_kind",
        "owner_kind",
        "storageclass",
        "csi_driver",
        TOLD_BY,
    }
)
"""Labels whose values many rows have in common."""

MARKED: Final = frozenset({"pod_info", "pod_claims", "claim_info", "persistent_volume_info"})
"""The signals that edges are learnt from: their rows say that the API told them."""

MOST_PAIRS = 100_000

OWNING: Final[Mapping[str, str]] = {"Job": resources.JOBS, "ReplicaSet": resources.REPLICA_SETS}
"""Where owners of pods are that may be owned themselves, by their kind."""

Name: TypeAlias = tuple[str, str]


class Fact(NamedTuple):
    """A row; it holds at t with since <= t < until."""

    labels: Labels
    since: float
    until: float
    value: float


class _Row(NamedTuple):
    """A fact without its lifetime; `since` where it began later than its record."""

    signal: str
    labels: Labels
    value: float = 1.0
    since: float = -inf


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pods that a window speaks of, by (namespace, pod) and by uid."""

    names: Collection[Name]
    uids: Collection[str]

    def has(self, pod: Pod) -> bool:
        """Whether a pod is one of them."""
        return (pod.namespace, pod.name) in self.names or pod.uid in self.uids


_FEW: Final = (
    resources.CLAIMS,
    resources.VOLUMES,
    resources.ATTACHMENTS,
    resources.LONGHORN_REPLICAS,
    resources.NAMESPACES,
    resources.NODES,
)

Tables: TypeAlias = Mapping[str, Table[Any]]
Held: TypeAlias = list[tuple[Any, float]]
"""Records with the instant from which they no longer hold."""


class Facts:
    """Makes facts of tables; rows of records that did not change are kept from one time to the next."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows: dict[str, tuple[object, Sequence[_Row]]] = {}
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, wanted: Wanted, believed_until: Mapping[str, float]) -> Mapping[str, Sequence[Fact]]:
        """The facts of each signal, pods first; `believed_until` says for each kind of object how long it holds."""
        kept, self._rows = self._rows, {}
        found: dict[str, list[Fact]] = defaultdict(list)
        for record, until in self._chosen(wanted, believed_until):
            known = kept.get(record.uid)
            if known is None or known[0] is not record:
                known = (record, tuple(map(self._slim, _rows_of(record))))
            self._rows[record.uid] = known
            for row in known[1]:
                found[row.signal].append(Fact(row.labels, max(record.since, row.since), until, row.value))
        return found

    def _slim(self, row: _Row) -> _Row:
        """The row with pairs that many rows have in common."""
        if len(self._pairs) > MOST_PAIRS:
            self._pairs.clear()
        shared = self._pairs.setdefault
        return row._replace(labels=tuple(shared(pair, pair) if pair[0] in COMMON else pair for pair in row.labels))

    def _chosen(self, wanted: Wanted, believed_until: Mapping[str, float]) -> Iterator[tuple[Any, float]]:
        """The records to speak of, each with the instant from which it no longer holds."""
        held = {name: _held(self._tables[name], believed_until.get(name, inf)) for name in _FEW}
        private = _private_claims(held)
        candidates = self._candidates(wanted, believed_until.get(resources.PODS, inf))
        own = {claim for pod, _ in candidates if wanted.has(pod) for claim in _claims_of(pod)}
        apart = private - own
        pods = [one for one in candidates if wanted.has(one[0]) or not apart.issuperset(_claims_of(one[0]))]
        claims = {claim for pod, _ in pods for claim in _claims_of(pod)}
        chosen = [one for one in held[resources.CLAIMS] if (one[0].namespace, one[0].name) in claims]
        volumes = {claim.volume for claim, _ in chosen} - {""}
        bound = [one for one in held[resources.VOLUMES] if one[0].name in volumes]
        handles = {volume.csi_volume_handle for volume, _ in bound} - {""}
        attached = [one for one in held[resources.ATTACHMENTS] if one[0].volume in volumes]
        copies = [one for one in held[resources.LONGHORN_REPLICAS] if one[0].volume in handles and one[0].node]
        namespaces = {pod.namespace for pod, _ in pods}
        spaces = [one for one in held[resources.NAMESPACES] if one[0].name in namespaces]
        for group in (
            pods,
            self._owners(pods, believed_until),
            chosen,
            bound,
            attached,
            copies,
            spaces,
            held[resources.NODES],
        ):
            yield from group

    def _owners(self, pods: Held, believed_until: Mapping[str, float]) -> Held:
        """What owns some pods and is itself owned, or not, as its name does not tell."""
        owners = {(pod.owner_kind, owner_key(pod.namespace, pod.owner_name)) for pod, _ in pods}
        asked = ((OWNING[kind], key) for kind, key in sorted(owners) if kind in OWNING)
        looked_up = ((table, self._tables[table].found(key)) for table, key in asked)
        return [(each[0], min(each[1], believed_until.get(table, inf))) for table, each in looked_up if each]

    def _candidates(self, wanted: Wanted, believed_until: float) -> Held:
        """The pods among which the wanted ones are: all others are passed over with as little work as can be."""
        pods, gone = self._tables[resources.PODS].held()
        names, uids = {pod for _, pod in wanted.names}, wanted.uids
        found = [pod for pod in pods if pod.claims or pod.name in names or pod.uid in uids]
        return [*((pod, believed_until) for pod in found), *((pod, min(at, believed_until)) for pod, at in gone)]


def _claims_of(pod: Pod) -> Iterator[Name]:
    """(namespace, name) of a pod's claims."""
    return ((pod.namespace, claim) for _, claim in pod.claims)


def _private_claims(held: Mapping[str, Held]) -> set[tuple[str, str]]:
    """(namespace, name) of the claims that are bound to a disk of their own."""
    private = {volume.name for volume, _ in held[resources.VOLUMES] if volume.csi_driver in PRIVATE_DRIVERS}
    return {(claim.namespace, claim.name) for claim, _ in held[resources.CLAIMS] if claim.volume in private}


def _held(table: Table[Any], believed_until: float) -> Held:
    records, gone = table.held()
    return [*((record, believed_until) for record in records), *((r, min(at, believed_until)) for r, at in gone)]


def _rows_of(record: object) -> Iterator[_Row]:
    match record:
        case Pod():
            return _of_pod(record)
        case Claim():
            return _of_claim(record)
        case PersistentVolume():
            return _of_volume(record)
        case Attachment():
            return _of_attachment(record)
    return iter([_of_other(record)])


def _of_other(record: object) -> _Row:
    match record:
        case Namespace():
            told = {"namespace": record.name, "label_correlator_tier": record.correlator_tier}
            return _row("namespace_labels", {**told, "label_tier": record.tier})
        case Node():
            return _row("node_info", {"node": record.name, "internal_ip": record.internal_ip})
        case Owned():
            return _row("owner_owner", _owned(record))
        case Replica():
            told = {"volume": record.volume, "node": record.node, "disk_path": record.disk_path}
            return _row("longhorn_replica", told)
    raise TypeError(f"no record: {record!r}")


def _owned(owned: Owned) -> Mapping[str, str]:
    own = {"job_name" if owned.kind == "Job" else "replicaset": owned.name}
    above = {"owner_kind": owned.owner_kind, "owner_name": owned.owner_name}
    return {"namespace": owned.namespace, **own, **above}


def _row(signal: str, pairs: Mapping[str, str], value: float = 1.0) -> _Row:
    return _Row(signal, labels_of({**pairs, TOLD_BY: Teller.API.value} if signal in MARKED else pairs), value)


def _of_pod(pod: Pod) -> Iterator[_Row]:
    name = {"namespace": pod.namespace, "pod": pod.name, "uid": pod.uid}
    created = {"created_by_kind": pod.owner_kind, "created_by_name": pod.owner_name}
    place = {"node": pod.place.node, "host_ip": pod.place.host_ip, "priority_class": pod.priority_class}
    yield _row("pod_info", {**name, **place, **created})
    if pod.owner_name:
        yield _row("pod_owner", {**name, "owner_kind": pod.owner_kind, "owner_name": pod.owner_name})
    if not isnan(pod.started_at):
        yield _row("pod_start_time", name, value=pod.started_at)
    if not isnan(pod.finished_at):
        yield _row("pod_finished", name)._replace(since=pod.finished_at)
    for volume, claim in pod.claims:
        yield _row("pod_claims", {**name, "volume": volume, "persistentvolumeclaim": claim})
    if pod.annotations:
        told = {f"annotation_{key}": value for key, value in pod.annotations}
        yield _row("pod_annotations", {"namespace": pod.namespace, "pod": pod.name, **told})


def _of_claim(claim: Claim) -> Iterator[_Row]:
    name = {"namespace": claim.namespace, "persistentvolumeclaim": claim.name}
    how = {"storageclass": claim.storage_class, "volumemode": claim.volume_mode}
    yield _row("claim_info", {**name, **how, "volumename": claim.volume})


def _of_volume(volume: PersistentVolume) -> Iterator[_Row]:
    told = {
        "persistentvolume": volume.name,
        "storageclass": volume.storage_class,
        "csi_driver": volume.csi_driver,
        "csi_volume_handle": volume.csi_volume_handle,
        "local_path": volume.local_path,
        "host_path": volume.host_path,
        "nfs_server": volume.nfs_server,
        "nfs_path": volume.nfs_path,
        "ebs_volume_id": volume.ebs_volume_id,
    }
    yield _row("persistent_volume_info", told)


def _of_attachment(attachment: Attachment) -> Iterator[_Row]:
    name = {"volumeattachment": attachment.name}
    yield _row("volume_attachment", {**name, "attacher": attachment.attacher, "node": attachment.node})
    yield _row("volume_attachment_source", {**name, "volumename": attachment.volume})
