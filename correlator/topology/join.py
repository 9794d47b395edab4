"""The join: frames of a window in, pods, volumes and edges out."""

from collections.abc import Mapping
from types import MappingProxyType

from correlator.model.frame import Frames
from correlator.model.topology import Pod, PodRef, Topology, Volume
from correlator.topology import signals
from correlator.topology.blind import Blindness
from correlator.topology.disks import volume_id
from correlator.topology.edges import Edges, Place
from correlator.topology.facts import Facts, learn_facts
from correlator.topology.pods import OWNER_LABELS, TIER_LABELS, Name, tiers_of_namespaces, workloads
from correlator.topology.projection import project

NO_TIERS: Mapping[str, str] = MappingProxyType({})


def join(frames: Frames, tiers: Mapping[str, str] = NO_TIERS, usual: Mapping[str, str] = NO_TIERS) -> Topology:
    """Who uses which volume in the window of `frames`.

    `tiers` maps namespaces, or patterns of them, to isolation tiers; `usual` does where neither that nor a label tells.

    A series counts when it has any value in the window. What cannot be told is in `unmapped`, with the reason.
    """
    facts = learn_facts(frames)
    edges = Edges(facts)
    nodes = _nodes_of_pods(facts, edges)
    refs = {name: PodRef(*name) for name in nodes}
    places = sorted((node, disk) for node, disks in facts.disks.devices.items() for disk in disks)
    ids = {place: volume_id("disk", *place) for place in places}
    owned = workloads(project(frames, [signals.POD_OWNER], OWNER_LABELS), facts.pods, nodes.keys())
    labels = project(frames, [signals.NAMESPACE_LABELS], TIER_LABELS)
    tier_of = tiers_of_namespaces({ref.namespace for ref in refs.values()}, labels, tiers, usual)
    blindness = Blindness(claims=facts.claims, mounts=facts.mounts, io=facts.io, nodes=nodes)
    reasons = {name: blindness.reason(name) for name in nodes if name not in edges.pods}
    return Topology(
        pods={
            ref: Pod(
                ref=ref,
                node=nodes[name],
                workload=owned[name],
                tier=tier_of[ref.namespace],
                started_at=_started_at(name, facts),
                claims=facts.claims.names(name),
            )
            for name, ref in refs.items()
        },
        volumes=_volumes(ids, edges),
        edges=edges.build(ids, refs),
        unmapped={refs[name]: reason for name, reason in reasons.items() if reason},
        node_of_instance=_nodes_of_instances(facts, nodes),
        volume_of_device={(node, name): ids[node, disk] for (node, name), disk in facts.disks.device_of.items()},
        volume_of_nameless={refs[name]: ids[place] for name, place in facts.io.nameless.items()},
    )


def _nodes_of_pods(facts: Facts, edges: Edges) -> dict[Name, str]:
    """The pods that matter (with an edge, a claim, I/O, or a victim) and their nodes, sorted by name.

    A node is what Kubernetes says, else where the pod's I/O was seen last, else what a victim's own series tell.
    """
    nodes = {}
    for name in sorted({*edges.pods, *facts.io.node_of, *facts.claims.of_pod, *facts.victims}):
        nodes[name] = facts.pods.node_of(name) or facts.io.node_of.get(name, "")
        if not nodes[name] and name in facts.victims:
            instance, node = facts.victims[name]
            nodes[name] = node or facts.nodes.beside(instance)
    return nodes


def _started_at(name: Name, facts: Facts) -> float | None:
    """When the newest incarnation of a pod started; None when unknown."""
    incarnation = facts.pods.newest.get(name)
    return facts.started_at.get((*name, "" if incarnation is None else incarnation.uid))


def _volumes(ids: Mapping[Place, str], edges: Edges) -> dict[str, Volume]:
    """Every disk of every node, with the claims that lie on it."""
    claims = edges.claims()
    volumes = {}
    for (node, disk), identity in ids.items():
        lying = tuple(sorted(claims.get((node, disk), ())))
        name = f"{node}/{disk}"
        volumes[identity] = Volume(id=identity, name=name, kind="disk", node=node, device=disk, claims=lying)
    return volumes


def _nodes_of_instances(facts: Facts, nodes: Mapping[Name, str]) -> dict[str, str]:
    """The node of every exporter's target, and of every victim's."""
    of_victims = {instance: node or nodes[name] for name, (instance, node) in facts.victims.items()}
    return {instance: node for instance, node in {**of_victims, **facts.nodes.of_instance}.items() if instance and node}
