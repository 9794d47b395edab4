"""What is mounted where on each node, and which of it belongs to a pod."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from correlator.topology.disks import Disks, number_of
from correlator.topology.projection import Projection, Seen

MOUNT_LABELS = ("mountpoint", "device", "major", "minor")

POD_MOUNT = re.compile(r"/pods/(?P<uid>[^/]+)/(?:volumes/[^/]+|volume-subpaths)/(?P<volume>[^/]+)(?:/.*)?$")
"""Below whatever kubelet's folder is: pods/<uid>/volumes/<plugin>/<volume>[/mount]."""


class Mount(NamedTuple):
    """A file system of a node; `disk` is empty where it lies on no disk that is known, `device` is as mounted."""

    node: str
    mountpoint: str
    device: str
    disk: str


class PodMount(NamedTuple):
    """A volume of a pod, by the pod's uid and the volume's name, on a disk of a node."""

    uid: str
    volume: str
    node: str
    disk: str


@dataclass(frozen=True, slots=True)
class Mounts:
    """The file systems of each node by mount point, and the mounts of pods among them."""

    by_node: Mapping[str, Mapping[str, Mount]]
    of_pods: tuple[PodMount, ...]

    def below(self, node: str, path: str) -> Mount | None:
        """The file system that a path lies on: the one with the longest mount point; None where none is known."""
        mounts = self.by_node.get(node, {})
        path = "/" + path.strip("/")
        while path:
            if path in mounts:
                return mounts[path]
            path = path.rpartition("/")[0]
        return mounts.get("/")


def learn_mounts(found: Projection, disks: Disks) -> Mounts:
    """Read (node, *MOUNT_LABELS). Of two file systems on one mount point one on a disk counts, of such the newest."""
    best: dict[tuple[str, str], tuple[bool, Seen, Mount]] = {}
    for (node, mountpoint, device, major, minor), seen in found.items():
        if not mountpoint:
            continue
        disk = disks.find(node, number_of(major, minor)) or disks.find(node, device)
        candidate = bool(disk), seen, Mount(node, mountpoint, device, disk)
        best[node, mountpoint] = max(best.get((node, mountpoint), candidate), candidate)
    by_node: dict[str, dict[str, Mount]] = defaultdict(dict)
    for (node, mountpoint), (_, _, mount) in best.items():
        by_node[node][mountpoint] = mount
    of_pods = (_pod_mount(mount) for _, _, mount in best.values() if mount.disk)
    return Mounts(by_node=by_node, of_pods=tuple(sorted(mount for mount in of_pods if mount is not None)))


def _pod_mount(mount: Mount) -> PodMount | None:
    """The pod and volume that a mount point names, if it does."""
    match = POD_MOUNT.search(mount.mountpoint)
    return PodMount(match["uid"], match["volume"], mount.node, mount.disk) if match else None
