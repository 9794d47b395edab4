"""What is mounted where on each node, and which of it belongs to a pod."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from correlator.topology.disks import Disks
from correlator.topology.nodes import Nodes
from correlator.topology.rows import Row

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


def learn_mounts(found: Iterable[Row], nodes: Nodes, disks: Disks) -> Mounts:
    """Read mount_info and filesystem_size together. Of two file systems on one mount point, one on a disk counts.

    Of several on disks the newest.
    """
    candidates: dict[tuple[str, str], list[tuple[bool, Row, Mount]]] = defaultdict(list)
    for row in found:
        node, mountpoint = nodes.of(row), row.get("mountpoint")
        if node and mountpoint:
            disk = disks.numbered(node, row) or disks.find(node, row.get("device"))
            mount = Mount(node, mountpoint, row.get("device"), disk)
            candidates[node, mountpoint].append((bool(disk), row, mount))
    by_node: dict[str, dict[str, Mount]] = defaultdict(dict)
    for (node, mountpoint), several in candidates.items():
        by_node[node][mountpoint] = max(several, key=lambda one: (one[0], one[1].newness()))[2]
    of_pods = (_pod_mount(mount) for mounts in by_node.values() for mount in mounts.values() if mount.disk)
    return Mounts(by_node=by_node, of_pods=tuple(sorted(mount for mount in of_pods if mount is not None)))


def _pod_mount(mount: Mount) -> PodMount | None:
    """The pod and volume that a mount point names, if it does."""
    match = POD_MOUNT.search(mount.mountpoint)
    return PodMount(match["uid"], match["volume"], mount.node, mount.disk) if match else None
