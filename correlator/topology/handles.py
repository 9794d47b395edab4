"""Disks that carry the name of a persistent volume: where no mount point shows which disk a claim is.

A cloud volume's serial number is what the cloud calls it; drivers that make logical volumes call them after the volume.
"""

from collections.abc import Iterable, Mapping

from correlator.model.topology import serial_of
from correlator.topology.claims import PersistentVolume
from correlator.topology.disks import Disks
from correlator.topology.projection import Values

SHORTEST = 8
"""A serial number or name shorter than this may be anybody's."""


def named_disks(infos: Iterable[Values], mappings: Iterable[Values], disks: Disks) -> dict[tuple[str, str], str]:
    """(node, name) to disk, by serial numbers of (node, device, …, serial) and logical volumes' names of mappings.

    Mappings are (node, device, name, vg_name, lv_name). A name that two disks of a node have means neither.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for node, device, name in [
        *((node, device, serial_of(serial)) for node, device, *_, serial in infos),
        *((node, device, serial_of(lv_name)) for node, device, _, _, lv_name in mappings),
    ]:
        disk = disks.find(node, device)
        if disk and len(name) >= SHORTEST:
            found.setdefault((node, name), set()).add(disk)
    return {key: min(names) for key, names in found.items() if len(names) == 1}


def disk_of(volume: PersistentVolume, node: str, named: Mapping[tuple[str, str], str]) -> str:
    """The disk of a node that carries the volume's name or handle; empty where none does."""
    names = (volume.ebs_volume_id, volume.csi_volume_handle, volume.persistentvolume)
    return next((named[node, serial_of(name)] for name in names if name and (node, serial_of(name)) in named), "")
