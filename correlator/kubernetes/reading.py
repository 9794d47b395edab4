"""From objects, as JSON gives them, to their records.

What is missing is empty; strings that many objects share are interned. Each raises KeyError, TypeError, AttributeError
or ValueError for what is no such object.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from math import inf
from sys import intern
from typing import Any, TypeAlias

from correlator.kubernetes.records import Attachment, Claim, Namespace, Node, PersistentVolume, Pod, Replica

Json: TypeAlias = Mapping[str, Any]

MOST_ANNOTATIONS = 4
LONGEST_ANNOTATION = 256

_OUTSIDE_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def uid_of(item: Json) -> str:
    """What tells an object from its namesakes. Raises KeyError and TypeError for what is no object."""
    uid = item["metadata"]["uid"]
    if not isinstance(uid, str) or not uid:
        raise TypeError("an object without a uid")
    return uid


def uid_of_owner(item: Json) -> str:
    """The same of an object that others name as their owner: shared with them."""
    return intern(uid_of(item))


def read_pod(item: Json) -> Pod:
    """A record of a v1 Pod."""
    meta, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    kind, name, uid = _controller(meta)
    node = spec.get("nodeName") or ""
    started = _instant(status.get("startTime"))
    since = _placed_at(meta, status, started) if node else inf
    return Pod(
        uid=meta["uid"],
        namespace=intern(meta.get("namespace") or ""),
        name=meta["name"],
        since=since,
        node=intern(node),
        host_ip=intern(status.get("hostIP") or ""),
        owner_kind=intern(kind),
        owner_name=intern(name),
        owner_uid=intern(uid),
        claims=tuple(_claims(meta["name"], spec)),
        priority_class=intern(spec.get("priorityClassName") or ""),
        started_at=since if started == since else started,
        annotations=_annotations(meta),
    )


def read_claim(item: Json) -> Claim:
    """A record of a v1 PersistentVolumeClaim."""
    meta, spec = item["metadata"], item.get("spec") or {}
    return Claim(
        uid=meta["uid"],
        namespace=intern(meta.get("namespace") or ""),
        name=meta["name"],
        since=_created_at(meta),
        volume=intern(spec.get("volumeName") or ""),
        storage_class=intern(spec.get("storageClassName") or ""),
        volume_mode=intern(spec.get("volumeMode") or ""),
    )


def read_volume(item: Json) -> PersistentVolume:
    """A record of a v1 PersistentVolume."""
    meta, spec = item["metadata"], item.get("spec") or {}
    csi, nfs = spec.get("csi") or {}, spec.get("nfs") or {}
    return PersistentVolume(
        uid=meta["uid"],
        name=intern(meta["name"]),
        since=_created_at(meta),
        storage_class=intern(spec.get("storageClassName") or ""),
        csi_driver=intern(csi.get("driver") or ""),
        csi_volume_handle=csi.get("volumeHandle") or "",
        local_path=(spec.get("local") or {}).get("path") or "",
        host_path=(spec.get("hostPath") or {}).get("path") or "",
        nfs_server=intern(nfs.get("server") or ""),
        nfs_path=nfs.get("path") or "",
        ebs_volume_id=(spec.get("awsElasticBlockStore") or {}).get("volumeID") or "",
    )


def read_node(item: Json) -> Node:
    """A record of a v1 Node."""
    meta, status = item["metadata"], item.get("status") or {}
    addresses = status.get("addresses") or ()
    inside = (each.get("address") or "" for each in addresses if each.get("type") == "InternalIP")
    return Node(meta["uid"], intern(meta["name"]), _created_at(meta), intern(next(inside, "")))


def read_attachment(item: Json) -> Attachment:
    """A record of a storage.k8s.io/v1 VolumeAttachment."""
    meta, spec = item["metadata"], item.get("spec") or {}
    volume = intern((spec.get("source") or {}).get("persistentVolumeName") or "")
    attacher, node = intern(spec.get("attacher") or ""), intern(spec.get("nodeName") or "")
    return Attachment(meta["uid"], meta["name"], _created_at(meta), attacher, node, volume)


def read_owner_kind(item: Json) -> str:
    """The kind of what controls an object, of which the metadata is enough; empty where nobody does.

    Of a ReplicaSet that says it all: a Deployment's is called after it, with a hash behind the last dash.
    """
    return intern(_controller(item["metadata"])[0])


def read_namespace(item: Json) -> Namespace:
    """A record of a v1 Namespace, of which the metadata is enough."""
    meta = item["metadata"]
    labels = {_OUTSIDE_LABEL_NAMES.sub("_", name): value for name, value in (meta.get("labels") or {}).items()}
    return Namespace(
        meta["uid"], meta["name"], _created_at(meta), labels.get("correlator_tier") or "", labels.get("tier") or ""
    )


def read_replica(item: Json) -> Replica:
    """A record of a longhorn.io/v1beta2 Replica."""
    meta, spec = item["metadata"], item.get("spec") or {}
    node, path = intern(spec.get("nodeID") or ""), intern(spec.get("diskPath") or "")
    return Replica(meta["uid"], _created_at(meta), intern(spec.get("volumeName") or ""), node, path)


def _controller(meta: Json) -> tuple[str, str, str]:
    """(kind, name, uid) of the owner that controls an object; empty where nobody does."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return owner.get("kind") or "", owner.get("name") or "", owner.get("uid") or ""
    return "", "", ""


def _claims(pod: str, spec: Json) -> Iterator[tuple[str, str]]:
    """(volume, claim) of a pod's volumes that are claims; an ephemeral one's claim is named after pod and volume."""
    for volume in spec.get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        if claim:
            yield intern(volume.get("name") or ""), claim.get("claimName") or ""
        elif volume.get("ephemeral"):
            yield intern(volume.get("name") or ""), f"{pod}-{volume.get('name') or ''}"


def _annotations(meta: Json) -> tuple[tuple[str, str], ...]:
    """Those that speak to the correlator, by the names that kube-state-metrics gives them."""
    told = meta.get("annotations")
    if not told:
        return ()
    mine = ((_OUTSIDE_LABEL_NAMES.sub("_", name), value) for name, value in told.items() if "correlator" in name)
    return tuple(sorted((name, value[:LONGEST_ANNOTATION]) for name, value in mine))[:MOST_ANNOTATIONS]


def _placed_at(meta: Json, status: Json, started: float) -> float:
    """When a pod was put on its node, else when the kubelet took it, else when it was made."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "True":
            placed = _instant(condition.get("lastTransitionTime"))
            if placed == placed:  # noqa: PLR0124 - NaN is not equal to itself
                return placed
    return started if started == started else _created_at(meta)  # noqa: PLR0124 - the same


def _created_at(meta: Json) -> float:
    """When an object was made; 0 where it does not say."""
    created = _instant(meta.get("creationTimestamp"))
    return created if created == created else 0.0  # noqa: PLR0124 - NaN is not equal to itself


def _instant(told: object) -> float:
    """RFC 3339 in epoch seconds; NaN for what is none."""
    try:
        return datetime.fromisoformat(told).timestamp() if isinstance(told, str) else float("nan")
    except ValueError:
        return float("nan")
