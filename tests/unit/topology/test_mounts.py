"""Mount points of pods become edges."""

import pytest

from correlator.model.topology import volume_of
from correlator.topology import join
from tests.unit.topology.exporters import (
    bound,
    claim,
    disks,
    edges,
    file_system,
    frames,
    pod_info,
    pod_io,
    series,
    together,
)

N1 = "10.0.0.1:9100"
KUBELET = "/var/lib/kubelet"
BASE = together(disks(N1, "sda", "nvme1n1", node="n1"), pod_info("db/pg-0", "n1", uid="u1"))


@pytest.mark.parametrize("root", [KUBELET, "/var/snap/microk8s/common/var/lib/kubelet", "/var/data/kubelet"])
@pytest.mark.parametrize(
    "folder",
    [
        "volumes/kubernetes.io~csi/pvc-1/mount",
        "volumes/kubernetes.io~local-volume/pvc-1",
        "volume-subpaths/pvc-1/main/0",
    ],
)
def test_mount_of_a_pod_is_an_edge(root: str, folder: str) -> None:
    """A mount point names pod uid and volume wherever the kubelet keeps its folder; claims give the edge its name."""
    topology = join(
        frames(
            BASE,
            file_system(N1, f"{root}/pods/u1/{folder}", "/dev/nvme1n1"),
            claim("db/pg-0", "data", uid="u1"),
            bound("db/data", "pvc-1", csi_driver="ebs.csi.aws.com"),
        )
    )
    assert edges(topology) == {("db/pg-0", "n1/nvme1n1", "mount", "db/data")}
    assert {volume.name: volume.claims for volume in topology.volumes.values()}["n1/nvme1n1"] == ("db/data",)


def test_folder_named_after_the_volume_in_the_spec() -> None:
    """Some plugins name the folder after the pod's own name for the volume; that names the claim as well."""
    mount = file_system(N1, f"{KUBELET}/pods/u1/volumes/kubernetes.io~x/data", "/dev/nvme1n1")
    topology = join(frames(BASE, mount, claim("db/pg-0", "pgdata", "data", uid="u1")))
    assert edges(topology) == {("db/pg-0", "n1/nvme1n1", "mount", "db/pgdata")}


def test_mount_without_claims_is_an_edge_without_a_claim() -> None:
    """The uid alone makes the edge; `via` stays empty where no claim is known."""
    mount = file_system(N1, f"{KUBELET}/pods/u1/volumes/kubernetes.io~csi/pvc-1/mount", "/dev/nvme1n1")
    assert edges(join(frames(BASE, mount))) == {("db/pg-0", "n1/nvme1n1", "mount", "")}


def test_mount_info_goes_by_number() -> None:
    """mount_info's major and minor tell the disk where its device is spelled in a way of its own."""
    mount = file_system(N1, f"{KUBELET}/pods/u1/volumes/kubernetes.io~csi/pvc-1/mount", "/dev/longhorn/pvc-1", "259:1")
    info = series("disk_info", instance=N1, node="n1", device="nvme1n1", major="259", minor="1")
    assert edges(join(frames(BASE, mount, info))) == {("db/pg-0", "n1/nvme1n1", "mount", "")}


def test_unknown_uid_is_no_edge() -> None:
    """A mount left behind by a pod that nobody knows is nobody's."""
    mount = file_system(N1, f"{KUBELET}/pods/other/volumes/kubernetes.io~csi/pvc-1/mount", "/dev/nvme1n1")
    assert edges(join(frames(BASE, mount))) == set()


def test_tmpfs_of_a_pod_is_no_edge() -> None:
    """Secrets and memory volumes are mounts below a pod, too, but lie on no disk."""
    mount = file_system(N1, f"{KUBELET}/pods/u1/volumes/kubernetes.io~projected/token", "tmpfs", "0:77")
    assert edges(join(frames(BASE, mount))) == set()


def test_io_seen_is_surer_and_keeps_the_claim() -> None:
    """Of several ways to one edge the surest says how it was learnt, and any may say through which claim."""
    topology = join(
        frames(
            BASE,
            pod_io("db/pg-0", "/dev/nvme1n1"),
            file_system(N1, f"{KUBELET}/pods/u1/volumes/kubernetes.io~csi/pvc-1/mount", "/dev/nvme1n1"),
            claim("db/pg-0", "data", uid="u1"),
            bound("db/data", "pvc-1"),
        )
    )
    assert edges(topology) == {("db/pg-0", "n1/nvme1n1", "io_seen", "db/data")}


def test_claim_on_a_path_lies_on_the_longest_mount_point() -> None:
    """A local or host path lies on the file system with the longest mount point above it, on the pod's own node."""
    local = together(
        BASE,
        file_system(N1, "/", "/dev/sda2"),
        file_system(N1, "/mnt/disks/fast", "/dev/nvme1n1"),
        file_system("10.0.0.2:9100", "/mnt/disks/fast/deeper", "/dev/sda2"),
        claim("db/pg-0", "data", uid="u1"),
    )
    fast = join(frames(local, bound("db/data", "pv-1", local_path="/mnt/disks/fast/deeper/pv-1")))
    assert edges(fast) == {("db/pg-0", "n1/nvme1n1", "claim", "db/data")}
    similar = join(frames(local, bound("db/data", "pv-1", host_path="/mnt/disks/faster")))
    assert edges(similar) == {("db/pg-0", "n1/sda", "claim", "db/data")}


def test_claim_of_a_claimant_that_does_no_io_still_shares() -> None:
    """Two pods that share a disk through different claims are both its users, seen or not."""
    topology = join(
        frames(
            BASE,
            pod_info("rag/index", "n1"),
            file_system(N1, "/", "/dev/sda"),
            claim("db/pg-0", "data", uid="u1"),
            claim("rag/index", "scratch"),
            bound("db/data", "pv-1", local_path="/opt/local-path/pv-1"),
            bound("rag/scratch", "pv-2", host_path="/opt/local-path/pv-2"),
        )
    )
    assert edges(topology) == {
        ("db/pg-0", "n1/sda", "claim", "db/data"),
        ("rag/index", "n1/sda", "claim", "rag/scratch"),
    }
    assert {volume.name: volume.claims for volume in topology.volumes.values()}["n1/sda"] == ("db/data", "rag/scratch")


def test_overlay_over_root_does_not_hide_its_disk() -> None:
    """Where two file systems claim one mount point, the one on a disk is the ground."""
    topology = join(
        frames(
            BASE,
            file_system(N1, "/", "overlay"),
            file_system(N1, "/", "/dev/sda"),
            claim("db/pg-0", "data", uid="u1"),
            bound("db/data", "pv-1", host_path="/data"),
        )
    )
    assert edges(topology) == {("db/pg-0", "n1/sda", "claim", "db/data")}


def test_volume_of_a_file_system() -> None:
    """The error states of file systems belong to the volume below them, partition or not."""
    topology = join(frames(BASE, file_system(N1, "/", "/dev/sda2")))
    (volume,) = (volume for volume in topology.volumes.values() if volume.device == "sda")
    assert volume_of({"instance": N1, "mountpoint": "/", "device": "/dev/sda2"}, topology) == volume.id
