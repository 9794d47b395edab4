"""Snapshot, open incidents and the engine's state as Prometheus or OpenMetrics text."""

from correlator.model.snapshot import Snapshot
from correlator.publish.exposition import exposed, negotiated
from correlator.publish.samples import Samples, Stored, Values, add_signals, add_snapshot, add_stored
from correlator.publish.status import EngineStatus, SinkStatus

STALE_AFTER_SECONDS = 300.0  # Prometheus itself stops showing a series that is older


def render_metrics(
    snapshot: Snapshot | None, stored: Stored | None, status: EngineStatus, accept: str = ""
) -> tuple[str, bytes]:
    """Content type and body of `/metrics`, negotiated by the Accept header.

    What is None or NaN has no series, neither has what belongs to a resolved incident. Where `stored` is None
    (the store does not answer), nothing is said of incidents.
    """
    form = negotiated(accept)
    pieces = (readings(snapshot, stored, is_fresh=is_fresh(status)), of_itself(status))
    return form.content_type, b"".join(exposed(values, status.cluster, form) for values in pieces) + form.end


def is_fresh(status: EngineStatus) -> bool:
    """Whether readings are told: without a timestamp those older than five minutes would pass for new."""
    return (status.data_lag_seconds or 0.0) <= STALE_AFTER_SECONDS


def readings(snapshot: Snapshot | None, stored: Stored | None, *, is_fresh: bool) -> Values:
    """What is seen, where it is fresh, and what incidents say."""
    samples = Samples()
    if snapshot and is_fresh:
        add_snapshot(samples, snapshot)
    if stored:
        add_stored(samples, stored, snapshot.victims if snapshot else ())
    return samples.values()


def of_itself(status: EngineStatus) -> Values:
    """How the daemon is doing."""
    samples = Samples()
    _add_engine(samples, status)
    return samples.values()


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
