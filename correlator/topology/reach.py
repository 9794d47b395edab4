"""How far a look at some pods reaches: the nodes of everybody who may queue for what they use."""

from collections.abc import Collection
from dataclasses import dataclass

from correlator.model.topology import PodRef, Topology

_COUNTED_WITH = {"cephfs": "rbd"}
"""Whose clients count on a back end of another kind: the OSDs below a CephFS serve the images of pools as well."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Nodes, and the pods whose node is not known (yet)."""

    nodes: frozenset[str]
    unplaced: frozenset[PodRef]


def reach(topology: Topology, refs: Collection[PodRef]) -> Reach:
    """From pods, and those that they depend on, to their volumes, what lies above and below these, and all users."""
    users = set(refs).union(*(topology.depends_on.get(ref, ()) for ref in refs))
    volumes = _with_layers(topology, {edge.volume_id for edge in topology.edges if edge.pod in users})
    kinds = {_COUNTED_WITH.get(topology.volumes[each].kind, "") for each in volumes if each in topology.volumes}
    volumes |= {each.id for each in topology.volumes.values() if each.kind in kinds}
    users |= {edge.pod for edge in topology.edges if edge.volume_id in volumes}
    for volume_id in volumes:
        for part in topology.parts.get(volume_id, {}).values():
            users |= part.users if part.doer is None else {part.doer, *part.users}
    node_of = {ref: ref.node or (topology.pods[ref].node if ref in topology.pods else "") for ref in users}
    nodes = {*node_of.values(), *(topology.volumes[each].node for each in volumes if each in topology.volumes)}
    return Reach(frozenset(nodes - {""}), frozenset(ref for ref, node in node_of.items() if not node))


def _with_layers(topology: Topology, volumes: set[str]) -> set[str]:
    """The volumes with everything that lies on them and below them."""
    joined: dict[str, set[str]] = {}
    for top, layers in topology.below.items():
        for layer in layers:
            joined.setdefault(top, set()).add(layer.volume_id)
            joined.setdefault(layer.volume_id, set()).add(top)
    found, left = set(volumes), list(volumes)
    while left:
        new = joined.get(left.pop(), set()) - found
        found |= new
        left += new
    return found
