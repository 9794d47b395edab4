"""Every metric that the daemon exports: name, kind, labels and meaning. docs/metrics.md says the same."""

from dataclasses import dataclass
from typing import Final, Literal

VOLUME: Final = ("volume", "node", "device")
VICTIM: Final = ("namespace", "pod", "model_name")
SUSPECT: Final = ("namespace", "pod", "suspect_namespace", "suspect_pod", "suspect_workload", "volume")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. A counter's name is given with `_total`; labels are in the order of their values."""

    name: str
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str


FAMILIES: Final = (
    Family("correlator_volume_utilization_ratio", "gauge", VOLUME, "Busy share of time of the volume, 0 to 1."),
    Family("correlator_volume_queue_depth", "gauge", VOLUME, "Operations waiting or served by the volume, mean."),
    Family("correlator_volume_read_latency_seconds", "gauge", VOLUME, "Mean time of a read of the volume."),
    Family("correlator_volume_write_latency_seconds", "gauge", VOLUME, "Mean time of a write of the volume."),
    Family(
        "correlator_volume_error_state",
        "gauge",
        (*VOLUME, "reason"),
        "1 while the volume is in the named error state; 0 while another volume is and this one is not.",
    ),
    Family(
        "correlator_volume_pod_device_time_ratio",
        "gauge",
        (*VOLUME, "namespace", "pod", "workload"),
        "Seconds of device time a second that the pod takes from a volume that a victim uses; pod=other: all the rest.",
    ),
    Family(
        "correlator_node_io_waiting_ratio",
        "gauge",
        ("node",),
        "Share of time in which some task of the node waited for I/O (pressure: some), 0 to 1.",
    ),
    Family(
        "correlator_node_io_stalled_ratio",
        "gauge",
        ("node",),
        "Share of time in which all tasks of the node waited for I/O (pressure: full), 0 to 1.",
    ),
    Family(
        "correlator_victim_ttft_seconds",
        "gauge",
        (*VICTIM, "statistic"),
        "Time to first token of the victim now; statistic is p50, p95 or mean.",
    ),
    Family(
        "correlator_victim_ttft_baseline_seconds",
        "gauge",
        (*VICTIM, "statistic"),
        "Time to first token that the victim usually has; statistic is p50, p95 or mean.",
    ),
    Family(
        "correlator_victim_io_stalled_ratio",
        "gauge",
        ("namespace", "pod"),
        "Share of time in which all tasks of the victim waited for I/O (pressure: full), 0 to 1.",
    ),
    Family(
        "correlator_victim_volume_info",
        "gauge",
        (*VICTIM, "volume"),
        "1 for each volume that the victim, or what it depends on, uses.",
    ),
    Family(
        "correlator_victim_ttft_mean_excess_seconds",
        "gauge",
        (*VICTIM, "cause"),
        "Mean time to first token beyond the baseline while an incident is open, split by cause.",
    ),
    Family("correlator_incident_active", "gauge", VICTIM, "1 while an incident of the watched victim is open, else 0."),
    Family(
        "correlator_incident_info",
        "gauge",
        (*VICTIM, "volume", "verdict"),
        "1 while an incident is open; its labels say on which volume and with which verdict.",
    ),
    Family(
        "correlator_incident_stopped",
        "gauge",
        VICTIM,
        "1 while the victim of an open incident gives no first tokens, or does no work, at all; 0 while it is slow.",
    ),
    Family(
        "correlator_episode_victims",
        "gauge",
        ("volume", "verdict"),
        "Victims of an open episode; the volume is that of its first incident that is open and has the verdict.",
    ),
    Family(
        "correlator_suspect_confidence",
        "gauge",
        SUSPECT,
        "Probability that the suspect caused the open incident; suspect_pod=other: the largest of the rest.",
    ),
    Family(
        "correlator_suspect_share_ratio",
        "gauge",
        SUSPECT,
        "Part of the load added to the volume that the suspect brought; suspect_pod=other: the sum of the rest.",
    ),
    Family(
        "correlator_suspect_mean_excess_seconds",
        "gauge",
        SUSPECT,
        "Mean time to first token that the suspect added; suspect_pod=other: the sum of the rest.",
    ),
    Family(
        "correlator_tier_incidents_active",
        "gauge",
        ("tier", "suspect_tier"),
        "Open incidents of victims of a tier in which a pod of suspect_tier is accused; tiers that are known only.",
    ),
    Family("correlator_incidents_total", "counter", ("verdict",), "Incidents opened so far, by their verdict."),
    Family("correlator_signal_up", "gauge", ("signal",), "1 while the signal has fresh data, else 0."),
    Family("correlator_cycle_duration_seconds", "gauge", (), "How long the newest cycle of the engine took."),
    Family("correlator_data_lag_seconds", "gauge", (), "Age of the newest evaluated step."),
    Family(
        "correlator_last_success_timestamp_seconds",
        "gauge",
        (),
        "When the newest cycle succeeded, in seconds since 1970.",
    ),
    Family("correlator_source_requests_total", "counter", ("outcome",), "Requests to the data source, by outcome."),
    Family("correlator_store_errors_total", "counter", (), "Cycles in which the store could not be read or written."),
    Family(
        "correlator_process_resident_memory_bytes",
        "gauge",
        ("process",),
        "Memory that the process holds; process is engine or web.",
    ),
    Family("correlator_deliveries_total", "counter", ("sink", "outcome"), "Deliveries to a sink, by outcome."),
    Family("correlator_delivery_backlog", "gauge", ("sink",), "Deliveries to the sink that wait."),
    Family("correlator_dead_letters", "gauge", ("sink",), "Deliveries to the sink that were given up and are kept."),
    Family(
        "correlator_delivery_last_success_timestamp_seconds",
        "gauge",
        ("sink",),
        "When a delivery to the sink succeeded last, in seconds since 1970.",
    ),
    Family(
        "correlator_alert_batches_total",
        "counter",
        ("outcome",),
        "Batches of alerts passed on to Alertmanagers; outcome is enriched, unchanged, or late or failed (no look).",
    ),
    Family(
        "correlator_alert_notifications_total",
        "counter",
        ("outcome",),
        "Posts to the webhook; outcome is kept, double (said before), refused (no webhook) or unstored (answered 5xx).",
    ),
    Family(
        "correlator_alert_notifications_waiting", "gauge", (), "Posts to the webhook that no receiver is told of yet."
    ),
    Family("correlator_ready", "gauge", (), "1 while the daemon is ready to answer, else 0."),
    Family("correlator_demo", "gauge", (), "1 while the bundled recording is played, else 0."),
    Family("correlator_build_info", "gauge", ("version",), "Always 1; its label is the version of the daemon."),
)
