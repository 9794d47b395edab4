"""What there is and what is missing, put together from what was probed or from a window: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from correlator.inquiry.explainable import hindrances, victims_of, with_symptom
from correlator.inquiry.remedies import Seen, remedies_for
from correlator.model.frame import Frames
from correlator.model.inventory import (
    Inventory,
    KubernetesFound,
    Remedy,
    ServerFound,
    SignalFound,
    SymptomFound,
    Unexplained,
)
from correlator.model.signal import Signal, one_of_each
from correlator.model.symptom import Symptom
from correlator.model.topology import PodRef, Topology

NAMES = 20
"""So many names and reasons are told where there may be thousands."""


def found_in(signals: Sequence[Signal], frames: Frames) -> tuple[SignalFound, ...]:
    """Each signal as a window shows it, whoever of several exporters supplies it."""
    return tuple(
        SignalFound(
            name=signal.name,
            exporter=signal.exporter,
            required=signal.required,
            found=bool(frames.get(signal.name).labels),
            series=len(frames.get(signal.name).labels),
            interval_seconds=frames.intervals.get(signal.name),
            newest_age_seconds=None,
            error="",
            hint=signal.hint,
        )
        for signal in one_of_each(signals)
    )


def inventory_of(
    source: str,
    signals: Sequence[Signal],
    found: Sequence[SignalFound],
    frames: Frames,
    topology: Topology,
    step_seconds: int | None,
) -> Inventory:
    """The inventory of a window and its topology; other symptoms and the servers are for the caller to add."""
    hindered = hindrances(victims_of(signals, frames), signals, frames, topology)
    mapped = {edge.pod for edge in topology.edges}
    pods = len(mapped | topology.unmapped.keys())
    explainable = sum(not reason for reason in hindered.values())
    remedies = remedies_for(Seen(frames, tuple(hindered), step_seconds))
    missing = (*_missing(found), *_missing_joins(topology, len(hindered), explainable))
    return Inventory(
        source=source,
        servers=(),
        can_run=not missing,
        missing=missing,
        step_seconds=step_seconds,
        signals=_hinted(found),
        victim_count=len(hindered),
        victims=tuple(map(str, hindered)),
        explainable_victims=explainable,
        unexplained=_grouped(hindered),
        symptoms=(),
        volume_count=len(topology.volumes),
        volumes=tuple(sorted(volume.name for volume in topology.volumes.values())),
        pods=pods,
        mapped_ratio=len(mapped) / pods if pods else None,
        unmapped={str(ref): reason for ref, reason in sorted(topology.unmapped.items())},
        remedies=remedies,
        quality=tuple(f"{spot.signal}: {spot.reason}" for spot in frames.quality),
    )


def with_symptoms(
    inventory: Inventory, symptoms: Sequence[Symptom], signals: Sequence[Signal], frames: Frames, topology: Topology
) -> Inventory:
    """The same with who has a symptom other than first tokens, where anybody has."""
    having = {symptom: with_symptom(symptom, frames) for symptom in symptoms}
    hindered = hindrances(sorted({*chain.from_iterable(having.values())}), signals, frames, topology)
    found = (_symptom(one, {each: hindered[each] for each in pods}) for one, pods in having.items() if pods)
    return replace(inventory, symptoms=tuple(found))


def with_servers(inventory: Inventory, servers: Sequence[ServerFound], remedies: Sequence[Remedy]) -> Inventory:
    """The same with what is known of the servers themselves."""
    return replace(inventory, servers=tuple(servers), remedies=(*inventory.remedies, *remedies))


def with_kubernetes(inventory: Inventory, found: KubernetesFound, remedies: Sequence[Remedy]) -> Inventory:
    """The same with what is known of the Kubernetes API."""
    return replace(inventory, kubernetes=found, remedies=(*inventory.remedies, *remedies))


def shortened(inventory: Inventory) -> Inventory:
    """The same with few names of each kind; the counts stay."""
    return replace(
        inventory,
        victims=inventory.victims[:NAMES],
        volumes=inventory.volumes[:NAMES],
        unexplained=_few(inventory.unexplained),
        symptoms=tuple(
            replace(each, victims=each.victims[:NAMES], unexplained=_few(each.unexplained))
            for each in inventory.symptoms
        ),
        unmapped=dict(list(inventory.unmapped.items())[:NAMES]),
        quality=inventory.quality[:NAMES],
    )


def _few(groups: Sequence[Unexplained]) -> tuple[Unexplained, ...]:
    return tuple(replace(each, victims=each.victims[:NAMES]) for each in groups[:NAMES])


def _hinted(found: Sequence[SignalFound]) -> tuple[SignalFound, ...]:
    """With another hint where the exporter is there: that of its file tells how to bring it, which would mislead."""
    followed = {(each.exporter, each.hint) for each in found if each.found}
    return tuple(
        replace(each, hint=f"{each.exporter} is there and shows none: it may have nothing to show")
        if not each.found and (each.exporter, each.hint) in followed
        else each
        for each in found
    )


def _symptom(symptom: Symptom, hindered: Mapping[PodRef, str]) -> SymptomFound:
    return SymptomFound(
        name=symptom.name,
        quantity=symptom.told_as,
        count=len(hindered),
        victims=tuple(map(str, hindered)),
        explainable=sum(not reason for reason in hindered.values()),
        unexplained=_grouped(hindered),
    )


def _grouped(hindered: Mapping[PodRef, str]) -> tuple[Unexplained, ...]:
    """The victims of each reason, the reason of most first."""
    by_reason: dict[str, list[str]] = {}
    for victim, reason in hindered.items():
        if reason:
            by_reason.setdefault(reason, []).append(str(victim))
    groups = sorted(by_reason.items(), key=lambda group: (-len(group[1]), group[0]))
    return tuple(Unexplained(reason=reason, count=len(names), victims=tuple(names)) for reason, names in groups)


def _missing(signals: Sequence[SignalFound]) -> list[str]:
    """Required signals that nobody supplies, by the exporter that says that they are."""
    supplied = {each.name for each in signals if each.found}
    by_exporter: dict[str, list[SignalFound]] = {}
    for each in signals:
        if each.required and each.name not in supplied:
            by_exporter.setdefault(each.exporter, []).append(each)
    return [
        f"{exporter} ({', '.join(each.name for each in absent)}): {absent[0].error or absent[0].hint}"
        for exporter, absent in by_exporter.items()
    ]


def _missing_joins(topology: Topology, victims: int, explainable: int) -> list[str]:
    if not topology.volumes:
        return ["no volume is known: neither node_exporter nor cAdvisor names a disk"]
    if victims and not explainable:
        return ["no victim can be explained: of none is everything seen that storage contention is told from"]
    return []
