"""The disks of each node, and every spelling under which series name them."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from correlator.model.topology import Volume
from correlator.topology.nodes import Nodes
from correlator.topology.rows import Row

PARTITION = re.compile(r"(?P<disk>.*\d)p\d+|(?P<letters>(?:[shv]|xv)d[a-z]+)\d+")
"""nvme0n1p2, mmcblk0p1, md0p1, loop0p1; sda1, vdb2, xvda1, hdc3."""

DISK_NAME = re.compile(
    r"(?:[shv]|xv)d[a-z]+\d*|nvme\d+n\d+.*|dm-\d+|md\d+.*|(?:mmcblk|loop|rbd|nbd|zd|drbd|bcache|pmem)\d+.*|dasd[a-z]+\d*"
)
"""What is a block device even without `/dev/` before it; tmpfs, overlay and shares are none."""

DEVICE_FOLDER = "/dev/"


def volume_id(kind: str, node: str, device: str) -> str:
    """The same twelve characters for the same volume in every run."""
    return hashlib.blake2s(f"{kind}\0{node}\0{device}".encode(), digest_size=6).hexdigest()


def disk_volume(node: str, device: str, claims: Mapping[str, Collection[str]]) -> Volume:
    """The contention domain of one disk of one node; `claims` maps a volume's id to the claims on it."""
    identity = volume_id("disk", node, device)
    lying = tuple(sorted(claims.get(identity, ())))
    return Volume(id=identity, name=f"{node}/{device}", kind="disk", node=node, device=device, claims=lying)


def number_of(row: Row) -> str:
    """major:minor of a series; empty where it has none, or an anonymous one (major 0) that is no disk."""
    major, minor = row.get("major"), row.get("minor")
    return f"{major}:{minor}" if major and minor and major != "0" else ""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Rows that name devices: node_exporter's counters, infos and mounts; cAdvisor's counters and usage by number."""

    counters: list[Row]
    infos: list[Row]
    mappers: list[Row]
    mounts: list[Row]
    pod_io: list[Row]
    usage: list[Row]


@dataclass(frozen=True, slots=True)
class Disks:
    """`device_of` maps (node, spelling or major:minor) to the disk's name; `devices` are the disks of each node.

    `counted` are those that node_exporter shows: the others are known from cAdvisor alone and have no USE.
    """

    devices: Mapping[str, frozenset[str]]
    counted: Mapping[str, frozenset[str]]
    device_of: Mapping[tuple[str, str], str]

    def find(self, node: str, spelling: str) -> str:
        """The disk that a spelling means on a node; empty when it means none that is known."""
        known = self.device_of.get((node, spelling))
        return _folded(bare(spelling), self.devices.get(node, frozenset())) if known is None else known

    def numbered(self, node: str, row: Row) -> str:
        """The disk of a row's major and minor on a node; empty when unknown."""
        return self.device_of.get((node, number_of(row)), "")


def bare(spelling: str) -> str:
    """A device's name below /dev."""
    return spelling.removeprefix(DEVICE_FOLDER)


def _folded(device: str, devices: frozenset[str] | set[str]) -> str:
    """The disk itself, or the one that a partition lies on, among the given ones; empty when neither is there."""
    match = PARTITION.fullmatch(device)
    disk = (match["disk"] or match["letters"]) if match else ""
    if disk in devices:
        return disk
    return device if device in devices else ""


def learn_disks(seen: Sightings, nodes: Nodes) -> Disks:
    """Name every device of every node, from the surest clue to the weakest."""
    shown = _shown(seen.counters, nodes)
    book = _Book({node: set(devices) for node, devices in shown.items()})
    for row in seen.counters:
        book.note(nodes.of(row), row.get("device"), row.get("device"))
    for row in seen.infos:
        book.note(nodes.of(row), number_of(row), row.get("device"))
    for row in seen.mappers:
        for spelling in _mapper_spellings(row):
            book.note(nodes.of(row), spelling, row.get("device"))
    pairs = {(nodes.of(row), row.get("device"), number_of(row)) for row in (*seen.mounts, *seen.usage)}
    book.bridge(pairs)
    used = {(nodes.of(row), row.get("device")) for row in (*seen.pod_io, *seen.usage)}
    book.add_unshown(used)
    book.bridge(pairs)
    for node, spelling in used:
        book.note(node, spelling, spelling)
    return Disks(
        devices={node: frozenset(devices) for node, devices in book.devices.items()},
        counted={node: frozenset(devices) for node, devices in shown.items()},
        device_of=book.device_of,
    )


def _shown(counters: Iterable[Row], nodes: Nodes) -> dict[str, set[str]]:
    """The disks that node_exporter counts on each node, partitions left out where their disk is there."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in counters:
        if (node := nodes.of(row)) and row.get("device"):
            named[node].add(bare(row.get("device")))
    return {node: {_folded(device, devices) for device in devices} for node, devices in named.items()}


def _mapper_spellings(row: Row) -> list[str]:
    """The names of a device-mapper device: by mapping, and by volume group and logical volume."""
    names = [f"mapper/{row.get('name')}"] if row.get("name") else []
    if row.get("vg_name") and row.get("lv_name"):
        group, volume = row.get("vg_name"), row.get("lv_name")
        doubled = f"{group.replace('-', '--')}-{volume.replace('-', '--')}"
        names += [f"{group}/{volume}", f"mapper/{doubled}"]
    return [spelling for name in names for spelling in (name, DEVICE_FOLDER + name)]


class _Book:
    """Collects spellings; the first clue about a spelling stands."""

    def __init__(self, devices: dict[str, set[str]]) -> None:
        self.devices = devices
        self.device_of: dict[tuple[str, str], str] = {
            (node, spelling): device
            for node, names in devices.items()
            for device in names
            for spelling in (device, DEVICE_FOLDER + device)
        }

    def find(self, node: str, spelling: str) -> str:
        """The disk of a spelling or number; empty when unknown."""
        known = self.device_of.get((node, spelling))
        return _folded(bare(spelling), self.devices.get(node, set())) if known is None else known

    def note(self, node: str, spelling: str, device: str) -> None:
        """`spelling` means `device`, if that is known."""
        if spelling and (node, spelling) not in self.device_of and (disk := self.find(node, device)):
            self.device_of[node, spelling] = disk

    def bridge(self, pairs: Iterable[tuple[str, str, str]]) -> None:
        """Series that carry a spelling and a number tell of the one what is known of the other."""
        complete = sorted(pair for pair in pairs if all(pair))
        for node, spelling, number in complete:
            self.note(node, number, spelling)
        for node, spelling, number in complete:
            self.note(node, spelling, number)

    def add_unshown(self, named: Iterable[tuple[str, str]]) -> None:
        """Add disks that only cAdvisor shows.

        A spelling that may be a second name of another disk makes a disk of its own only where no other is known.
        """
        unknown: dict[str, set[str]] = defaultdict(set)
        for node, spelling in named:
            if node and _is_block(spelling) and not self.find(node, spelling):
                unknown[node].add(bare(spelling))
        for node, names in unknown.items():
            known = self.devices.setdefault(node, set())
            first_names = {name for name in names if not _may_be_second_name(name)} | known
            known |= {_folded(name, first_names) for name in first_names} or names
            for device in known:
                self.note(node, device, device)
                self.note(node, DEVICE_FOLDER + device, device)


def _is_block(spelling: str) -> bool:
    """Whether a device is one with a queue; tmpfs, overlay and shares are not."""
    return spelling.startswith(DEVICE_FOLDER) or DISK_NAME.fullmatch(spelling) is not None


def _may_be_second_name(device: str) -> bool:
    """/dev/mapper/x, /dev/group/volume, /dev/disk/by-id/x and /dev/root are links to kernel names."""
    return "/" in device or device == "root"
