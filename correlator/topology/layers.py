"""Which device lies on which: what udev says of the disks, and what pods' I/O shows on both.

No exporter tells the edges from a device-mapper or md device to what is below it. Three things tell some of them: a
LUKS header's id is part of its mapping's id (certain), a node with a single LVM member, or a single array, leaves no
choice (certain), and the kernel counts a cgroup's I/O on the mapped device and on the disk below (likely).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from correlator.model.topology import Below, Sure
from correlator.topology.disks import Disks
from correlator.topology.edges import Place
from correlator.topology.pods import Name
from correlator.topology.projection import Values

Lying: TypeAlias = dict[Place, dict[Place, Below]]
"""What lies on what."""

CERTAIN = frozenset((Below.HEADER, Below.SOLE_MEMBER, Below.SOLE_ARRAY, Below.CLAIM))

FEWEST_PODS = 2
"""One pod may use two disks; that several use the same two says that these are one below the other."""


class _Member(NamedTuple):
    node: str
    disk: str
    type: str
    uuid: str


class _Mapping(NamedTuple):
    node: str
    disk: str
    group: str
    uuid: str


def learn_layers(
    members: Collection[Values], mappings: Collection[Values], seen: Collection[tuple[Name, str, str]], disks: Disks
) -> Lying:
    """What lies on what, from what udev says and what was `seen` of pods' I/O.

    `members` are (node, device, type, uuid), `mappings` (node, device, name, vg_name, lv_name, uuid).
    """
    found: Lying = defaultdict(dict)
    below = [_Member(node, disks.find(node, device), kind, uuid) for node, device, kind, uuid in sorted(members)]
    above = [
        _Mapping(node, disks.find(node, device), group, uuid) for node, device, _, group, _, uuid in sorted(mappings)
    ]
    told = [*_by_header(above, below), *_by_sole_member(above, below), *_by_sole_array(below, disks)]
    for learnt, top, bottom in told:
        if top[1] and bottom[1] and top != bottom:
            found[top].setdefault(bottom, learnt)
    for top, bottom in _by_io(seen):
        if top not in found:
            found[top] = {bottom: Below.IO_SEEN}
    return dict(found)


def sure_of(learnt: Below) -> Sure:
    """How sure a way to learn of a layer is."""
    return Sure.CERTAIN if learnt in CERTAIN else Sure.LIKELY


def _by_header(above: list[_Mapping], below: list[_Member]) -> Iterator[tuple[Below, Place, Place]]:
    """CRYPT-LUKS2-<id without dashes>-name lies on the device whose LUKS header has that id."""
    for mapping in above:
        if mapping.uuid.startswith("CRYPT-"):
            for member in below:
                bare = member.uuid.replace("-", "")
                if member.type == "crypto_LUKS" and bare and bare in mapping.uuid and member.node == mapping.node:
                    yield Below.HEADER, (mapping.node, mapping.disk), (member.node, member.disk)


def _by_sole_member(above: list[_Mapping], below: list[_Member]) -> Iterator[tuple[Below, Place, Place]]:
    """Logical volumes of a node on which one device alone is a physical volume."""
    physical: dict[str, set[str]] = defaultdict(set)
    for member in below:
        if member.type == "LVM2_member":
            physical[member.node].add(member.disk)
    for mapping in above:
        if mapping.group and len(physical[mapping.node]) == 1:
            yield Below.SOLE_MEMBER, (mapping.node, mapping.disk), (mapping.node, min(physical[mapping.node]))


def _by_sole_array(below: list[_Member], disks: Disks) -> Iterator[tuple[Below, Place, Place]]:
    """The only array of a node lies on all of its RAID members."""
    for node, names in disks.devices.items():
        arrays = sorted(name for name in names if name.startswith("md"))
        if len(arrays) == 1:
            for member in below:
                if member.node == node and member.type == "linux_raid_member":
                    yield Below.SOLE_ARRAY, (node, arrays[0]), (node, member.disk)


def _by_io(seen: Collection[tuple[Name, str, str]]) -> Iterator[tuple[Place, Place]]:
    """Whoever was seen on the mapped device was seen on exactly one plain disk of the node as well."""
    pods: Mapping[Place, set[Name]] = defaultdict(set)
    for pod, node, disk in seen:
        pods[node, disk].add(pod)
    for (node, disk), users in sorted(pods.items()):
        if is_mapped(disk) and len(users) >= FEWEST_PODS:
            plain = [place for place, those in pods.items() if place[0] == node and not is_mapped(place[1])]
            both = [place for place in plain if users <= pods[place]]
            if len(both) == 1:
                yield (node, disk), both[0]


def is_mapped(disk: str) -> bool:
    """Whether a device is made of others: device-mapper or md."""
    return disk.startswith(("dm-", "md"))


def all_below(place: Place, lying: Lying) -> set[Place]:
    """Everything that certainly lies below a place, however deep."""
    found: set[Place] = set()
    left = [place]
    while left:
        for bottom, learnt in lying.get(left.pop(), {}).items():
            if sure_of(learnt) is Sure.CERTAIN and bottom not in found and bottom != place:
                found.add(bottom)
                left.append(bottom)
    return found
