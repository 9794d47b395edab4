"""Who told the objects that an edge was learnt from: series, the Kubernetes API, or both."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from correlator.model.frame import Frames
from correlator.model.topology import TOLD_BY, Edge, Learnt, Teller
from correlator.topology import signals
from correlator.topology.claims import Claims
from correlator.topology.projection import project

Thing: TypeAlias = tuple[str, ...]
"""A signal and the names of what a row of it speaks of."""

NAMES: Mapping[str, tuple[str, ...]] = {
    signals.POD_INFO: ("namespace", "pod"),
    signals.POD_CLAIMS: ("namespace", "pod", "persistentvolumeclaim"),
    signals.CLAIM_INFO: ("namespace", "persistentvolumeclaim"),
    signals.PERSISTENT_VOLUME_INFO: ("persistentvolume",),
}
"""The signals whose rows say who told them, and what they speak of."""


def with_tellers(edges: tuple[Edge, ...], frames: Frames, claims: Claims) -> tuple[Edge, ...]:
    """The edges, each with who told its parts; as they are where the API told nothing in the window."""
    tellers = _tellers(frames)
    if not tellers:
        return edges
    return tuple(replace(edge, told_by=_together(tellers, _things(edge, claims))) for edge in edges)


def _tellers(frames: Frames) -> dict[Thing, set[str]]:
    """Who told of each thing of which the API told; series alone told of all others."""
    found: dict[Thing, set[str]] = {}
    for signal, names in NAMES.items():
        for *thing, teller in project(frames, [signal], (*names, TOLD_BY)):
            found.setdefault((signal, *thing), set()).add(teller or Teller.SERIES)
    is_told = any(those != {Teller.SERIES.value} for those in found.values())
    return found if is_told else {}


def _things(edge: Edge, claims: Claims) -> Iterator[Thing]:
    """What an edge was learnt from, beside what series alone can tell."""
    pod = edge.pod
    if edge.learnt is Learnt.IO_SEEN:
        return
    if edge.learnt is Learnt.MOUNT:
        yield signals.POD_INFO, pod.namespace, pod.pod
    if edge.via:
        namespace, _, claim = edge.via.partition("/")
        yield signals.POD_CLAIMS, pod.namespace, pod.pod, claim
        yield signals.CLAIM_INFO, namespace, claim
        yield signals.PERSISTENT_VOLUME_INFO, claims.bound.get(edge.via, "")


def _together(tellers: Mapping[Thing, set[str]], things: Iterator[Thing]) -> Teller:
    """One who told everything, else both."""
    told = set().union(*(tellers.get(thing, set()) for thing in things))
    return Teller(told.pop()) if len(told) == 1 else Teller.BOTH if told else Teller.SERIES
