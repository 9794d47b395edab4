"""Records: what is read of objects, and what of odd ones."""

from math import inf, isnan
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
        node="n1",
        host_ip="10.0.0.1",
        owner_kind="ReplicaSet",
        owner_name="web-7d9c8b6f5",
        owner_uid="rs1",
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


def test_what_is_missing_is_empty() -> None:
    """Bare objects are read: only name and uid have to be there."""
    bare = {"metadata": {"name": "x", "uid": "u"}}
    assert reading.read_pod(bare).claims == ()
    assert reading.read_claim(bare).volume == ""
    assert reading.read_volume(bare).csi_driver == ""
    assert reading.read_node(bare).internal_ip == ""
    assert reading.read_attachment(bare).volume == ""
    assert reading.read_namespace(bare).tier == ""
    assert reading.read_owner_kind(bare) == ""
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
    assert reading.read_owner_kind(named("rs", ownerReferences=owners)) == "Deployment"
    spec = {"volumeName": "pvc-1", "nodeID": "n1", "diskPath": "/var/lib/longhorn"}
    assert reading.read_replica(named("r", spec=spec))[2:] == ("pvc-1", "n1", "/var/lib/longhorn")
