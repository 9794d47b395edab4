"""Contention domains beyond a node's own disks: what lies below them, and back ends that nodes share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from correlator.model.frame import Frames
from correlator.model.topology import Below, Edge, Layer, Learnt, Part, PodRef, Volume
from correlator.topology import signals
from correlator.topology.disks import volume_id
from correlator.topology.edges import Edges, Place
from correlator.topology.facts import MAPPER_LABELS, Facts
from correlator.topology.layers import Lying, all_below, learn_layers, sure_of
from correlator.topology.nodes import TARGET
from correlator.topology.pods import Name
from correlator.topology.projection import project
from correlator.topology.shared import Domain, Shared, learn_shared, on_top

MEMBER_LABELS = (*TARGET, "device", "type", "uuid")


@dataclass(frozen=True, slots=True)
class Domains:
    """What is added to the disks of nodes and the edges to them; `pods` are those that it gives an edge."""

    volumes: Mapping[str, Volume]
    edges: tuple[Edge, ...]
    below: Mapping[str, tuple[Layer, ...]]
    parts: Mapping[str, Mapping[str, Part]]
    pods: frozenset[Name]


def learn_domains(
    frames: Frames, facts: Facts, edges: Edges, ids: Mapping[Place, str], refs: Mapping[Name, PodRef]
) -> Domains:
    """Read layers and shared back ends; `ids` are those of the disks, `refs` the pods that matter."""
    place = facts.nodes.place
    members = place(project(frames, [signals.DISK_MEMBER], MEMBER_LABELS)).keys()
    mappings = place(project(frames, [signals.DISK_MAPPER_INFO], (*MAPPER_LABELS, "uuid"))).keys()
    lying = learn_layers(members, mappings, facts.io.seen, facts.disks)
    shared = learn_shared(frames, facts)
    names = {domain: volume_id(domain[0], "", domain[1]) for domain in {*shared.clients, *shared.claims}}
    found = [*_of_shared(shared, names, refs), *_of_layers(edges, lying, ids, refs)]
    return Domains(
        volumes={names[domain]: _volume(domain, names[domain], shared) for domain in sorted(names)},
        edges=tuple(found),
        below=_below(lying, ids, names, on_top(facts, edges.vias, shared)),
        parts={
            names[domain]: {key: Part(doer=client.doer, users=frozenset(client.users)) for key, client in those.items()}
            for domain, those in shared.clients.items()
        },
        pods=frozenset((edge.pod.namespace, edge.pod.pod) for edge in found),
    )


def _volume(domain: Domain, identity: str, shared: Shared) -> Volume:
    kind, device = domain
    claims = tuple(sorted(shared.claims.get(domain, ())))
    return Volume(id=identity, name=f"{kind}/{device}", kind=kind, node="", device=device, claims=claims)


def _of_shared(shared: Shared, names: Mapping[Domain, str], refs: Mapping[Name, PodRef]) -> Iterator[Edge]:
    """Pods whose claims, or mounts, lie on a back end."""
    for (pod, domain), use in sorted(shared.uses.items()):
        if pod in refs:
            yield Edge(pod=refs[pod], volume_id=names[domain], learnt=use.learnt, via=use.claim, sure=use.sure)


def _of_layers(edges: Edges, lying: Lying, ids: Mapping[Place, str], refs: Mapping[Name, PodRef]) -> Iterator[Edge]:
    """Whoever uses a device uses what certainly lies below it."""
    under = {top: all_below(top, lying) for top in lying}
    pairs = sorted({(pod, bottom, top) for pod, top in edges.pairs for bottom in under.get(top, ())})
    given = set()
    for pod, bottom, top in pairs:
        if (pod, bottom) not in edges.pairs and (pod, bottom) not in given:
            given.add((pod, bottom))
            via = edges.vias.get((pod, top), "")
            yield Edge(pod=refs[pod], volume_id=ids[bottom], learnt=Learnt.LAYER, via=via)


def _below(
    lying: Lying,
    ids: Mapping[Place, str],
    names: Mapping[Domain, str],
    near_ends: Iterator[tuple[Place, Domain, Below]],
) -> dict[str, tuple[Layer, ...]]:
    """What each disk lies on: other disks of its node, or a back end."""
    found: dict[str, dict[str, Below]] = {}
    for top, bottoms in lying.items():
        for bottom, learnt in bottoms.items():
            found.setdefault(ids[top], {})[ids[bottom]] = learnt
    for place, domain, learnt in near_ends:
        found.setdefault(ids[place], {}).setdefault(names[domain], learnt)
    return {
        top: tuple(
            Layer(volume_id=bottom, learnt=learnt, sure=sure_of(learnt)) for bottom, learnt in sorted(those.items())
        )
        for top, those in sorted(found.items())
    }
