"""The rows of `top`, from a snapshot and the incidents that are open: also what `--output json` prints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from correlator.model.finding import SymptomEffect
from correlator.model.incident import Incident
from correlator.model.snapshot import PodOnVolume, Snapshot, SymptomNow, VictimNow, VolumeNow
from correlator.model.symptom import TTFT
from correlator.model.topology import PodRef
from correlator.web.routers.volumes import saturation

STATISTIC = "p95"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look: the newest judged step, what is open then, and who says so. `problems` are the source's own words."""

    snapshot: Snapshot
    incidents: Sequence[Incident]
    source: str
    demo: bool = False
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRow:
    """A pod, or `node/NAME`, on a volume; `device_time_ratio` is seconds of priced device time a second."""

    name: str
    workload: str
    accused: bool
    device_time_ratio: float | None
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None
    read_operations_per_second: float | None
    write_operations_per_second: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRow:
    """A volume with its pods, the largest device time first; None is what was not seen."""

    id: str
    name: str
    kind: str
    node: str
    utilization_ratio: float | None
    queue_depth: float | None
    read_latency_seconds: float | None
    write_latency_seconds: float | None
    errors: Sequence[str]
    pods: Sequence[PodRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimRow:
    """What is watched of a pod: first tokens by their `statistic`, or `symptom`, which has its own unit."""

    name: str
    model_name: str
    node: str
    statistic: str
    ttft_seconds: float | None
    ttft_baseline_seconds: float | None
    requests_per_second: float | None
    io_stalled_ratio: float | None
    volumes: Sequence[str]
    regressed_since: datetime | None
    open_incident_id: str | None
    symptom: SymptomNow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An open incident with those who are accused of it."""

    id: str
    verdict: str
    confidence: float
    started_at: datetime
    victim: str
    volume: str
    culprits: Sequence[str]
    statistic: str
    ttft_seconds: float | None
    ttft_baseline_seconds: float | None
    stalled: bool
    symptom: SymptomEffect | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything at step `at`; the `*_total` count also the rows that were cut off.

    `error` says why nothing newer is known, None while the newest look succeeded; `age_seconds` is how long ago the
    step was; `problems` are what a daemon says of itself.
    """

    at: datetime
    age_seconds: float
    source: str
    demo: bool
    error: str | None
    problems: Sequence[str]
    incidents: Sequence[IncidentRow]
    incidents_total: int
    volumes: Sequence[VolumeRow]
    volumes_total: int
    victims: Sequence[VictimRow]
    victims_total: int


def view_of(seen: Seen, now: datetime, rows: int | None = None, error: str | None = None) -> View:
    """The rows of a look as they are at `now`, at most `rows` of each kind."""
    incidents = sorted(map(_incident, seen.incidents), key=lambda row: (-row.confidence, row.started_at, row.id))
    culprits = {name for row in incidents for name in row.culprits}
    volumes = [_volume(each, culprits) for each in sorted(seen.snapshot.volumes, key=saturation)]
    victims = sorted(_victims(seen), key=_urgency)
    return View(
        at=seen.snapshot.at,
        age_seconds=max(0.0, (now - seen.snapshot.at).total_seconds()),
        source=seen.source,
        demo=seen.demo,
        error=error,
        problems=tuple(seen.problems),
        incidents=incidents[:rows],
        incidents_total=len(incidents),
        volumes=volumes[:rows],
        volumes_total=len(volumes),
        victims=victims[:rows],
        victims_total=len(victims),
    )


def _volume(volume: VolumeNow, culprits: set[str]) -> VolumeRow:
    return VolumeRow(
        id=volume.id,
        name=volume.name,
        kind=volume.kind,
        node=volume.node,
        utilization_ratio=volume.utilization_ratio,
        queue_depth=volume.queue_depth,
        read_latency_seconds=volume.read_latency_seconds,
        write_latency_seconds=volume.write_latency_seconds,
        errors=volume.errors,
        pods=[_pod(pod, culprits) for pod in volume.pods],
    )


def _pod(pod: PodOnVolume, culprits: set[str]) -> PodRow:
    name = str(PodRef(pod.namespace, pod.pod))
    return PodRow(
        name=name,
        workload=pod.workload,
        accused=name in culprits,
        device_time_ratio=pod.device_time_ratio,
        read_bytes_per_second=pod.read_bytes_per_second,
        write_bytes_per_second=pod.write_bytes_per_second,
        read_operations_per_second=pod.read_operations_per_second,
        write_operations_per_second=pod.write_operations_per_second,
    )


def _incident(incident: Incident) -> IncidentRow:
    return IncidentRow(
        id=incident.id,
        verdict=incident.verdict.value,
        confidence=incident.confidence,
        started_at=incident.started_at,
        victim=f"{incident.victim.namespace}/{incident.victim.pod}",
        volume=incident.volume.name if incident.volume else "",
        culprits=[suspect.name for suspect in incident.suspects if suspect.accused],
        statistic=incident.ttft.statistic,
        ttft_seconds=incident.ttft.observed_seconds,
        ttft_baseline_seconds=incident.ttft.baseline_seconds,
        stalled=incident.ttft.stalled,
        symptom=incident.symptom,
    )


def _victims(seen: Seen) -> Iterator[VictimRow]:
    """All that is watched, and whoever suffers though it is not seen any more."""
    names = {volume.id: volume.name for volume in seen.snapshot.volumes}
    suffering = {_key(each): each for each in seen.incidents}
    for victim in seen.snapshot.victims:
        watched: list[SymptomNow | None] = [None] if victim.ttft or not victim.symptoms else []
        for symptom in (*watched, *victim.symptoms):
            name = symptom.name if symptom else TTFT.name
            incident = suffering.pop((victim.namespace, victim.pod, victim.model_name, name), None)
            yield _victim(victim, symptom, incident, names)
    for incident in suffering.values():
        yield _unseen_victim(incident)


def _key(incident: Incident) -> tuple[str, str, str, str]:
    victim = incident.victim
    return victim.namespace, victim.pod, victim.model_name, victim.symptom


def _victim(
    victim: VictimNow, symptom: SymptomNow | None, incident: Incident | None, names: Mapping[str, str]
) -> VictimRow:
    shown = {each.statistic: each for each in victim.ttft}.get(STATISTIC) if symptom is None else None
    return VictimRow(
        name=f"{victim.namespace}/{victim.pod}",
        model_name=victim.model_name,
        node=victim.node,
        statistic=STATISTIC if symptom is None else "mean",
        ttft_seconds=shown.observed_seconds if shown else None,
        ttft_baseline_seconds=shown.baseline_seconds if shown else None,
        requests_per_second=victim.requests_per_second,
        io_stalled_ratio=victim.io_stalled_ratio,
        volumes=[names.get(each, each) for each in victim.volume_ids],
        regressed_since=victim.regressed_since if symptom is None else symptom.regressed_since,
        open_incident_id=incident.id if incident else None,
        symptom=symptom,
    )


def _unseen_victim(incident: Incident) -> VictimRow:
    """As its incident tells it: a pod that is gone, or silent."""
    victim, effect = incident.victim, incident.symptom
    symptom = None
    if effect is not None and effect.name != TTFT.name:
        symptom = SymptomNow(
            name=effect.name,
            quantity=effect.quantity,
            unit=effect.unit,
            observed=effect.observed,
            baseline=effect.baseline,
            regressed_since=incident.started_at,
        )
    return VictimRow(
        name=f"{victim.namespace}/{victim.pod}",
        model_name=victim.model_name,
        node=victim.node,
        statistic=incident.ttft.statistic if effect is None else effect.statistic,
        ttft_seconds=incident.ttft.observed_seconds,
        ttft_baseline_seconds=incident.ttft.baseline_seconds,
        requests_per_second=None,
        io_stalled_ratio=incident.use.victim_io_stalled_ratio.observed if incident.use else None,
        volumes=[incident.volume.name] if incident.volume else [],
        regressed_since=incident.started_at,
        open_incident_id=incident.id,
        symptom=symptom,
    )


def _urgency(victim: VictimRow) -> tuple[bool, bool, float, str]:
    """Those with an incident first, then those that got slower, then by how much."""
    now, usual = victim.ttft_seconds, victim.ttft_baseline_seconds
    ratio = now / usual if now is not None and usual else 0.0
    return victim.open_incident_id is None, victim.regressed_since is None, -ratio, victim.name
