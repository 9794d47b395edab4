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

from correlator.kubernetes.records import (
    UNKNOWN,
    Attachment,
    Claim,
    Namespace,
    Node,
    Owned,
    PersistentVolume,
    Place,
    Pod,
    Replica,
)

Json: TypeAlias = Mapping[str, Any]

MOST_ANNOTATIONS = 4
LONGEST_ANNOTATION = 256

FINISHED = frozenset({"Succeeded", "Failed"})
"""Phases of a pod whose containers have ended and are not started again."""

_ENDED_BY = ("DisruptionTarget", "ContainersReady", "Ready")
"""Conditions that turn when a pod ends, from the surest on: for one that has no containers to tell, an evicted one."""

_MOST_PLACES = 20_000

_OUTSIDE_LABEL_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def uid_of(item: Json) -> str:
    """What tells an object from its namesakes. Raises KeyError and TypeError for what is no object."""
    uid = item["metadata"]["uid"]
    if not isinstance(uid, str) or not uid:
        raise TypeError("an object without a uid")
    return uid


def name_of_owner(item: Json) -> str:
    """Namespace and name, by which pods name their owner: they need no room for its uid. Raises the same."""
    meta = item["metadata"]
    return owner_key(meta.get("namespace") or "", meta["name"])


def owner_key(namespace: str, name: str) -> str:
    """What `Owned.uid` is."""
    return f"{namespace}/{name}"


def read_pod(item: Json) -> Pod:
    """A record of a v1 Pod."""
    meta, spec, status = item["metadata"], item.get("spec") or {}, item.get("status") or {}
    kind, name = _controller(meta)
    node = spec.get("nodeName") or ""
    started = _instant(status.get("startTime"))
    since = _placed_at(meta, status, started) if node else inf
    return Pod(
        uid=meta["uid"],
        namespace=intern(meta.get("namespace") or ""),
        name=meta["name"],
        since=since,
        place=_place(node, status.get("hostIP") or ""),
        owner_kind=intern(kind),
        owner_name=intern(name),
        claims=tuple(_claims(meta["name"], spec)),
        priority_class=intern(spec.get("priorityClassName") or ""),
        started_at=since if started == since else started,
        finished_at=_finished_at(status),
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


def read_replica_set(item: Json) -> Owned | None:
    """A record of an apps/v1 ReplicaSet, of which the metadata is enough; None for a Deployment's: its name tells."""
    owned = _owned("ReplicaSet", item)
    return None if owned.owner_kind == "Deployment" else owned


def read_job(item: Json) -> Owned | None:
    """A record of a batch/v1 Job, of which the metadata is enough; None for one of its own, as no word tells.

    A Job that somebody made by hand from a CronJob has any name, and is the CronJob's all the same.
    """
    owned = _owned("Job", item)
    return owned if owned.owner_kind else None


def _owned(kind: str, item: Json) -> Owned:
    meta = item["metadata"]
    namespace, name = intern(meta.get("namespace") or ""), intern(meta["name"])
    owner_kind, owner = map(intern, _controller(meta))
    return Owned(owner_key(namespace, name), namespace, kind, name, _created_at(meta), owner_kind, owner)


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


def _controller(meta: Json) -> tuple[str, str]:
    """(kind, name) of the owner that controls an object; empty where nobody does."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return owner.get("kind") or "", owner.get("name") or ""
    return "", ""


_places: dict[Place, Place] = {}


def _place(node: str, host_ip: str) -> Place:
    """One value for all pods of a node."""
    if len(_places) > _MOST_PLACES:
        _places.clear()
    place = Place(intern(node), intern(host_ip))
    return _places.setdefault(place, place)


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


def _finished_at(status: Json) -> float:
    """When the last container of a finished pod ended, else when its conditions turned; UNKNOWN of one that may run."""
    if status.get("phase") not in FINISHED:
        return UNKNOWN
    told = [
        _instant(((container.get("state") or {}).get("terminated") or {}).get("finishedAt"))
        for kind in ("initContainerStatuses", "containerStatuses")
        for container in status.get(kind) or ()
    ]
    turned = {each.get("type"): _instant(each.get("lastTransitionTime")) for each in status.get("conditions") or ()}
    ended = max((at for at in told if at > 0), default=UNKNOWN)
    known = (at for at in (ended, *(turned.get(kind, UNKNOWN) for kind in _ENDED_BY)) if at > 0)
    return next(known, UNKNOWN)


def _created_at(meta: Json) -> float:
    """When an object was made; 0 where it does not say."""
    created = _instant(meta.get("creationTimestamp"))
    return created if created == created else 0.0  # noqa: PLR0124 - NaN is not equal to itself


def _instant(told: object) -> float:
    """RFC 3339 in epoch seconds; UNKNOWN for what is none."""
    try:
        return datetime.fromisoformat(told).timestamp() if isinstance(told, str) else UNKNOWN
    except ValueError:
        return UNKNOWN
