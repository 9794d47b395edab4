"""The join: frames of a window in, pods, volumes and edges out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from correlator.model.frame import Frames
from correlator.model.topology import Edge, Learnt, Pod, PodRef, Topology, Volume, victim_ref
from correlator.topology import signals
from correlator.topology.blind import Blindness
from correlator.topology.claims import Claims, learn_claims
from correlator.topology.disks import Disks, Sightings, disk_volume, learn_disks, volume_id
from correlator.topology.inout import PodIo, learn_io
from correlator.topology.mounts import Mounts, learn_mounts
from correlator.topology.nodes import Clues, Nodes, learn_nodes
from correlator.topology.pods import PodFacts, learn_pods, start_times, tiers_of_namespaces, workloads
from correlator.topology.rows import Row, merged_rows, rows

Found: TypeAlias = dict[tuple[PodRef, str], set[tuple[Learnt, str]]]
"""(pod, volume id) → all that was learnt of that edge: how, and through which claim."""

NO_TIERS: Mapping[str, str] = MappingProxyType({})
SUREST_FIRST = list(Learnt)


def join(frames: Frames, tiers: Mapping[str, str] = NO_TIERS) -> Topology:
    """Who uses which volume in the window of `frames`. `tiers` maps a namespace to its isolation tier.

    A series counts when it has any value in the window. What cannot be told is in `unmapped`, with the reason.
    """
    started_at = start_times(frames.get(signals.POD_START_TIME))
    pods = learn_pods(frames.get(signals.POD_INFO), started_at)
    counters = merged_rows(frames, signals.DISK_COUNTERS)
    mount_rows = [*rows(frames.get(signals.MOUNT_INFO)), *rows(frames.get(signals.FILESYSTEM_SIZE))]
    pod_io = [row for row in merged_rows(frames, signals.POD_IO) if row.get("pod")]
    usage = [row for row in rows(frames.get(signals.POD_DEVICE_USAGE)) if row.get("pod")]
    clues = Clues(
        exporter=[*counters, *mount_rows, *merged_rows(frames, signals.NODE_PRESSURE)],
        names=rows(frames.get(signals.NODE_NAME)),
        cadvisor=[*pod_io, *usage, *merged_rows(frames, signals.POD_PRESSURE)],
        heartbeat=rows(frames.get(signals.POD_IO_HEARTBEAT)),
    )
    nodes = learn_nodes(clues, pods)
    sightings = Sightings(
        counters=counters,
        infos=rows(frames.get(signals.DISK_INFO)),
        mappers=rows(frames.get(signals.DISK_MAPPER_INFO)),
        mounts=mount_rows,
        pod_io=pod_io,
        usage=usage,
    )
    disks = learn_disks(sightings, nodes)
    mounts = learn_mounts(mount_rows, nodes, disks)
    io = learn_io(pod_io, usage, nodes, disks)
    claims = learn_claims(
        rows(frames.get(signals.POD_CLAIMS)),
        rows(frames.get(signals.CLAIM_INFO)),
        rows(frames.get(signals.PERSISTENT_VOLUME_INFO)),
    )
    found = _edges(io, mounts, claims, pods)
    victims = merged_rows(frames, [signals.TTFT_COUNT])
    placed = _nodes_of_pods(_kept(found, claims, io, victims), pods, io, victims, nodes)
    owned = workloads(frames.get(signals.POD_OWNER), pods, ((ref.namespace, ref.pod) for ref in placed))
    tier_of = tiers_of_namespaces(frames.get(signals.NAMESPACE_LABELS), tiers)
    ids = {(node, disk): volume_id("disk", node, disk) for node, names in disks.devices.items() for disk in names}
    mapped = {pod for pod, _ in found}
    blindness = Blindness(claims=claims, mounts=mounts, io=io, nodes=placed)
    reasons = {ref: blindness.reason(ref) for ref in sorted(placed) if ref not in mapped}
    return Topology(
        pods={
            ref: Pod(
                ref=ref,
                node=node,
                workload=owned[ref.namespace, ref.pod],
                tier=tier_of.get(ref.namespace, ""),
                started_at=_started(ref, pods, started_at),
                claims=tuple(sorted({use.claim for use in claims.of_pod.get((ref.namespace, ref.pod), ())})),
            )
            for ref, node in sorted(placed.items())
        },
        volumes=_volumes(disks, found),
        edges=_surest(found),
        unmapped={ref: reason for ref, reason in reasons.items() if reason},
        node_of_instance=_instances(nodes, placed, victims),
        volume_of_device={place: ids[place[0], disk] for place, disk in sorted(disks.device_of.items())},
        volume_of_nameless={ref: ids[place] for ref, place in sorted(io.nameless.items())},
    )


def _edges(io: PodIo, mounts: Mounts, claims: Claims, pods: PodFacts) -> Found:
    """All that is learnt of edges: from I/O, from mounts of pods, from claims with a path."""
    found: Found = defaultdict(set)
    for ref, node, disk in io.seen:
        found[ref, volume_id("disk", node, disk)].add((Learnt.IO_SEEN, ""))
    for mount in mounts.of_pods:
        row = pods.by_uid.get(mount.uid)
        if row is not None:
            name = row.get("namespace"), row.get("pod")
            via = claims.named(name, mount.volume)
            found[PodRef(*name), volume_id("disk", mount.node, mount.disk)].add((Learnt.MOUNT, via))
    for name, uses in claims.of_pod.items():
        for use in uses:
            incarnation = pods.by_uid.get(use.uid)
            node = pods.node_of(name) if incarnation is None else incarnation.get("node")
            path = claims.path(use.claim)
            below = mounts.below(node, path) if path else None
            if below is not None and below.disk:
                found[PodRef(*name), volume_id("disk", node, below.disk)].add((Learnt.CLAIM, use.claim))
    return found


def _surest(found: Found) -> tuple[Edge, ...]:
    """One edge for each pod and volume, learnt the surest way, with the claim that any way told."""
    return tuple(
        Edge(
            pod=pod,
            volume_id=volume,
            learnt=min((how for how, _ in ways), key=SUREST_FIRST.index),
            via=min((via for _, via in ways if via), default=""),
        )
        for (pod, volume), ways in sorted(found.items())
    )


def _volumes(disks: Disks, found: Found) -> dict[str, Volume]:
    """Every disk of every node, with the claims that lie on it."""
    claims: dict[str, set[str]] = defaultdict(set)
    for (_, volume), ways in found.items():
        claims[volume] |= {via for _, via in ways if via}
    places = sorted((node, disk) for node, names in disks.devices.items() for disk in names)
    volumes = (disk_volume(node, disk, claims) for node, disk in places)
    return {volume.id: volume for volume in volumes}


def _kept(found: Found, claims: Claims, io: PodIo, victims: Iterable[Row]) -> set[PodRef]:
    """The pods that matter: those with an edge, a claim or I/O, and the victims."""
    kept = {pod for pod, _ in found} | io.node_of.keys()
    kept |= {PodRef(*name) for name in claims.of_pod}
    return kept | {victim_ref(row.labels) for row in victims}


def _nodes_of_pods(
    kept: Iterable[PodRef], pods: PodFacts, io: PodIo, victims: Iterable[Row], nodes: Nodes
) -> dict[PodRef, str]:
    """The node of each pod: as Kubernetes says, else where its I/O was seen last, else by its own series."""
    told: dict[PodRef, str] = {}
    for row in sorted(victims, key=Row.newness):
        ref = victim_ref(row.labels)
        told[ref] = row.get("node") or nodes.beside(row.get("instance")) or told.get(ref, "")
    return {ref: pods.node_of((ref.namespace, ref.pod)) or io.node_of.get(ref, "") or told.get(ref, "") for ref in kept}


def _instances(nodes: Nodes, placed: Mapping[PodRef, str], victims: Iterable[Row]) -> dict[str, str]:
    """The node of every exporter's target, and of every victim's."""
    of_victims = {
        row.get("instance"): row.get("node") or placed[victim_ref(row.labels)]
        for row in sorted(victims, key=Row.newness)
        if row.get("instance")
    }
    return {instance: node for instance, node in {**of_victims, **nodes.of_instance}.items() if node}


def _started(ref: PodRef, pods: PodFacts, started_at: Mapping[tuple[str, str, str], float]) -> float | None:
    """When the newest incarnation of a pod started; None when unknown."""
    row = pods.newest.get((ref.namespace, ref.pod))
    return started_at.get((ref.namespace, ref.pod, "" if row is None else row.get("uid")))
