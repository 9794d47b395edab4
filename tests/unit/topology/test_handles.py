"""Claims that are found by the name of a disk, where the kubelet's mounts are hidden."""

import pytest

from correlator.topology import join
from tests.unit.topology.exporters import Part, bound, claim, disks, edges, frames, pod_info, series, together

N1 = "10.0.0.1:9100"
HANDLE = "5a3c0b44-31a6-11ee-9d52-0242ac120002"


def logical(device: str, name: str) -> Part:
    """A logical volume of volume group vg."""
    labels = {"name": f"vg-{name}", "vg_name": "vg", "lv_name": name}
    return series("disk_mapper_info", instance=N1, node="n1", device=device, **labels)


def drive(device: str, serial: str) -> Part:
    """A disk with a serial number."""
    return series("disk_info", instance=N1, node="n1", device=device, major="259", minor="1", serial=serial)


def database(handle: str, driver: str, node: str = "n1") -> Part:
    """A pod that claims a volume of a CSI driver."""
    where = {"csi_driver": driver, "csi_volume_handle": handle}
    return together(pod_info("db/pg-0", node), claim("db/pg-0", "data"), bound("db/data", "pvc-77aa0011", **where))


@pytest.mark.parametrize(
    ("disk", "claimed"),
    [
        (logical("dm-3", HANDLE), database(HANDLE, "topolvm.io")),
        (logical("dm-3", "pvc-77aa0011"), database("vg/whatever", "local.csi.openebs.io")),
        (drive("dm-3", "vol0123456789"), database("vol-0123456789", "ebs.csi.aws.com")),
    ],
)
def test_a_disk_that_is_called_as_the_volume_is_it(disk: Part, claimed: Part) -> None:
    """A logical volume named after handle or volume; a cloud volume's serial number."""
    topology = join(frames(disks(N1, "dm-3", "sda", node="n1"), disk, claimed))
    assert edges(topology) == {("db/pg-0", "n1/dm-3", "claim", "db/data")}
    assert topology.volumes[topology.edges[0].volume_id].claims == ("db/data",)


@pytest.mark.parametrize(
    "parts",
    [
        (logical("dm-3", "data"), database("data", "topolvm.io")),
        (logical("dm-3", HANDLE), logical("dm-4", HANDLE), database(HANDLE, "topolvm.io")),
        (logical("dm-3", HANDLE), database(HANDLE, "topolvm.io", node="n2")),
        (drive("dm-3", ""), database("", "ebs.csi.aws.com")),
    ],
)
def test_a_name_that_is_common_or_elsewhere_is_none(parts: tuple[Part, ...]) -> None:
    """Short names, two disks of one name, another node."""
    assert not edges(join(frames(disks(N1, "dm-3", "dm-4", node="n1"), *parts)))
