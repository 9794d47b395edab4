"""Snapshot, open incidents and the engine's state as Prometheus or OpenMetrics text."""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from correlator.model.snapshot import Snapshot
from correlator.publish.families import FAMILIES, Family
from correlator.publish.samples import Samples, Stored, add_signals, add_snapshot, add_stored
from correlator.publish.status import EngineStatus, SinkStatus

STALE_AFTER_SECONDS = 300.0  # Prometheus itself stops showing a series that is older

_BY_NAME = {family.name: family for family in FAMILIES}


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
    samples = Samples()
    fresh = snapshot if (status.data_lag_seconds or 0.0) <= STALE_AFTER_SECONDS else None
    if fresh:
        add_snapshot(samples, fresh)
    if stored:
        add_stored(samples, stored, snapshot.victims if snapshot else ())
    _add_engine(samples, status)
    values = samples.values()
    return tuple(_family(_BY_NAME[name], found, status.cluster) for name, found in values.items())


class _Collected(Collector):
    """Families that are known already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _family(family: Family, values: Mapping[tuple[str, ...], float], cluster: str) -> Metric:
    """A family as prometheus_client knows it."""
    names, more = ((*family.labels, "cluster"), (cluster,)) if cluster else (family.labels, ())
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=names)
    for labels, value in values.items():
        metric.add_metric([*labels, *more], value)
    return metric


def _add_engine(samples: Samples, status: EngineStatus) -> None:
    """How the daemon itself is doing."""
    add_signals(samples, status.signals)
    samples.add("correlator_cycle_duration_seconds", (), status.cycle_duration_seconds)
    samples.add("correlator_data_lag_seconds", (), status.data_lag_seconds)
    last = status.last_cycle_at.timestamp() if status.last_cycle_at else None
    samples.add("correlator_last_success_timestamp_seconds", (), last)
    for outcome, count in status.source_requests:
        samples.add("correlator_source_requests_total", (outcome,), count)
    samples.add("correlator_store_errors_total", (), status.store_errors)
    for process, held in status.resident_memory_bytes:
        samples.add("correlator_process_resident_memory_bytes", (process,), held)
    for sink in status.sinks:
        _add_sink(samples, sink)
    for outcome, count in status.alert_batches:
        samples.add("correlator_alert_batches_total", (outcome,), count)
    if status.alerts is not None:
        for outcome, count in status.alerts.outcomes:
            samples.add("correlator_alert_notifications_total", (outcome,), count)
        samples.add("correlator_alert_notifications_waiting", (), status.alerts.waiting)
    samples.add("correlator_ready", (), not status.problems)
    samples.add("correlator_demo", (), status.demo)
    samples.add("correlator_build_info", (status.version,), 1)


def _add_sink(samples: Samples, sink: SinkStatus) -> None:
    """How deliveries to one sink go."""
    for outcome, count in sink.outcomes:
        samples.add("correlator_deliveries_total", (sink.name, outcome), count)
    samples.add("correlator_delivery_backlog", (sink.name,), sink.backlog)
    samples.add("correlator_dead_letters", (sink.name,), sink.dead_letters)
    last = sink.last_success_at.timestamp() if sink.last_success_at else None
    samples.add("correlator_delivery_last_success_timestamp_seconds", (sink.name,), last)
