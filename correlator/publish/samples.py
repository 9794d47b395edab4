"""What snapshot and incidents say as values by metric and labels, before it is text or history."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Final, TypeAlias

import numpy as np

from correlator.model.finding import Suspect, SuspectKind, Verdict
from correlator.model.frame import Floats
from correlator.model.incident import Incident
from correlator.model.snapshot import Snapshot, VictimNow, VolumeNow
from correlator.model.symptom import TTFT
from correlator.publish.alarms import has_stopped, victims_by_episode
from correlator.publish.families import FAMILIES
from correlator.publish.users import known_sum, users_of

Values: TypeAlias = Mapping[str, Mapping[tuple[str, ...], float]]
"""By metric, and by the values of its labels in the order of its family."""

TOP_SUSPECTS = 5
DIGITS: Final = 6
"""Significant digits of what is exported: all that a measurement has, and a third of the bytes when it is kept."""

LARGEST_EXACT: Final = 22
"""The largest power of ten that a float holds exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store tells: the open incidents, and how many were ever opened, by verdict."""

    open_incidents: Sequence[Incident] = ()
    totals: Mapping[Verdict, int] = field(default_factory=dict)


def significant(values: Floats) -> Floats:
    """Rounded to `DIGITS` significant decimal digits; what is whole, larger, tiny or not finite stays as it is."""
    size = np.abs(values)
    fractions = (size >= 10.0 ** (DIGITS - LARGEST_EXACT)) & (size < 10.0**DIGITS) & (values != np.floor(values))
    if not fractions.any():
        return values
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(size[fractions])))
    rounded = values.copy()
    rounded[fractions] = np.rint(values[fractions] * scale) / scale
    return rounded


class Samples:
    """Values by metric and labels. The first of two with equal labels stays: a scrape with both would fail whole."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[str, ...], float]] = {family.name: {} for family in FAMILIES}

    def add(self, name: str, labels: tuple[str, ...], value: float | None) -> None:
        """Keep a value unless it is unknown."""
        if value is not None and not isnan(value):
            self._values[name].setdefault(labels, float(value))

    def values(self) -> Values:
        """Every metric that has a series, in the order of `FAMILIES`, rounded."""
        return {name: _rounded(found) for name, found in self._values.items() if found}


def _rounded(found: Mapping[tuple[str, ...], float]) -> Mapping[tuple[str, ...], float]:
    values = significant(np.fromiter(found.values(), np.float64, len(found)))
    return dict(zip(found, values.tolist(), strict=True))


def add_snapshot(samples: Samples, snapshot: Snapshot) -> None:
    """Volumes, nodes and victims."""
    _add_snapshot(samples, snapshot, _reasons(snapshot))


def add_signals(samples: Samples, signals: Iterable[tuple[str, bool]]) -> None:
    """Which signals have fresh data."""
    for signal, up in signals:
        samples.add("correlator_signal_up", (signal,), up)


def kept(snapshot: Snapshot, stored: Stored) -> Values:
    """What history keeps of a cycle: all but the daemon itself, volumes and nodes as far as a victim uses them."""
    blamed = {incident.volume.id for incident in stored.open_incidents if incident.volume}
    samples, used = Samples(), _used(snapshot, blamed)
    _add_snapshot(samples, used, _reasons(snapshot))
    add_stored(samples, stored, snapshot.victims)
    add_signals(samples, snapshot.signals)
    return samples.values()


def _used(snapshot: Snapshot, blamed: Collection[str]) -> Snapshot:
    used = {identity for victim in snapshot.victims for identity in victim.volume_ids}.union(blamed)
    volumes = tuple(volume for volume in snapshot.volumes if volume.id in used)
    nodes = {victim.node for victim in snapshot.victims} | {volume.node for volume in volumes}
    return replace(snapshot, volumes=volumes, nodes=tuple(node for node in snapshot.nodes if node.node in nodes))


def _reasons(snapshot: Snapshot) -> Sequence[str]:
    """All error states that some volume is in."""
    return sorted({reason for volume in snapshot.volumes for reason in volume.errors})


def _add_snapshot(samples: Samples, snapshot: Snapshot, reasons: Sequence[str]) -> None:
    """Volumes and who uses them, nodes and victims."""
    _add_volumes(samples, snapshot.volumes, reasons)
    for name, labels, value in users_of(snapshot):
        samples.add(name, labels, value)
    _add_nodes(samples, snapshot)
    _add_victims(samples, snapshot.victims)


def _add_volumes(samples: Samples, volumes: Sequence[VolumeNow], reasons: Sequence[str]) -> None:
    """USE of each volume."""
    for volume in volumes:
        labels = (volume.name, volume.node, volume.device)
        samples.add("correlator_volume_utilization_ratio", labels, volume.utilization_ratio)
        samples.add("correlator_volume_queue_depth", labels, volume.queue_depth)
        samples.add("correlator_volume_read_latency_seconds", labels, volume.read_latency_seconds)
        samples.add("correlator_volume_write_latency_seconds", labels, volume.write_latency_seconds)
        for reason in reasons:
            samples.add("correlator_volume_error_state", (*labels, reason), reason in volume.errors)


def _add_nodes(samples: Samples, snapshot: Snapshot) -> None:
    """I/O pressure of each node."""
    for node in snapshot.nodes:
        samples.add("correlator_node_io_waiting_ratio", (node.node,), node.io_waiting_ratio)
        samples.add("correlator_node_io_stalled_ratio", (node.node,), node.io_stalled_ratio)


def _add_victims(samples: Samples, victims: Sequence[VictimNow]) -> None:
    """First tokens of each victim."""
    for victim in victims:
        labels = (victim.namespace, victim.pod, victim.model_name)
        for ttft in victim.ttft:
            samples.add("correlator_victim_ttft_seconds", (*labels, ttft.statistic), ttft.observed_seconds)
            samples.add("correlator_victim_ttft_baseline_seconds", (*labels, ttft.statistic), ttft.baseline_seconds)
        samples.add("correlator_victim_io_stalled_ratio", labels[:2], victim.io_stalled_ratio)


def add_stored(samples: Samples, stored: Stored, victims: Sequence[VictimNow]) -> None:
    """Incidents, open and ever."""
    _add_active(samples, victims, stored.open_incidents)
    for incident in sorted(stored.open_incidents, key=lambda one: not _is_ttft(one)):  # of two, first tokens stay
        _add_incident(samples, incident)
    for incident in sorted(stored.open_incidents, key=has_stopped, reverse=True):  # of two, the one that stopped stays
        samples.add("correlator_incident_stopped", _victim_labels(incident), has_stopped(incident))
    for episode, count in victims_by_episode(stored.open_incidents).items():
        samples.add("correlator_episode_victims", episode, count)
    for tiers, count in _by_tiers(stored.open_incidents).items():
        samples.add("correlator_tier_incidents_active", tiers, count)
    for verdict in Verdict:
        samples.add("correlator_incidents_total", (verdict.value,), stored.totals.get(verdict, 0))


def _by_tiers(open_incidents: Sequence[Incident]) -> Mapping[tuple[str, str], int]:
    """How many open incidents there are by (tier of the victim, tier of an accused pod)."""
    pairs = (
        {(incident.victim.tier, one.tier) for one in incident.suspects if one.accused} for incident in open_incidents
    )
    return Counter(pair for found in pairs for pair in found if all(pair))


def _add_active(samples: Samples, victims: Sequence[VictimNow], open_incidents: Sequence[Incident]) -> None:
    """0 or 1 for every watched victim, and 1 for one that is watched no more while its incident is open."""
    watched = [(victim.namespace, victim.pod, victim.model_name) for victim in victims]
    suffering = [_victim_labels(incident) for incident in open_incidents]
    for labels in suffering:
        samples.add("correlator_incident_active", labels, 1)
    for labels in watched:
        samples.add("correlator_incident_active", labels, 0)  # unless it is 1 already


def _add_incident(samples: Samples, incident: Incident) -> None:
    """What an open incident says of its victim, volume and suspects."""
    victim, labels = incident.victim, _victim_labels(incident)
    volume = incident.volume.name if incident.volume else ""
    samples.add("correlator_incident_info", (*labels, volume, incident.verdict.value), 1)
    excess = incident.ttft.mean_excess_seconds
    for cause in ("suspects", "load", "own_io", "unattributed_io", "unexplained"):
        samples.add("correlator_victim_ttft_mean_excess_seconds", (*labels, cause), getattr(excess, cause))
    for suspect in incident.suspects[:TOP_SUSPECTS]:
        identity = (victim.namespace, victim.pod, *_identity(suspect), volume)
        samples.add("correlator_suspect_confidence", identity, suspect.confidence)
        samples.add("correlator_suspect_share_ratio", identity, suspect.share_ratio)
        if _is_ttft(incident):
            samples.add("correlator_suspect_mean_excess_seconds", identity, suspect.mean_excess_seconds)
    rest = (victim.namespace, victim.pod, "", "other", "", volume)
    _add_rest(samples, rest, incident.suspects[TOP_SUSPECTS:], is_ttft=_is_ttft(incident))


def _is_ttft(incident: Incident) -> bool:
    return incident.victim.symptom == TTFT.name


def _add_rest(samples: Samples, identity: tuple[str, ...], rest: Sequence[Suspect], *, is_ttft: bool) -> None:
    """The suspects below the top few as one; probabilities do not add up, so theirs is the largest."""
    samples.add("correlator_suspect_confidence", identity, max((each.confidence for each in rest), default=None))
    samples.add("correlator_suspect_share_ratio", identity, known_sum(each.share_ratio for each in rest))
    if is_ttft:
        excess = known_sum(each.mean_excess_seconds for each in rest)
        samples.add("correlator_suspect_mean_excess_seconds", identity, excess)


def _victim_labels(incident: Incident) -> tuple[str, str, str]:
    """Namespace, pod and model of the victim."""
    return incident.victim.namespace, incident.victim.pod, incident.victim.model_name


def _identity(suspect: Suspect) -> tuple[str, str, str]:
    """Namespace, pod and workload; what is no pod has a name that no pod can have or no namespace."""
    if suspect.kind is SuspectKind.NODE:
        return "", f"node/{suspect.node}", ""
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return "", "unattributed", ""
    return suspect.namespace, suspect.pod, suspect.workload
