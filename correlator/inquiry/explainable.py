"""Which victims' slow first tokens, or other symptoms, could be explained: pure, from a window and its topology."""

from collections.abc import Iterable, Mapping, Sequence

from correlator.model.frame import Frames, Labels
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.symptom import Symptom
from correlator.model.topology import PodRef, Topology, node_of, victim_ref, volume_of

_OF_VOLUMES = {Aspect.UTILIZATION, Aspect.SATURATION, Aspect.LATENCY}

_OF_PODS = {Aspect.IO, Aspect.PRESSURE}


def victims_of(signals: Sequence[Signal], frames: Frames) -> tuple[PodRef, ...]:
    """The pods that export how long first tokens take, sorted."""
    watched = [signal for signal in signals if signal.aspect is Aspect.TTFT and signal.kind is not Kind.HEARTBEAT]
    return tuple(sorted({victim_ref(dict(labels)) for labels in _rows(frames, watched)}))


def with_symptom(symptom: Symptom, frames: Frames) -> tuple[PodRef, ...]:
    """The pods that export another symptom, sorted."""
    return tuple(sorted({victim_ref(dict(labels)) for labels in frames.get(symptom.count).labels}))


def hindrances(
    victims: Iterable[PodRef], signals: Sequence[Signal], frames: Frames, topology: Topology
) -> Mapping[PodRef, str]:
    """For each victim why storage contention could not be told of it; "" where it can be."""
    used: dict[PodRef, set[str]] = {}
    for edge in topology.edges:
        used.setdefault(edge.pod, set()).add(edge.volume_id)
    measured = {
        volume_of(dict(labels), topology)
        for labels in _rows(frames, [signal for signal in signals if signal.aspect in _OF_VOLUMES])
    }
    measured |= {identity for identity, parts in topology.parts.items() if parts}  # a back end's own series tell
    counted = [signal for signal in signals if signal.aspect in _OF_PODS and {"pod", "container"} <= {*signal.labels}]
    alive = {signal.heartbeat for signal in counted}  # a target that is up and shows nothing had nothing to count
    counted += [signal for signal in signals if signal.name in alive]
    nodes = {node_of(dict(labels), topology) for labels in _rows(frames, counted)}
    return {
        victim: _hindrance(
            victim,
            used.get(victim, set()).union(*(used.get(pod, set()) for pod in topology.depends_on.get(victim, ()))),
            topology,
            measured,
            nodes,
        )
        for victim in victims
    }


def _hindrance(victim: PodRef, used: set[str], topology: Topology, measured: set[str], nodes: set[str]) -> str:
    """The first link of the chain that cannot be seen."""
    if not used:
        return topology.unmapped.get(victim) or "it has no claim, and cAdvisor saw no I/O of it: no volume to look at"
    volumes = [topology.volumes[identity] for identity in sorted(used) if identity in topology.volumes]
    seen = [volume for volume in volumes if volume.id in measured]
    if not seen:
        names = ", ".join(volume.name for volume in volumes)
        return f"nothing tells how busy or slow its volume is ({names})"
    if all(volume.node and volume.node not in nodes for volume in seen):
        return f"nobody's I/O is counted on node {seen[0].node}: scrape its kubelet's /metrics/cadvisor"
    return ""


def _rows(frames: Frames, signals: Iterable[Signal]) -> set[Labels]:
    """All distinct identities of some signals: those of one exporter mostly have the same."""
    found: set[Labels] = set()
    before: tuple[Labels, ...] = ()
    for signal in signals:
        labels = frames.get(signal.name).labels
        if labels is not before:
            found.update(labels)
        before = labels
    return found
