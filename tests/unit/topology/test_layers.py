"""What lies below a mapped device or an array, and how sure that is."""

from correlator.model.topology import Below, Sure, Topology
from correlator.topology import join
from tests.unit.topology.exporters import Part, disks, edges, frames, pod_io, series, together

N1 = "10.0.0.1:9100"


def member(device: str, kind: str, uuid: str = "") -> Part:
    """What udev says of a disk."""
    return series("disk_member", instance=N1, node="n1", device=device, type=kind, uuid=uuid)


def mapping(device: str, *, group: str = "", uuid: str = "") -> Part:
    """What udev says of a mapped device."""
    named = {"name": f"m-{device}", "vg_name": group, "lv_name": "lv" if group else "", "uuid": uuid}
    return series("disk_mapper_info", instance=N1, node="n1", device=device, **named)


def layers(*parts: Part) -> set[tuple[str, str, str]]:
    """(top, bottom, how it was learnt) by names; only what I/O shows is less than certain."""
    topology = join(frames(*parts))
    name = {identity: volume.name for identity, volume in topology.volumes.items()}
    found = [(top, layer) for top, those in topology.below.items() for layer in those]
    assert all((layer.learnt is Below.IO_SEEN) == (layer.sure is Sure.LIKELY) for _, layer in found)
    return {(name[top], name[layer.volume_id], layer.learnt.value) for top, layer in found}


def node(*devices: str) -> Part:
    """The disks of a node."""
    return disks(N1, *devices, node="n1")


def test_logical_volumes_lie_on_the_only_physical_one() -> None:
    """A second member leaves a choice that no series makes."""
    told = together(node("sda", "sdb", "dm-0"), mapping("dm-0", group="vg0"), member("sda", "LVM2_member"))
    assert layers(told) == {("n1/dm-0", "n1/sda", "sole_member")}
    assert layers(told, member("sdb", "LVM2_member")) == set()


def test_a_luks_mapping_names_its_header() -> None:
    """Of two encrypted disks each mapping lies on its own; a volume group on top of one reaches down to the disk."""
    told = together(
        node("sda", "sdb", "dm-0", "dm-1", "dm-2"),
        member("sda", "crypto_LUKS", "1111-aa"),
        member("sdb", "crypto_LUKS", "2222-bb"),
        mapping("dm-0", uuid="CRYPT-LUKS2-1111aa-data"),
        mapping("dm-1", uuid="CRYPT-LUKS2-2222bb-more"),
        member("dm-0", "LVM2_member"),
        mapping("dm-2", group="vg0", uuid="LVM-xyz"),
        pod_io("db/pg-0", "/dev/dm-2"),
    )
    assert layers(told) == {
        ("n1/dm-0", "n1/sda", "header"),
        ("n1/dm-1", "n1/sdb", "header"),
        ("n1/dm-2", "n1/dm-0", "sole_member"),
    }
    assert edges(join(frames(told))) == {
        ("db/pg-0", "n1/dm-2", "io_seen", ""),
        ("db/pg-0", "n1/dm-0", "layer", ""),
        ("db/pg-0", "n1/sda", "layer", ""),
    }


def test_the_only_array_lies_on_all_raid_members() -> None:
    """Two arrays may have any of them."""
    told = together(node("sda", "sdb", "md0"), member("sda", "linux_raid_member"), member("sdb", "linux_raid_member"))
    assert layers(told) == {("n1/md0", "n1/sda", "sole_array"), ("n1/md0", "n1/sdb", "sole_array")}
    assert layers(told, node("md1")) == set()


def test_io_that_shows_on_both_makes_a_layer_likely() -> None:
    """All pods of the mapped device were seen on one disk and on no other; one pod alone proves nothing."""
    first = together(node("sda", "sdb", "dm-0"), pod_io("db/pg-0", "/dev/dm-0"), pod_io("db/pg-0", "/dev/sda"))
    second = together(pod_io("web/a", "/dev/dm-0"), pod_io("web/a", "/dev/sda"), pod_io("web/b", "/dev/sdb"))
    assert layers(first) == set()
    assert layers(first, second) == {("n1/dm-0", "n1/sda", "io_seen")}
    assert layers(first, second, pod_io("db/pg-0", "/dev/sdb"), pod_io("web/a", "/dev/sdb")) == set()


def test_a_likely_layer_gives_no_edge() -> None:
    """Only what certainly lies below counts as used."""
    told = together(
        node("sda", "dm-0"),
        *(pod_io(ref, device) for ref in ("db/pg-0", "web/a") for device in ("/dev/dm-0", "/dev/sda")),
    )
    assert {edge[2] for edge in edges(join(frames(told)))} == {"io_seen"}


def test_nothing_is_below_where_nobody_tells() -> None:
    """A disk and a mapped device of one node are two queues until something connects them."""
    assert join(frames(node("sda", "dm-0"), mapping("dm-0", group="vg0"))).below == Topology().below


def test_a_drive_goes_by_its_controller() -> None:
    """smartctl_exporter names nvme0 what the kernel counts as nvme0n1; with two namespaces it may be either."""
    one = join(frames(node("nvme0n1", "nvme1n1", "nvme1n2")))
    assert one.volumes[one.volume_of_device["n1", "nvme0"]].name == "n1/nvme0n1"
    assert ("n1", "nvme1") not in one.volume_of_device
