"""Snapshot, open incidents and the engine's state as Prometheus or OpenMetrics text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from correlator.model.finding import Suspect, SuspectKind, Verdict
from correlator.model.incident import Incident
from correlator.model.snapshot import Snapshot, VictimNow, VolumeNow
from correlator.model.symptom import TTFT
from correlator.publish.families import FAMILIES, Family
from correlator.publish.status import EngineStatus, SinkStatus

TOP_SUSPECTS = 5
STALE_AFTER_SECONDS = 300.0  # Prometheus itself stops showing a series that is older

_BY_NAME = {family.name: family for family in FAMILIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store tells: the open incidents, and how many were ever opened, by verdict."""

    open_incidents: Sequence[Incident] = ()
    totals: Mapping[Verdict, int] = field(default_factory=dict)


def render_metrics(
    snapshot: Snapshot | None, stored: Stored | None, status: EngineStatus, accept: str = ""
) -> tuple[str, bytes]:
    """Content type and body of `/metrics`, negotiated by the Accept header.

    What is None or NaN has no series, neither has what belongs to a resolved incident. Where `stored` is None
    (the store does not answer), nothing is said of incidents. Readings older than five minutes are withheld:
    without a timestamp they would pass for new.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(collect(snapshot, stored, status)))
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


def collect(snapshot: Snapshot | None, stored: Stored | None, status: EngineStatus) -> tuple[Metric, ...]:
    """The families that have a series, in the order of `FAMILIES`."""
    samples = _Samples()
    fresh = snapshot if (status.data_lag_seconds or 0.0) <= STALE_AFTER_SECONDS else None
    if fresh:
        _add_volumes(samples, fresh.volumes)
        _add_nodes(samples, fresh)
        _add_victims(samples, fresh.victims)
    if stored:
        _add_stored(samples, stored, snapshot.victims if snapshot else ())
    _add_engine(samples, status)
    return samples.families(status.cluster)


class _Collected(Collector):
    """Families that are known already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class _Samples:
    """Values by metric and labels. The first of two with equal labels stays: a scrape with both would fail whole."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[str, ...], float]] = {family.name: {} for family in FAMILIES}

    def add(self, name: str, labels: tuple[str, ...], value: float | None) -> None:
        """Keep a value unless it is unknown."""
        if value is not None and not isnan(value):
            self._values[name].setdefault(labels, float(value))

    def families(self, cluster: str) -> tuple[Metric, ...]:
        """Every family with a series, with the cluster as a label where it is set."""
        made = (_family(_BY_NAME[name], values, cluster) for name, values in self._values.items() if values)
        return tuple(made)


def _family(family: Family, values: Mapping[tuple[str, ...], float], cluster: str) -> Metric:
    """A family as prometheus_client knows it."""
    names, more = ((*family.labels, "cluster"), (cluster,)) if cluster else (family.labels, ())
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=names)
    for labels, value in values.items():
        metric.add_metric([*labels, *more], value)
    return metric


def _add_volumes(samples: _Samples, volumes: Sequence[VolumeNow]) -> None:
    """USE of each volume."""
    reasons = sorted({reason for volume in volumes for reason in volume.errors})
    for volume in volumes:
        labels = (volume.name, volume.node, volume.device)
        samples.add("correlator_volume_utilization_ratio", labels, volume.utilization_ratio)
        samples.add("correlator_volume_queue_depth", labels, volume.queue_depth)
        samples.add("correlator_volume_read_latency_seconds", labels, volume.read_latency_seconds)
        samples.add("correlator_volume_write_latency_seconds", labels, volume.write_latency_seconds)
        for reason in reasons:
            samples.add("correlator_volume_error_state", (*labels, reason), reason in volume.errors)


def _add_nodes(samples: _Samples, snapshot: Snapshot) -> None:
    """I/O pressure of each node."""
    for node in snapshot.nodes:
        samples.add("correlator_node_io_waiting_ratio", (node.node,), node.io_waiting_ratio)
        samples.add("correlator_node_io_stalled_ratio", (node.node,), node.io_stalled_ratio)


def _add_victims(samples: _Samples, victims: Sequence[VictimNow]) -> None:
    """First tokens of each victim."""
    for victim in victims:
        labels = (victim.namespace, victim.pod, victim.model_name)
        for ttft in victim.ttft:
            samples.add("correlator_victim_ttft_seconds", (*labels, ttft.statistic), ttft.observed_seconds)
            samples.add("correlator_victim_ttft_baseline_seconds", (*labels, ttft.statistic), ttft.baseline_seconds)
        samples.add("correlator_victim_io_stalled_ratio", labels[:2], victim.io_stalled_ratio)


def _add_stored(samples: _Samples, stored: Stored, victims: Sequence[VictimNow]) -> None:
    """Incidents, open and ever."""
    _add_active(samples, victims, stored.open_incidents)
    for incident in sorted(stored.open_incidents, key=lambda one: not _is_ttft(one)):  # of two, first tokens stay
        _add_incident(samples, incident)
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


def _add_active(samples: _Samples, victims: Sequence[VictimNow], open_incidents: Sequence[Incident]) -> None:
    """0 or 1 for every watched victim, and 1 for one that is watched no more while its incident is open."""
    watched = [(victim.namespace, victim.pod, victim.model_name) for victim in victims]
    suffering = [_victim_labels(incident) for incident in open_incidents]
    for labels in suffering:
        samples.add("correlator_incident_active", labels, 1)
    for labels in watched:
        samples.add("correlator_incident_active", labels, 0)  # unless it is 1 already


def _add_incident(samples: _Samples, incident: Incident) -> None:
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


def _add_rest(samples: _Samples, identity: tuple[str, ...], rest: Sequence[Suspect], *, is_ttft: bool) -> None:
    """The suspects below the top few as one; probabilities do not add up, so theirs is the largest."""
    samples.add("correlator_suspect_confidence", identity, max((each.confidence for each in rest), default=None))
    samples.add("correlator_suspect_share_ratio", identity, _sum(each.share_ratio for each in rest))
    if is_ttft:
        excess = _sum(each.mean_excess_seconds for each in rest)
        samples.add("correlator_suspect_mean_excess_seconds", identity, excess)


def _add_engine(samples: _Samples, status: EngineStatus) -> None:
    """How the daemon itself is doing."""
    for signal, up in status.signals:
        samples.add("correlator_signal_up", (signal,), up)
    samples.add("correlator_cycle_duration_seconds", (), status.cycle_duration_seconds)
    samples.add("correlator_data_lag_seconds", (), status.data_lag_seconds)
    last = status.last_cycle_at.timestamp() if status.last_cycle_at else None
    samples.add("correlator_last_success_timestamp_seconds", (), last)
    for outcome, count in status.source_requests:
        samples.add("correlator_source_requests_total", (outcome,), count)
    for sink in status.sinks:
        _add_sink(samples, sink)
    samples.add("correlator_ready", (), not status.problems)
    samples.add("correlator_demo", (), status.demo)
    samples.add("correlator_build_info", (status.version,), 1)


def _add_sink(samples: _Samples, sink: SinkStatus) -> None:
    """How deliveries to one sink go."""
    for outcome, count in sink.outcomes:
        samples.add("correlator_deliveries_total", (sink.name, outcome), count)
    samples.add("correlator_delivery_backlog", (sink.name,), sink.backlog)
    last = sink.last_success_at.timestamp() if sink.last_success_at else None
    samples.add("correlator_delivery_last_success_timestamp_seconds", (sink.name,), last)


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


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None and not isnan(value)]
    return sum(known) if known else None
