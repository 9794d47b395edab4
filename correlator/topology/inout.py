"""Which pods cAdvisor saw doing I/O on which disks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from correlator.model.topology import PodRef
from correlator.topology.disks import Disks, number_of
from correlator.topology.nodes import Nodes
from correlator.topology.rows import Row, Seen


@dataclass(frozen=True, slots=True)
class PodIo:
    """`seen` are (pod, node, disk); `unresolved` the spellings of a pod that mean no known disk.

    `nameless` is the (node, disk) of the I/O that cAdvisor counts for a pod under no device name, where that is one
    disk. `nodes` are all that cAdvisor shows; `node_of` is where each pod was seen last.
    """

    seen: frozenset[tuple[PodRef, str, str]]
    nameless: Mapping[PodRef, tuple[str, str]]
    unresolved: Mapping[PodRef, frozenset[str]]
    nodes: frozenset[str]
    node_of: Mapping[PodRef, str]


def learn_io(pod_io: Iterable[Row], usage: Iterable[Row], nodes: Nodes, disks: Disks) -> PodIo:
    """Read container_fs_* and container_blkio_device_usage_total.

    A row of the former without a device name says that there is I/O; only the latter's major and minor say where.
    """
    seen: set[tuple[PodRef, str, str]] = set()
    numbers: dict[PodRef, set[tuple[str, str]]] = defaultdict(set)
    unresolved: dict[PodRef, set[str]] = defaultdict(set)
    last: dict[PodRef, tuple[Seen, str]] = {}
    refs: dict[tuple[str, str], PodRef] = {}
    io_nodes: set[str] = set()

    def place(row: Row) -> tuple[PodRef, str]:
        name = row.get("namespace"), row.get("pod")
        ref = refs.setdefault(name, PodRef(*name))
        node = nodes.of(row)
        last[ref] = max(last.get(ref, (row.seen, node)), (row.seen, node))
        io_nodes.add(node)
        return ref, node

    nameless: set[PodRef] = set()
    for row in pod_io:
        ref, node = place(row)
        device = row.get("device")
        if not device:
            nameless.add(ref)
        elif disk := disks.find(node, device):
            seen.add((ref, node, disk))
        else:
            unresolved[ref].add(device)
    for row in usage:
        ref, node = place(row)
        disk = disks.find(node, row.get("device")) if row.get("device") else disks.numbered(node, row)
        if disk:
            seen.add((ref, node, disk))
        if not row.get("device"):
            numbers[ref].add((node, disk))
            if not disk:
                unresolved[ref].add(number_of(row))
    single = {ref: next(iter(found)) for ref, found in numbers.items() if len(found) == 1}
    for ref in nameless - numbers.keys():
        unresolved[ref].add("")
    return PodIo(
        seen=frozenset(seen),
        nameless={ref: place for ref, place in single.items() if place[1]},
        unresolved={ref: frozenset(devices) for ref, devices in unresolved.items()},
        nodes=frozenset(io_nodes - {""}),
        node_of={ref: node for ref, (_, node) in last.items()},
    )
