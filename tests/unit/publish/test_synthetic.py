"""Metrics of a rich snapshot, read back with Prometheus' own parsers."""

import subprocess
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from correlator.model.finding import MeanExcess, SuspectKind, Verdict
from correlator.model.incident import Incident
from correlator.model.snapshot import Snapshot, TtftNow
from correlator.publish.families import FAMILIES
from correlator.publish.samples import TOP_SUSPECTS, Stored
from correlator.publish.status import AlertsStatus, EngineStatus, SinkStatus
from correlator.publish.synthetic import render_metrics
from correlator.publish.users import TOP_PODS
from tests.factories import (
    HOSTILE,
    STARTED,
    make_bystander,
    make_incident,
    make_suspect,
    make_unattributed,
    make_victim,
    make_volume,
)
from tests.snapshots import (
    make_database_now,
    make_pod_on_volume,
    make_snapshot,
    make_victim_now,
    make_volume_now,
)
from tests.unit.web.fakes import make_status

DEVICE_TIME = "correlator_volume_pod_device_time_ratio"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
VICTIM = {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
SINK = SinkStatus(
    name="loki", outcomes=(("delivered", 4), ("refused", 0)), backlog=2, dead_letters=3, last_success_at=STARTED
)


def series(
    *incidents: Incident, snapshot: Snapshot | None = None, status: EngineStatus | None = None
) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Values by name and labels, as a scrape would store them."""
    stored = Stored(open_incidents=incidents, totals={Verdict.CONTENTION: 3})
    _, body = render_metrics(snapshot, stored, status or make_status())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read_text(body.decode())
        for sample in family.samples
    }


def value(found: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str, **labels: str) -> float | None:
    """The value of the series with exactly these labels; None where there is none."""
    return found.get((name, tuple(sorted(labels.items()))))


def names(found: dict[tuple[str, tuple[tuple[str, str], ...]], float]) -> set[str]:
    """The names of all series."""
    return {name for name, _ in found}


def hostile_incident() -> Incident:
    """An incident whose every label is as bad as can be."""
    bad = f'{HOSTILE}\n"quoted\\" back\\slash 日本'
    return make_incident(
        victim=make_victim(namespace=bad, pod=bad, model_name=bad),
        volume=make_volume(name=bad),
        suspects=tuple(make_suspect(namespace=bad, pod=f"{bad}{rank}", workload=bad) for rank in range(9)),
    )


def test_volumes_nodes_and_victims() -> None:
    """What is seen now is there, in base units, under the promised labels."""
    found = series(snapshot=make_snapshot())
    disk = {"volume": "n1/nvme0n1", "node": "n1", "device": "nvme0n1"}
    assert value(found, "correlator_volume_utilization_ratio", **disk) == 0.97
    assert value(found, "correlator_volume_queue_depth", **disk) == 31.5
    assert value(found, "correlator_volume_read_latency_seconds", **disk) == 0.0094
    assert value(found, "correlator_volume_write_latency_seconds", **disk) == 0.0121
    assert value(found, "correlator_volume_error_state", **disk, reason="major_timeouts") == 0
    export = {"volume": "filer:/models", "node": "", "device": ""}
    assert value(found, "correlator_volume_error_state", **export, reason="major_timeouts") == 1
    assert value(found, "correlator_node_io_waiting_ratio", node="n1") == 0.62
    assert value(found, "correlator_node_io_stalled_ratio", node="n1") == 0.44
    labels = {**VICTIM, "model_name": "llama-3.1-8b", "statistic": "p95"}
    assert value(found, "correlator_victim_ttft_seconds", **labels) == 0.242
    assert value(found, "correlator_victim_ttft_baseline_seconds", **labels) == 0.075
    assert value(found, "correlator_victim_io_stalled_ratio", **VICTIM) == 0.31


def test_who_uses_a_volume() -> None:
    """A volume that a victim uses tells so, and which pods take its device time; what is not known has no series."""
    disk = {"volume": "n1/nvme0n1", "node": "n1", "device": "nvme0n1"}
    found = series(snapshot=make_snapshot())
    assert (
        value(found, "correlator_victim_volume_info", **VICTIM, model_name="llama-3.1-8b", volume=disk["volume"]) == 1
    )
    job = {"namespace": "rag", "pod": "reindex-28812345-h8kz2", "workload": "Job/reindex"}
    assert value(found, DEVICE_TIME, **disk, **job) == 0.82
    assert {dict(labels)["pod"] for name, labels in found if name == DEVICE_TIME} == {job["pod"], VICTIM["pod"]}


def test_pods_beyond_the_top_few_are_one() -> None:
    """The rest of a volume's pods is summed, so that a node of many pods costs no more series than one of few."""
    pods = tuple(make_pod_on_volume(pod=f"p{rank}", device_time_ratio=0.5 - rank / 100) for rank in range(TOP_PODS + 2))
    found = series(snapshot=make_snapshot(volumes=(make_volume_now(pods=pods),)))
    told = {dict(labels)["pod"]: found[name, labels] for name, labels in found if name == DEVICE_TIME}
    assert set(told) == {"other", *(f"p{rank}" for rank in range(TOP_PODS))}
    assert told["other"] == pytest.approx(0.45 + 0.44)


def test_volume_of_no_victim_tells_nobody() -> None:
    """Who is on a volume that no victim uses is not told: its pods are not all known."""
    found = series(snapshot=make_snapshot(victims=(make_victim_now(volume_ids=()),)))
    assert not names(found) & {DEVICE_TIME, "correlator_victim_volume_info"}


def test_unknown_is_absent() -> None:
    """None and NaN have no series: absent is not zero."""
    victim = make_victim_now(
        ttft=(TtftNow(statistic="p95", observed_seconds=float("nan"), baseline_seconds=0.1),), io_stalled_ratio=None
    )
    volume = make_volume_now(utilization_ratio=None, read_latency_seconds=float("nan"))
    found = names(series(snapshot=make_snapshot(victims=(victim,), volumes=(volume,), nodes=())))
    assert "correlator_victim_ttft_baseline_seconds" in found
    assert "correlator_volume_queue_depth" in found
    assert not found & {
        "correlator_victim_ttft_seconds",
        "correlator_victim_io_stalled_ratio",
        "correlator_volume_utilization_ratio",
        "correlator_volume_read_latency_seconds",
        "correlator_volume_error_state",
        "correlator_node_io_waiting_ratio",
        "correlator_node_io_stalled_ratio",
    }


def test_active_is_always_there_for_a_watched_victim() -> None:
    """0 for a victim that is well, 1 for one with an open incident, also when it is watched no more."""
    gone = make_incident(id="gone", victim=make_victim(pod="gone"))
    found = series(make_incident(), gone, snapshot=make_snapshot())
    model = {"namespace": "inference", "model_name": "llama-3.1-8b"}
    assert value(found, "correlator_incident_active", pod="vllm-7c9f4-x2x8q", **model) == 1
    assert value(found, "correlator_incident_active", pod="vllm-7c9f4-q9w2e", **model) == 0
    assert value(found, "correlator_incident_active", pod="gone", **model) == 1


def test_a_victim_without_first_tokens_is_watched_too() -> None:
    """0 while it is well, 1 while it suffers, once each; and no first tokens of it are made up."""
    snapshot, labels = make_snapshot(victims=(make_database_now(),)), {"namespace": "memory", "pod": "pg-0"}
    assert value(series(snapshot=snapshot), "correlator_incident_active", model_name="", **labels) == 0
    victim = replace(make_incident().victim, model_name="", symptom="postgresql_transactions", **labels)
    found = series(make_incident(victim=victim), snapshot=snapshot)
    assert value(found, "correlator_incident_active", model_name="", **labels) == 1
    assert "correlator_victim_ttft_seconds" not in names(found)


def test_models_of_one_pod_are_victims_of_their_own() -> None:
    """Where a pod serves two models, only the one that suffers is active."""
    snapshot = make_snapshot(victims=(make_victim_now(), make_victim_now(model_name="other")))
    found = series(make_incident(), snapshot=snapshot)
    assert value(found, "correlator_incident_active", **VICTIM, model_name="llama-3.1-8b") == 1
    assert value(found, "correlator_incident_active", **VICTIM, model_name="other") == 0


def test_open_incident() -> None:
    """An open incident tells its volume, verdict, split of the excess and suspects."""
    found = series(make_incident())
    model = {**VICTIM, "model_name": "llama-3.1-8b"}
    assert value(found, "correlator_incident_info", **model, volume="n1/nvme0n1", verdict="contention") == 1
    assert value(found, "correlator_victim_ttft_mean_excess_seconds", **model, cause="suspects") == 0.16
    assert value(found, "correlator_victim_ttft_mean_excess_seconds", **model, cause="unexplained") == 0.005
    suspect = {
        **VICTIM,
        "suspect_namespace": "rag",
        "suspect_pod": "reindex-28812345-h8kz2",
        "suspect_workload": "Job/reindex",
        "volume": "n1/nvme0n1",
    }
    assert value(found, "correlator_suspect_confidence", **suspect) == 0.97
    assert value(found, "correlator_suspect_share_ratio", **suspect) == 0.94
    assert value(found, "correlator_suspect_mean_excess_seconds", **suspect) == 0.157


def test_resolved_incident_leaves_no_series() -> None:
    """Without open incidents nothing but the zero of `active` and the totals speaks of incidents."""
    found = names(series(snapshot=make_snapshot()))
    assert not {name for name in found if name.startswith("correlator_suspect_")}
    assert not found & {"correlator_incident_info", "correlator_victim_ttft_mean_excess_seconds"}
    assert {"correlator_incident_active", "correlator_incidents_total"} <= found


def test_suspects_beyond_the_top_few_are_one() -> None:
    """The rest is summed as `other`; its confidence is the largest of the rest, for probabilities do not add up."""
    first = [make_suspect(pod=f"top-{rank}") for rank in range(TOP_SUSPECTS)]
    rest = [
        make_bystander(pod="a", confidence=0.05, share_ratio=0.02, mean_excess_seconds=0.001),
        make_bystander(pod="b", confidence=0.04, share_ratio=None, mean_excess_seconds=0.002),
    ]
    found = series(make_incident(suspects=(*first, *rest)))
    other = {**VICTIM, "suspect_namespace": "", "suspect_pod": "other", "suspect_workload": "", "volume": "n1/nvme0n1"}
    assert value(found, "correlator_suspect_confidence", **other) == 0.05
    assert value(found, "correlator_suspect_share_ratio", **other) == 0.02
    assert value(found, "correlator_suspect_mean_excess_seconds", **other) == pytest.approx(0.003)
    assert len([name for name, _ in found if name == "correlator_suspect_confidence"]) == TOP_SUSPECTS + 1


def test_suspects_that_are_no_pod() -> None:
    """A node and unattributed I/O have names that no pod can have."""
    node = make_bystander(kind=SuspectKind.NODE, namespace="", pod="", workload="", node="n1")
    found = series(make_incident(suspects=(node, make_unattributed())))
    nobody = {**VICTIM, "suspect_namespace": "", "suspect_workload": "", "volume": "n1/nvme0n1"}
    assert value(found, "correlator_suspect_confidence", **nobody, suspect_pod="node/n1") == 0.06
    assert value(found, "correlator_suspect_confidence", **nobody, suspect_pod="unattributed") == 0.03


def test_excess_that_could_not_be_split_is_absent() -> None:
    """Parts that are None have no series."""
    ttft = replace(make_incident().ttft, mean_excess_seconds=MeanExcess(total=0.2))
    assert "correlator_victim_ttft_mean_excess_seconds" not in names(series(make_incident(ttft=ttft)))


def test_tiers_that_hurt_each_other_are_counted() -> None:
    """One incident counts once for a pair of tiers; without a known tier there is no series."""
    two = make_incident(
        victim=make_victim(tier="model-inference"),
        suspects=(make_suspect(tier="sandbox"), make_suspect(pod="b", tier="sandbox"), make_bystander(tier="data")),
    )
    found = series(two, replace(two, id="other"), replace(two, id="third", victim=make_victim(tier="")))
    assert {key: count for key, count in found.items() if key[0] == "correlator_tier_incidents_active"} == {
        ("correlator_tier_incidents_active", (("suspect_tier", "sandbox"), ("tier", "model-inference"))): 2
    }


def test_totals_begin_at_zero() -> None:
    """Every verdict has a counter from the start, so that its first increase is seen by `increase()`."""
    found = series()
    assert value(found, "correlator_incidents_total", verdict="contention") == 3
    assert value(found, "correlator_incidents_total", verdict="load") == 0


def test_the_daemon_itself() -> None:
    """Signals, cycle, lag, requests, readiness, demo and version are there."""
    status = make_status(
        demo=True,
        problems=("Prometheus is down",),
        sinks=(SINK,),
        alert_batches=(("late", 3),),
        alerts=AlertsStatus(outcomes=(("kept", 5), ("unstored", 1)), waiting=2),
    )
    found = series(status=status)
    assert value(found, "correlator_alert_batches_total", outcome="late") == 3
    assert value(found, "correlator_alert_notifications_total", outcome="unstored") == 1
    assert value(found, "correlator_alert_notifications_waiting") == 2
    assert value(found, "correlator_dead_letters", sink="loki") == 3
    assert value(found, "correlator_signal_up", signal="container_pressure_io") == 0
    assert value(found, "correlator_signal_up", signal="device_busy") == 1
    assert value(found, "correlator_cycle_duration_seconds") == 0.42
    assert value(found, "correlator_data_lag_seconds") == 20
    assert value(found, "correlator_last_success_timestamp_seconds") == make_status().last_cycle_at.timestamp()  # type: ignore[union-attr]
    assert value(found, "correlator_source_requests_total", outcome="failed") == 2
    assert value(found, "correlator_deliveries_total", sink="loki", outcome="delivered") == 4
    assert value(found, "correlator_deliveries_total", sink="loki", outcome="refused") == 0
    assert value(found, "correlator_delivery_backlog", sink="loki") == 2
    assert value(found, "correlator_delivery_last_success_timestamp_seconds", sink="loki") == STARTED.timestamp()
    assert value(found, "correlator_ready") == 0
    assert value(found, "correlator_demo") == 1
    assert value(found, "correlator_build_info", version="0.1.0") == 1


def test_sink_that_never_succeeded_has_no_time_of_it() -> None:
    """Unknown is not zero: 1970 would be an alert."""
    found = names(series(status=make_status(sinks=(SinkStatus(name="loki"),))))
    assert "correlator_delivery_last_success_timestamp_seconds" not in found
    assert "correlator_delivery_backlog" in found


def test_before_the_first_cycle() -> None:
    """A daemon that has just started already says that it is there and not ready."""
    young = make_status(last_cycle_at=None, cycle_duration_seconds=None, data_lag_seconds=None, problems=("starting",))
    found = series(status=young)
    assert value(found, "correlator_ready") == 0
    assert "correlator_data_lag_seconds" not in names(found)


def test_old_readings_are_withheld() -> None:
    """Readings older than five minutes would pass for new without a timestamp: they are left out, incidents stay."""
    found = names(series(make_incident(), snapshot=make_snapshot(), status=make_status(data_lag_seconds=301.0)))
    assert not {name for name in found if name.startswith(("correlator_volume_", "correlator_node_"))}
    assert "correlator_victim_ttft_seconds" not in found
    assert {"correlator_incident_active", "correlator_incident_info", "correlator_data_lag_seconds"} <= found


def test_failing_store_says_nothing_of_incidents() -> None:
    """While the store does not answer, 0 incidents would be a lie: their series are absent, the rest stays."""
    _, body = render_metrics(make_snapshot(), None, make_status())
    assert b"correlator_incident" not in body
    assert b"correlator_volume_queue_depth" in body


def test_cluster_is_a_label_only_when_set() -> None:
    """With a cluster every series carries it, without one none does."""
    everywhere = series(make_incident(), snapshot=make_snapshot(), status=make_status(cluster="eu-1"))
    assert all(dict(labels)["cluster"] == "eu-1" for _, labels in everywhere)
    nowhere = series(make_incident(), snapshot=make_snapshot())
    assert not any("cluster" in dict(labels) for _, labels in nowhere)


def test_labels_are_those_of_the_table() -> None:
    """Every series has exactly the labels that its family promises, and every family with content has a series."""
    suspects = tuple(make_suspect(pod=f"p{rank}") for rank in range(TOP_SUSPECTS + 1))
    status = make_status(
        sinks=(SINK,),
        resident_memory_bytes=(("engine", 1),),
        alert_batches=(("late", 1),),
        alerts=AlertsStatus(outcomes=(("kept", 1),)),
    )
    found = series(make_incident(suspects=suspects), snapshot=make_snapshot(), status=status)
    assert {(name, tuple(sorted(dict(labels)))) for name, labels in found} == {
        (family.name, tuple(sorted(family.labels))) for family in FAMILIES
    }


def test_two_volumes_of_one_name_are_one_series() -> None:
    """Equal labels twice would fail the whole scrape: the first stays."""
    twins = (make_volume_now(id="a", queue_depth=1.0), make_volume_now(id="b", queue_depth=2.0))
    found = series(snapshot=make_snapshot(volumes=twins))
    depths = [value for (name, _), value in found.items() if name == "correlator_volume_queue_depth"]
    assert depths == [1.0]


def test_never_a_timestamp() -> None:
    """No sample has a timestamp: Prometheus would refuse late ones."""
    _, body = render_metrics(make_snapshot(), Stored(open_incidents=(make_incident(),)), make_status())
    samples = [sample for family in read_text(body.decode()) for sample in family.samples]
    assert samples
    assert all(sample.timestamp is None for sample in samples)


def test_openmetrics_by_negotiation() -> None:
    """A scraper that prefers OpenMetrics gets it, valid and complete; another gets the text format."""
    stored = Stored(open_incidents=(hostile_incident(),))
    content_type, body = render_metrics(make_snapshot(), stored, make_status(), OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert "correlator_incidents" in {family.name for family in read_openmetrics(body.decode())}  # type: ignore[no-untyped-call]
    content_type, _ = render_metrics(make_snapshot(), stored, make_status(), "*/*")
    assert content_type.startswith("text/plain")


def test_hostile_labels_survive_the_round_trip() -> None:
    """Quotes, backslashes, line breaks and markup in a label come back as they were."""
    incident = hostile_incident()
    found = series(incident)
    victim = incident.victim
    labels = {"namespace": victim.namespace, "pod": victim.pod, "model_name": victim.model_name}
    assert value(found, "correlator_incident_active", **labels) == 1


def test_promtool_finds_nothing_to_say() -> None:
    """`promtool check metrics` accepts the exposition of a rich snapshot with hostile labels, without a remark."""
    stored = Stored(open_incidents=(make_incident(), hostile_incident()), totals={Verdict.LOAD: 1})
    status = make_status(cluster="eu-1", sinks=(SINK,))
    _, body = render_metrics(make_snapshot(), stored, status)
    checked = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
