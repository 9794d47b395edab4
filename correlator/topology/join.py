"""The join: frames of a window in, pods, volumes and edges out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from correlator.model.frame import Frames
from correlator.model.topology import Pod, PodRef, Topology, Volume, serial_of
from correlator.topology import signals
from correlator.topology.blind import Blindness
from correlator.topology.dependencies import ANNOTATION_LABELS, dependencies
from correlator.topology.disks import volume_id
from correlator.topology.domains import learn_domains
from correlator.topology.edges import Edges, Place
from correlator.topology.facts import Facts, learn_facts
from correlator.topology.nodes import TARGET
from correlator.topology.pods import ABOVE_LABELS, OWNER_LABELS, TIER_LABELS, Name, tiers_of_namespaces, workloads
from correlator.topology.projection import Projection, project
from correlator.topology.told import with_tellers

NO_TIERS: Mapping[str, str] = MappingProxyType({})
NO_NEEDS: Mapping[str, Sequence[str]] = MappingProxyType({})


def join(
    frames: Frames,
    tiers: Mapping[str, str] = NO_TIERS,
    usual: Mapping[str, str] = NO_TIERS,
    needs: Mapping[str, Sequence[str]] = NO_NEEDS,
) -> Topology:
    """Who uses which volume in the window of `frames`.

    `tiers` maps namespaces, or patterns of them, to isolation tiers; `usual` does where neither that nor a label tells.

    `needs` maps victims, by name, to the names of what they depend on: see `dependencies`.

    A series counts when it has any value in the window. What cannot be told is in `unmapped`, with the reason.
    """
    facts = learn_facts(frames)
    edges = Edges(facts)
    nodes = _nodes_of_pods(facts, edges)
    refs = {name: PodRef(*name) for name in nodes}
    places = sorted((node, disk) for node, disks in facts.disks.devices.items() for disk in disks)
    ids = {place: volume_id("disk", *place) for place in places}
    above = project(frames, [signals.OWNER_OWNER], ABOVE_LABELS)
    owned = workloads(project(frames, [signals.POD_OWNER], OWNER_LABELS), facts.pods, nodes.keys(), above)
    labels = project(frames, [signals.NAMESPACE_LABELS], TIER_LABELS)
    tier_of = tiers_of_namespaces({ref.namespace for ref in refs.values()}, labels, tiers, usual)
    domains = learn_domains(frames, facts, edges, ids, refs)
    mapped = edges.pods | domains.pods
    blindness = Blindness(claims=facts.claims, mounts=facts.mounts, io=facts.io, nodes=nodes)
    reasons = {name: blindness.reason(name) for name in nodes if name not in mapped}
    pods = {
        ref: Pod(
            ref=ref,
            node=nodes[name],
            workload=owned[name],
            tier=tier_of[ref.namespace],
            started_at=_started_at(name, facts),
            claims=facts.claims.names(name),
        )
        for name, ref in refs.items()
    }
    annotations = project(frames, [signals.POD_ANNOTATIONS], ANNOTATION_LABELS)
    found = sorted((*edges.build(ids, refs), *domains.edges), key=lambda edge: (edge.pod, edge.volume_id))
    return Topology(
        pods=pods,
        volumes={**_volumes(ids, edges), **domains.volumes},
        edges=with_tellers(tuple(found), frames, facts.claims),
        unmapped={refs[name]: reason for name, reason in reasons.items() if reason},
        node_of_instance=_nodes_of_instances(facts, nodes, project(frames, [signals.DRIVE_ERRORS], TARGET)),
        volume_of_device={(node, name): ids[node, disk] for (node, name), disk in facts.disks.device_of.items()},
        volume_of_nameless={refs[name]: ids[place] for name, place in facts.io.nameless.items()},
        below=domains.below,
        parts=domains.parts,
        volume_of_serial=_serials(facts, edges, ids),
        depends_on=dependencies((PodRef(*name) for name in facts.victims), pods, annotations, needs),
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


def _serials(facts: Facts, edges: Edges, ids: Mapping[Place, str]) -> dict[str, str]:
    """The disk that a cloud's volume is: by its serial number, else by the claim that is mounted from it."""
    found = {}
    for (_, place), claim in sorted(edges.vias.items()):
        volume = facts.claims.volumes.get(facts.claims.bound.get(claim, ""))
        if volume is not None and (name := volume.ebs_volume_id or volume.csi_volume_handle):
            found[serial_of(name)] = ids[place]
    return {**found, **{name: ids[node, disk] for (node, name), disk in sorted(facts.named_disks.items())}}


def _volumes(ids: Mapping[Place, str], edges: Edges) -> dict[str, Volume]:
    """Every disk of every node, with the claims that lie on it."""
    claims = edges.claims()
    volumes = {}
    for (node, disk), identity in ids.items():
        lying = tuple(sorted(claims.get((node, disk), ())))
        name = f"{node}/{disk}"
        volumes[identity] = Volume(id=identity, name=name, kind="disk", node=node, device=disk, claims=lying)
    return volumes


def _nodes_of_instances(facts: Facts, nodes: Mapping[Name, str], beside: Projection) -> dict[str, str]:
    """The node of every exporter's target, and of every victim's; `beside` are other targets on nodes."""
    of_victims = {instance: node or nodes[name] for name, (instance, node) in facts.victims.items()}
    others = {
        instance: node or facts.pods.node_of((namespace, pod)) or facts.nodes.beside(instance)
        for instance, node, namespace, pod in beside
    }
    found = {**others, **of_victims, **facts.nodes.of_instance}
    return {instance: node for instance, node in found.items() if instance and node}
