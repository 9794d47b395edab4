"""Devices become volumes, however they are spelled."""

import pytest

from correlator.model.topology import PodRef, volume_of
from correlator.topology import join
from correlator.topology.disks import volume_id
from tests.unit.topology.exporters import device_usage, disks, edges, frames, names, pod_io, series

N1 = "10.0.0.1:9100"


def info(device: str, number: str) -> dict[str, str]:
    """Labels of node_disk_info."""
    major, _, minor = number.partition(":")
    return {"instance": N1, "node": "n1", "device": device, "major": major, "minor": minor}


def test_a_volume_for_each_device_of_each_node() -> None:
    """Every device that node_exporter counts is a volume of kind disk, named after node and device."""
    topology = join(frames(disks("n1:9100", "sda", "nvme0n1"), disks("n2:9100", "sda")))
    assert names(topology) == {"n1/sda", "n1/nvme0n1", "n2/sda"}
    assert {volume.kind for volume in topology.volumes.values()} == {"disk"}


def test_ids_are_stable_and_distinct() -> None:
    """The id of a volume depends on nothing but kind, node and device: it is the same in every run and release."""
    assert volume_id("disk", "n1", "sda") == "b0479178aee2"
    assert len({volume_id("disk", "n1", "sda"), volume_id("disk", "n1s", "da"), volume_id("nfs", "n1", "sda")}) == 3


@pytest.mark.parametrize(
    ("part", "disk"),
    [
        ("sda1", "sda"),
        ("vdb15", "vdb"),
        ("xvda1", "xvda"),
        ("nvme0n1p2", "nvme0n1"),
        ("mmcblk0p1", "mmcblk0"),
        ("md0p1", "md0"),
    ],
)
def test_partitions_are_their_disk(part: str, disk: str) -> None:
    """A partition shares the queue of its disk: both spellings lead to one volume, whose counters are the disk's."""
    topology = join(frames(disks(N1, disk, part, node="n1"), pod_io("db/pg-0", f"/dev/{part}")))
    assert names(topology) == {f"n1/{disk}"}
    assert edges(topology) == {("db/pg-0", f"n1/{disk}", "io_seen", "")}
    of_part = volume_of({"instance": N1, "node": "n1", "device": part}, topology)
    assert of_part == volume_of({"instance": N1, "device": disk}, topology) != ""
    assert topology.volumes[of_part].device == disk


def test_partition_without_its_disk_is_a_volume() -> None:
    """xvda1 may be all that a cloud shows: it is not folded onto a disk that nobody has seen."""
    assert names(join(frames(disks(N1, "xvda1", node="n1")))) == {"n1/xvda1"}


@pytest.mark.parametrize("device", ["dm-3", "md0", "rbd1", "loop7", "nvme10n1"])
def test_numbers_in_names_are_not_partitions(device: str) -> None:
    """Devices whose names end in a number are disks."""
    assert names(join(frames(disks(N1, device, "nvme1", "rbd", "loop", node="n1")))) >= {f"n1/{device}"}


@pytest.mark.parametrize(
    "spelling",
    ["/dev/mapper/vg--data-pg", "vg-data/pg", "/dev/vg-data/pg", "/dev/dm-3", "dm-3"],
)
def test_device_mapper_names(spelling: str) -> None:
    """node_disk_device_mapper_info connects the names of a logical volume with dm-N."""
    mapping = {"name": "vg--data-pg", "vg_name": "vg-data", "lv_name": "pg"}
    topology = join(
        frames(
            disks(N1, "dm-3", "sda", node="n1"),
            series("disk_mapper_info", instance=N1, node="n1", device="dm-3", **mapping),
            pod_io("db/pg-0", spelling),
        )
    )
    assert edges(topology) == {("db/pg-0", "n1/dm-3", "io_seen", "")}


def test_nameless_io_goes_by_major_and_minor() -> None:
    """A disk attached after the kubelet's start has no name in cAdvisor: major and minor tell which one it is."""
    topology = join(
        frames(
            disks(N1, "nvme1n1", "nvme2n1", node="n1"),
            series("disk_info", **info("nvme1n1", "259:1")),
            series("disk_info", **info("nvme2n1", "259:2")),
            pod_io("db/pg-0", ""),
            device_usage("db/pg-0", "", "259:2"),
        )
    )
    assert edges(topology) == {("db/pg-0", "n1/nvme2n1", "io_seen", "")}
    nameless = {"namespace": "db", "pod": "pg-0", "instance": "10.0.0.1:10250", "node": "n1"}
    (volume,) = (volume for volume in topology.volumes.values() if volume.device == "nvme2n1")
    assert volume_of(nameless, topology) == volume.id
    assert volume_of({**nameless, "major": "259", "minor": "2"}, topology) == volume.id
    assert topology.volume_of_nameless == {PodRef("db", "pg-0"): volume.id}


def test_two_nameless_disks_of_a_pod_are_both_edges() -> None:
    """With two nameless disks both are used; which counter is whose cannot be told, and is not guessed."""
    topology = join(
        frames(
            disks(N1, "nvme1n1", "nvme2n1", node="n1"),
            series("disk_info", **info("nvme1n1", "259:1")),
            series("disk_info", **info("nvme2n1", "259:2")),
            pod_io("db/pg-0", ""),
            device_usage("db/pg-0", "", "259:1"),
            device_usage("db/pg-0", "", "259:2"),
        )
    )
    assert {edge[1] for edge in edges(topology)} == {"n1/nvme1n1", "n1/nvme2n1"}
    assert volume_of({"namespace": "db", "pod": "pg-0", "node": "n1"}, topology) == ""


def test_names_are_learnt_from_other_pods() -> None:
    """Without node_disk_info a number that cAdvisor once gave a name has that name for nameless pods, too."""
    topology = join(
        frames(
            disks(N1, "nvme1n1", node="n1"),
            device_usage("shop/web", "/dev/nvme1n1", "259:1"),
            device_usage("db/pg-0", "", "259:1"),
        )
    )
    assert edges(topology) == {
        ("shop/web", "n1/nvme1n1", "io_seen", ""),
        ("db/pg-0", "n1/nvme1n1", "io_seen", ""),
    }


def test_anonymous_numbers_are_no_disk() -> None:
    """Major 0 numbers file systems without a disk (tmpfs, btrfs): it connects nothing."""
    topology = join(
        frames(
            disks(N1, "sda", node="n1"),
            device_usage("shop/web", "/dev/sda", "0:45"),
            device_usage("db/pg-0", "", "0:45"),
        )
    )
    assert edges(topology) == {("shop/web", "n1/sda", "io_seen", "")}


def test_disk_that_only_cadvisor_shows_is_a_volume() -> None:
    """On a node without node_exporter the disk still has a name, so that its missing USE can be named."""
    topology = join(frames(pod_io("db/pg-0", "/dev/nvme1n1"), pod_io("shop/web", "/dev/nvme1n1p1")))
    assert edges(topology) == {
        ("db/pg-0", "n1/nvme1n1", "io_seen", ""),
        ("shop/web", "n1/nvme1n1", "io_seen", ""),
    }


def test_disk_that_node_exporter_hides_is_a_volume() -> None:
    """node_exporter's defaults hide loop devices; cAdvisor shows the I/O on them all the same."""
    topology = join(frames(disks(N1, "sda", node="n1"), pod_io("db/pg-0", "/dev/loop0")))
    assert names(topology) == {"n1/sda", "n1/loop0"}


@pytest.mark.parametrize("device", ["tmpfs", "shm", "overlay_0-51", "nas:/export"])
def test_file_systems_without_a_disk_are_no_volumes(device: str) -> None:
    """What has no queue is no contention domain."""
    assert names(join(frames(disks(N1, "sda", node="n1"), pod_io("db/pg-0", device)))) == {"n1/sda"}


def test_second_name_is_not_a_second_disk() -> None:
    """A mapper name that nothing connects with a disk of the node makes no disk beside the one it may be."""
    topology = join(frames(disks(N1, "dm-0", node="n1"), pod_io("db/pg-0", "/dev/mapper/luks-1")))
    assert names(topology) == {"n1/dm-0"}
    assert "which disk of node n1" in topology.unmapped[PodRef("db", "pg-0")]


def test_every_spelling_finds_its_volume() -> None:
    """The engine finds the volume of any row with a device, of node_exporter and of cAdvisor."""
    topology = join(frames(disks(N1, "sda", node="n1"), pod_io("db/pg-0", "/dev/sda")))
    (volume,) = topology.volumes
    assert volume_of({"instance": N1, "device": "sda"}, topology) == volume
    row = {"instance": "10.0.0.1:10250", "namespace": "db", "pod": "pg-0", "device": "/dev/sda"}
    assert volume_of(row, topology) == volume
    assert volume_of({**row, "device": "/dev/sdz"}, topology) == ""
