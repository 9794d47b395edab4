"""Records: what is read of objects, and what of odd ones."""

from collections.abc import Mapping
from math import inf, isnan
from types import MappingProxyType
from typing import Any

import pytest

from correlator.kubernetes import reading, records
from tests.kubernetes_api import named, pod


def test_a_pod_in_short() -> None:
    """Name, place, owner, claims, priority, start, and what it says to the correlator; nothing else."""
    item = pod(
        "web-7d9c8b6f5-x",
        owner=("ReplicaSet", "web-7d9c8b6f5", "rs1"),
        claims={"data": "web-data"},
        priority_class="high",
        placed="2026-01-01T00:01:00Z",
        started="2026-01-01T00:01:02Z",
        annotations={"correlator/depends-on": "ai/db", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
    )
    item["spec"]["volumes"].append({"name": "cache", "ephemeral": {"volumeClaimTemplate": {}}})
    assert reading.read_pod(item) == records.Pod(
        uid="uid-ai-web-7d9c8b6f5-x",
        namespace="ai",
        name="web-7d9c8b6f5-x",
        since=1767225660.0,
        place=records.Place("n1", "10.0.0.1"),
        owner_kind="ReplicaSet",
        owner_name="web-7d9c8b6f5",
        claims=(("data", "web-data"), ("cache", "web-7d9c8b6f5-x-cache")),
        priority_class="high",
        started_at=1767225662.0,
        annotations=(("correlator_depends_on", "ai/db"),),
    )


def test_a_pod_without_a_node_has_not_begun() -> None:
    """Pending: it runs nowhere yet, whatever it claims."""
    found = reading.read_pod(pod("p", node="", claims={"data": "c"}))
    assert found.since == inf


def test_a_pod_begins_when_it_was_put_on_its_node() -> None:
    """Else when the kubelet took it, else when it was made."""
    item = pod("p", placed="2026-01-01T00:01:00Z", started="2026-01-01T00:02:00Z")
    assert reading.read_pod(item).since == 1767225660.0
    item["status"]["conditions"] = []
    assert reading.read_pod(item).since == 1767225720.0
    item["status"] = {}
    assert reading.read_pod(item).since == 1767225600.0
    assert isnan(reading.read_pod(item).started_at)


def ended(phase: str, *finished: str | None, conditions: Mapping[str, str] = MappingProxyType({})) -> float:
    """When a pod finished whose containers ended at these instants, and whose conditions turned at those."""
    item = pod("p")
    item["status"]["phase"] = phase
    item["status"]["containerStatuses"] = [{"state": {"terminated": {"finishedAt": at}}} for at in finished]
    item["status"]["conditions"] += [{"type": kind, "lastTransitionTime": at} for kind, at in conditions.items()]
    return reading.read_pod(item).finished_at


def test_a_finished_pod_ended_with_its_last_container() -> None:
    """Not when a container ended that is started again; what is no instant is passed over."""
    early, late = "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"
    assert ended("Succeeded", early, late) == ended("Failed", late, None, "1970-01-01T00:00:00Z") == 1767225720.0
    assert isnan(ended("Running", early, late))
    assert isnan(ended("Unknown", early))
    item = pod("p")
    item["status"] |= {"phase": "Failed", "containerStatuses": [{"state": {"waiting": {}}}]}
    item["status"]["initContainerStatuses"] = [{"state": {"terminated": {"finishedAt": early}}}]
    assert reading.read_pod(item).finished_at == 1767225660.0


def test_an_evicted_pod_ended_when_its_conditions_turned() -> None:
    """It has no containers to tell; without a word on when, it is not known, and no pod is taken for another then."""
    turned = {"Ready": "2026-01-01T00:03:00Z", "DisruptionTarget": "2026-01-01T00:02:00Z"}
    assert ended("Failed", conditions=turned) == 1767225720.0
    assert ended("Failed", conditions={"Ready": "2026-01-01T00:03:00Z"}) == 1767225780.0
    unknown = pod("p")
    unknown["status"]["phase"] = "Failed"
    assert reading.read_pod(unknown).finished_at is records.UNKNOWN
    assert reading.read_pod(unknown) == reading.read_pod(unknown)


def test_pods_of_a_node_share_what_says_where_they_run() -> None:
    """150,000 pods need no room for it."""
    assert reading.read_pod(pod("p")).place is reading.read_pod(pod("q")).place
    assert reading.read_pod(pod("p")).place != reading.read_pod(pod("q", node="n2")).place


def test_what_is_missing_is_empty() -> None:
    """Bare objects are read: only name and uid have to be there."""
    bare = {"metadata": {"name": "x", "uid": "u"}}
    assert reading.read_pod(bare).claims == ()
    assert reading.read_claim(bare).volume == ""
    assert reading.read_volume(bare).csi_driver == ""
    assert reading.read_node(bare).internal_ip == ""
    assert reading.read_attachment(bare).volume == ""
    assert reading.read_namespace(bare).tier == ""
    assert reading.read_job(bare) is None
    assert reading.read_replica_set(bare) == records.Owned("/x", "", "ReplicaSet", "x", 0.0, "", "")
    assert reading.read_replica(bare).node == ""
    odd: list[Any] = [{"metadata": {"name": "x"}}, {"metadata": {"uid": 5}}, {}, []]
    for item in odd:
        with pytest.raises((KeyError, TypeError)):
            reading.uid_of(item)


def test_volumes_say_where_they_live() -> None:
    """Each plugin's own words."""
    nfs = reading.read_volume(named("v", spec={"nfs": {"server": "filer", "path": "/models"}, "storageClassName": "s"}))
    assert (nfs.nfs_server, nfs.nfs_path, nfs.storage_class) == ("filer", "/models", "s")
    csi = reading.read_volume(named("v", spec={"csi": {"driver": "driver.longhorn.io", "volumeHandle": "h"}}))
    assert (csi.csi_driver, csi.csi_volume_handle) == ("driver.longhorn.io", "h")
    assert reading.read_volume(named("v", spec={"local": {"path": "/mnt"}})).local_path == "/mnt"
    assert reading.read_volume(named("v", spec={"hostPath": {"path": "/srv"}})).host_path == "/srv"
    ebs = reading.read_volume(named("v", spec={"awsElasticBlockStore": {"volumeID": "vol-1"}}))
    assert ebs.ebs_volume_id == "vol-1"


def test_other_objects_in_short() -> None:
    """Claims, nodes, attachments, namespaces, owners, Longhorn's replicas."""
    claim = reading.read_claim(
        named("c", "ai", spec={"volumeName": "pv", "volumeMode": "Block", "storageClassName": "s"})
    )
    assert claim[1:3] + claim[4:] == ("ai", "c", "pv", "s", "Block")
    addresses = [{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.0.0.1"}]
    assert reading.read_node(named("n1", status={"addresses": addresses})).internal_ip == "10.0.0.1"
    spec = {"attacher": "a", "nodeName": "n1", "source": {"persistentVolumeName": "pv"}}
    assert reading.read_attachment(named("va", spec=spec))[3:] == ("a", "n1", "pv")
    assert reading.read_namespace(named("ai", labels={"correlator.io/tier": "x", "tier": "y"})).tier == "y"
    assert reading.read_namespace(named("ai", labels={"correlator-tier": "x"})).correlator_tier == "x"
    owners = [{"kind": "Other", "name": "o"}, {"kind": "Deployment", "name": "web", "controller": True}]
    assert reading.read_replica_set(named("web-7d9c8b6f5", "ai", ownerReferences=owners)) is None
    job = reading.read_job(
        named("by-hand", "ai", ownerReferences=[{"kind": "CronJob", "name": "c", "controller": True}])
    )
    assert job == records.Owned("ai/by-hand", "ai", "Job", "by-hand", 1767225600.0, "CronJob", "c")
    assert reading.name_of_owner(named("by-hand", "ai")) == job.uid
    spec = {"volumeName": "pvc-1", "nodeID": "n1", "diskPath": "/var/lib/longhorn"}
    assert reading.read_replica(named("r", spec=spec))[2:] == ("pvc-1", "n1", "/var/lib/longhorn")
