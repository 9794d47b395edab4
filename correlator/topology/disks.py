"""The disks of each node, and every spelling under which series name them."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from correlator.topology.projection import Values

PARTITION = re.compile(r"(?P<disk>.*\d)p\d+|(?P<letters>(?:[shv]|xv)d[a-z]+)\d+")
"""nvme0n1p2, mmcblk0p1, md0p1, loop0p1; sda1, vdb2, xvda1, hdc3."""

DISK_NAME = re.compile(
    r"(?:[shv]|xv)d[a-z]+\d*|nvme\d+n\d+.*|dm-\d+|md\d+.*|(?:mmcblk|loop|rbd|nbd|zd|drbd|bcache|pmem)\d+.*|dasd[a-z]+\d*"
)
"""What is a block device even without `/dev/` before it; tmpfs, overlay and shares are none."""

NAMESPACE = re.compile(r"(?P<controller>nvme\d+)n\d+")

DEVICE_FOLDER = "/dev/"


def volume_id(kind: str, node: str, device: str) -> str:
    """The same twelve characters for the same volume in every run."""
    return hashlib.blake2s(f"{kind}\0{node}\0{device}".encode(), digest_size=6).hexdigest()


def number_of(major: str, minor: str) -> str:
    """major:minor; empty where one is missing, or for an anonymous one (major 0) that is no disk."""
    return f"{major}:{minor}" if major and minor and major != "0" else ""


@dataclass(frozen=True, slots=True)
class Sightings:
    """What names devices, all beginning with the node.

    node_exporter's (node, device) of counters, (node, device, major, minor), (node, device, name, vg_name, lv_name) of
    mappings and (node, mountpoint, device, major, minor); cAdvisor's (node, device, major:minor).
    """

    counters: Collection[Values]
    infos: Collection[Values]
    mappings: Collection[Values]
    mounts: Collection[Values]
    used: Collection[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Disks:
    """`device_of` maps (node, spelling or major:minor) to the disk's name; `devices` are the disks of each node."""

    devices: Mapping[str, frozenset[str]]
    device_of: Mapping[tuple[str, str], str]

    def find(self, node: str, spelling: str) -> str:
        """The disk that a spelling or a major:minor means on a node; empty when it means none that is known."""
        known = self.device_of.get((node, spelling))
        return _folded(bare(spelling), self.devices.get(node, frozenset())) if known is None else known


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


def learn_disks(seen: Sightings) -> Disks:
    """Name every device of every node, from the surest clue to the weakest."""
    shown = _shown(seen.counters)
    book = _Book(shown)
    for node, device in sorted(seen.counters):
        book.note(node, device, device)
    for node, device, major, minor in sorted(seen.infos):
        book.note(node, number_of(major, minor), device)
    for node, device, *names in sorted(seen.mappings):
        for spelling in _mapper_spellings(*names):
            book.note(node, spelling, device)
    mounted = ((node, device, number_of(major, minor)) for node, _, device, major, minor in seen.mounts)
    pairs = {*seen.used, *mounted}
    used = {(node, device) for node, device, _ in seen.used}
    book.bridge(pairs)
    book.add_unshown(used)
    book.bridge(pairs)
    for node, spelling, _ in pairs:
        book.note(node, spelling, spelling)
    book.note_controllers()
    devices = {node: frozenset(names) for node, names in book.devices.items()}
    return Disks(devices=devices, device_of=book.device_of)


def _shown(counters: Iterable[Values]) -> dict[str, set[str]]:
    """The disks that node_exporter counts on each node, partitions left out where their disk is there."""
    named: dict[str, set[str]] = defaultdict(set)
    for node, device in counters:
        if device:
            named[node].add(bare(device))
    return {node: {_folded(device, devices) for device in devices} for node, devices in named.items()}


def _mapper_spellings(name: str, group: str, volume: str) -> list[str]:
    """The names of a device-mapper device: by mapping, and by volume group and logical volume."""
    names = [f"mapper/{name}"] if name else []
    if group and volume:
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

    def note_controllers(self) -> None:
        """An NVMe drive goes by its controller, too, where that has a single namespace: nvme0 is nvme0n1."""
        for node, names in self.devices.items():
            spaces: dict[str, list[str]] = defaultdict(list)
            for name in names:
                if match := NAMESPACE.fullmatch(name):
                    spaces[match["controller"]].append(name)
            for controller, found in spaces.items():
                if len(found) == 1:
                    self.note(node, controller, found[0])
                    self.note(node, DEVICE_FOLDER + controller, found[0])

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
