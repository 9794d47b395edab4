"""Which pods cAdvisor saw doing I/O on which disks."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from correlator.topology.disks import Disks, number_of
from correlator.topology.nodes import TARGET, Nodes
from correlator.topology.pods import Name
from correlator.topology.projection import Projection, Seen

USE_LABELS = (*TARGET, "device", "major", "minor")


class Use(NamedTuple):
    """I/O of a pod as cAdvisor names it: on a node, a device (may be empty), major:minor (empty where not given)."""

    pod: Name
    node: str
    device: str
    number: str


def uses(found: Projection, nodes: Nodes) -> dict[Use, Seen]:
    """What the values of USE_LABELS say, each with when it was seen."""
    return {
        Use((namespace, pod), nodes.of(instance, node, (namespace, pod)), device, number_of(major, minor)): seen
        for (instance, node, namespace, pod, device, major, minor), seen in found.items()
        if pod
    }


@dataclass(frozen=True, slots=True)
class PodIo:
    """`seen` are (pod, node, disk); `unresolved` the spellings of a pod that mean no known disk.

    `nameless` is the (node, disk) of the I/O that cAdvisor counts for a pod under no device name, where that is one
    disk. `nodes` are all that cAdvisor shows; `node_of` is where each pod was seen last.
    """

    seen: frozenset[tuple[Name, str, str]]
    nameless: Mapping[Name, tuple[str, str]]
    unresolved: Mapping[Name, frozenset[str]]
    nodes: frozenset[str]
    node_of: Mapping[Name, str]


def learn_io(used: Mapping[Use, Seen], disks: Disks) -> PodIo:
    """Connect uses with disks.

    A use without name and number says that there is I/O; only others of the pod, with major and minor, say where.
    """
    last: dict[Name, tuple[Seen, str]] = {}
    seen: set[tuple[Name, str, str]] = set()
    unresolved: dict[Name, set[str]] = defaultdict(set)
    nameless: dict[Name, set[tuple[str, str]]] = defaultdict(set)
    for (pod, node, device, number), when in used.items():
        known = last.get(pod)
        last[pod] = (when, node) if known is None else max(known, (when, node))
        disk = disks.find(node, device or number)
        if disk:
            seen.add((pod, node, disk))
        elif device or number:
            unresolved[pod].add(device or number)
        if number and not device:
            nameless[pod].add((node, disk))
    for pod, _, device, number in used:
        if not device and not number and pod not in nameless:
            unresolved[pod].add("")
    single = {pod: min(places) for pod, places in nameless.items() if len(places) == 1}
    return PodIo(
        seen=frozenset(seen),
        nameless={pod: place for pod, place in single.items() if place[1]},
        unresolved={pod: frozenset(devices) for pod, devices in unresolved.items()},
        nodes=frozenset(use.node for use in used) - {""},
        node_of={pod: node for pod, (_, node) in last.items()},
    )
