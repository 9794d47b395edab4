"""Back ends that nodes share: who their clients are, and what is one domain."""

import pytest

from correlator.model.topology import Part as Client
from correlator.model.topology import PodRef, Sure, Topology
from correlator.topology import join
from tests.unit.topology.exporters import (
    Part,
    bound,
    claim,
    disks,
    edges,
    file_system,
    frames,
    names,
    pod_info,
    pod_io,
    series,
    timed,
    together,
)

N1, N2 = "10.0.0.1:9100", "10.0.0.2:9100"
UUID = "5a3c0b44-31a6-11ee-9d52-0242ac120002"
OTHER_UUID = "77777777-31a6-11ee-9d52-0242ac120002"


def mount(node: str, export: str) -> Part:
    """Mountstats of one node's mount."""
    instance = {"n1": N1, "n2": N2}[node]
    return series("nfs_operations", instance=instance, node=node, export=export, operation="READ")


def pod(ref: str, node: str, name: str, **where: str) -> Part:
    """A pod with a claim of its own namespace that is bound to a volume."""
    namespace = ref.partition("/")[0]
    return together(pod_info(ref, node), claim(ref, name), bound(f"{namespace}/{name}", f"pv-{name}", **where))


def clients(topology: Topology, volume: str) -> dict[str, Client]:
    """The clients of a volume by their keys."""
    return dict(next(topology.parts[each.id] for each in topology.volumes.values() if each.name == volume))


def doers(topology: Topology, volume: str) -> dict[str, str]:
    """Whom each client's I/O is put down to."""
    return {key: str(part.doer) if part.doer else "" for key, part in clients(topology, volume).items()}


def nfs(path: str) -> dict[str, str]:
    """An NFS volume of the in-tree kind."""
    return {"nfs_server": "filer", "nfs_path": path}


def test_an_export_is_one_domain_on_all_nodes() -> None:
    """Its only user on a node is named; where several pods share the mount, the node is."""
    topology = join(
        frames(
            mount("n1", "filer:/models"),
            mount("n2", "filer:/models"),
            pod("inference/vllm-0", "n1", "m", **nfs("/models")),
            pod("data/etl-0", "n2", "x", **nfs("/models")),
            pod("data/etl-1", "n2", "y", **nfs("/models/")),
        )
    )
    assert names(topology) == {"nfs/filer:/models"}
    assert doers(topology, "nfs/filer:/models") == {
        "n1|filer:/models": "inference/vllm-0",
        "n2|filer:/models": "node/n2",
    }
    assert edges(topology) == {
        ("inference/vllm-0", "nfs/filer:/models", "claim", "inference/m"),
        ("data/etl-0", "nfs/filer:/models", "claim", "data/x"),
        ("data/etl-1", "nfs/filer:/models", "claim", "data/y"),
    }


def test_a_mount_of_the_node_itself_hides_its_pods() -> None:
    """What the host mounts beside its only pod may do the I/O as well."""
    told = together(mount("n1", "filer:/models"), pod("inference/vllm-0", "n1", "m", **nfs("/models")))
    host = file_system(N1, "/srv/models", "filer:/models", node="n1")
    assert doers(join(frames(told)), "nfs/filer:/models") == {"n1|filer:/models": "inference/vllm-0"}
    assert doers(join(frames(told, host)), "nfs/filer:/models") == {"n1|filer:/models": "node/n1"}


def test_a_mount_point_names_a_pod_whose_claim_is_not_told() -> None:
    """The export stands in the pod's own spec: only the mount below its folder shows it."""
    told = together(
        mount("n1", "filer:/models"),
        pod_info("inference/vllm-0", "n1", uid="u1"),
        file_system(N1, "/var/lib/kubelet/pods/u1/volumes/kubernetes.io~nfs/m", "filer:/models", node="n1"),
        pod_io("inference/vllm-0", "/dev/sda"),
    )
    topology = join(frames(told))
    assert doers(topology, "nfs/filer:/models") == {"n1|filer:/models": "inference/vllm-0"}
    assert ("inference/vllm-0", "nfs/filer:/models", "mount", "") in edges(topology)


def test_folders_of_one_share_are_one_domain() -> None:
    """The CSI driver names the share of a folder; a provisioner's folders show it by being siblings."""
    csi = {"csi_driver": "nfs.csi.k8s.io"}
    topology = join(
        frames(
            mount("n1", "filer:/data/a"),
            mount("n2", "filer:/data/b"),
            pod("x/a", "n1", "a", **csi, csi_volume_handle="filer#data#a##"),
            pod("x/b", "n2", "b", **csi, csi_volume_handle="filer#/data#b#uid#"),
            mount("n1", "nas:/exports/pvc-c"),
            pod("x/c", "n1", "c", nfs_server="nas", nfs_path="/exports/pvc-c", storageclass="nfs-client"),
            pod("x/d", "n2", "d", nfs_server="nas", nfs_path="/exports/pvc-d", storageclass="nfs-client"),
            pod("x/e", "n2", "e", nfs_server="nas", nfs_path="/other"),
        )
    )
    assert names(topology) == {"nfs/filer:/data", "nfs/nas:/exports", "nfs/nas:/other"}
    assert doers(topology, "nfs/filer:/data") == {"n1|filer:/data/a": "x/a", "n2|filer:/data/b": "x/b"}


def test_a_pod_that_finished_before_is_no_user() -> None:
    """A job's pod that is kept leaves the next one alone; one that ended within the window may have done it."""
    rbd = {"csi_driver": "rbd.csi.ceph.com", "csi_volume_handle": f"x-{UUID}"}
    told = together(
        series("rbd_operations", pool="p", image=f"csi-vol-{UUID}", operation="READ"),
        pod("data/reindex-1", "n1", "scratch", **rbd),
        pod("data/reindex-2", "n1", "scratch", **rbd),
    )
    ended = {"namespace": "data", "pod": "reindex-1", "uid": "uid-reindex-1"}
    key = f"p|csi-vol-{UUID}"
    assert doers(join(frames(told)), "rbd/p") == {key: "node/n1"}
    assert doers(join(frames(told, timed("pod_finished", ended))), "rbd/p") == {key: "data/reindex-2"}
    assert doers(join(frames(told, timed("pod_finished", ended, first=3))), "rbd/p") == {key: "node/n1"}


def test_images_of_a_pool_are_named_by_their_claims() -> None:
    """ceph-csi ends image and handle with the same identifier; an image that no claim has is nobody's."""
    handle = f"0001-0009-rook-ceph-0000000000000002-{UUID}"
    rbd = {"csi_driver": "rook-ceph.rbd.csi.ceph.com", "csi_volume_handle": handle}
    topology = join(
        frames(
            *(
                series("rbd_operations", pool="replicapool", image=f"csi-vol-{uuid}", operation="READ")
                for uuid in (UUID, OTHER_UUID)
            ),
            pod("db/pg-0", "n1", "data", **rbd),
            disks(N1, "rbd0", node="n1"),
            pod_io("db/pg-0", "/dev/rbd0"),
        )
    )
    assert doers(topology, "rbd/replicapool") == {
        f"replicapool|csi-vol-{UUID}": "db/pg-0",
        f"replicapool|csi-vol-{OTHER_UUID}": "",
    }
    assert ("db/pg-0", "rbd/replicapool", "back_end", "db/data") in edges(topology)
    disk = topology.volume_of_device["n1", "rbd0"]
    below = [(topology.volumes[layer.volume_id].name, layer.sure) for layer in topology.below[disk]]
    assert below == [("rbd/replicapool", Sure.LIKELY)]


def test_longhorn_volumes_share_the_disks_of_their_replicas() -> None:
    """Without replicas all volumes may lie together: likely, no more."""
    told = together(
        series("longhorn_operations", volume="pv-a", operation="READ"),
        series("longhorn_operations", volume="pv-b", operation="READ"),
        pod("x/a", "n1", "a", csi_driver="driver.longhorn.io"),
        pod("x/b", "n2", "b", csi_driver="driver.longhorn.io"),
    )
    alone = join(frames(told))
    assert names(alone) == {"longhorn/all volumes"}
    assert {edge.sure for edge in alone.edges} == {Sure.LIKELY}
    replicas = [("pv-a", "n1"), ("pv-a", "n2"), ("pv-b", "n2")]
    placed = (
        series("longhorn_replica", volume=volume, node=node, disk_path="/var/lib/longhorn/")
        for volume, node in replicas
    )
    known = join(frames(told, *placed))
    assert doers(known, "longhorn/n1:/var/lib/longhorn") == {"pv-a": "x/a"}
    assert doers(known, "longhorn/n2:/var/lib/longhorn") == {"pv-a": "x/a", "pv-b": "x/b"}
    assert {edge.sure for edge in known.edges} == {Sure.CERTAIN}


def test_a_ceph_file_system_has_all_of_its_pods_behind_one_client() -> None:
    """The claims' handles name it; who does what nobody counts, only what the OSDs do together."""
    handle = f"0001-0009-rook-ceph-0000000000000001-{UUID}"
    where = {"csi_driver": "rook-ceph.cephfs.csi.ceph.com", "csi_volume_handle": handle}
    topology = join(frames(pod("x/a", "n1", "a", **where)))
    assert edges(topology) == {("x/a", "cephfs/0001-0009-rook-ceph-0000000000000001", "claim", "x/a")}
    assert not topology.parts
    counted = join(
        frames(pod("x/a", "n1", "a", **where), series("osd_operations", ceph_daemon="osd.0", operation="READ"))
    )
    (client,) = clients(counted, "cephfs/0001-0009-rook-ceph-0000000000000001").values()
    assert client == Client(doer=None, users=frozenset({PodRef("x", "a")}))


@pytest.mark.parametrize("by_serial", [True, False])
def test_a_cloud_volume_is_found_by_its_serial_or_its_claim(by_serial: bool) -> None:
    """Nitro shows vol-0ab1 as serial vol0ab1; older instances show the claim's mount alone."""
    info = {"device": "nvme1n1", "major": "259", "minor": "3", "serial": "vol0ab1c2d3" if by_serial else ""}
    told = together(disks(N1, "nvme1n1", node="n1"), series("disk_info", instance=N1, node="n1", **info))
    volume = "vol-0ab1c2d3"
    mounted = file_system(
        N1, "/var/lib/kubelet/pods/u1/volumes/kubernetes.io~csi/pv-d/mount", "/dev/nvme1n1", node="n1"
    )
    claimed = pod("db/pg-0", "n1", "d", csi_driver="ebs.csi.aws.com", csi_volume_handle=volume)
    more = () if by_serial else (mounted, claimed, pod_info("db/pg-0", "n1", uid="u1"))
    topology = join(frames(told, *more))
    assert topology.volumes[topology.volume_of_serial["vol0ab1c2d3"]].name == "n1/nvme1n1"


def test_a_node_is_told_from_a_pod() -> None:
    """No pod's name has a slash."""
    assert str(PodRef.of_node("n1")) == "node/n1"
    assert (PodRef.of_node("n1").node, PodRef("a", "b").node, PodRef("", "10.0.0.1:8000").node) == ("n1", "", "")
