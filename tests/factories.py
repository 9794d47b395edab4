"""Model values as a real incident has them: a re-index that fills a node's disk under an inference pod.

Everything is deterministic, and each maker takes keyword changes. Used by tests of whatever reads the model.
"""

# ruff: noqa: ANN401 - a change may be of any field

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from correlator.model.finding import (
    Advice,
    Change,
    Considered,
    Evidence,
    EvidenceSeries,
    Finding,
    Limit,
    MeanExcess,
    MeanTtft,
    RuledOut,
    Suspect,
    SuspectKind,
    TtftEffect,
    UseChange,
    Verdict,
    Victim,
    VolumeSeen,
)
from correlator.model.frame import BlindSpot, Floats
from correlator.model.incident import Episode, Incident, Links, State
from correlator.model.logs import LogEvidence, LogLine, LogRole, PodLogs

STARTED = datetime(2026, 11, 23, 2, 4, 15, tzinfo=UTC)
STEP = timedelta(seconds=15)
HOSTILE = '<img src=x onerror="alert(1)">'


def make_victim(**changes: Any) -> Victim:
    """The inference pod that suffers."""
    victim = Victim(
        namespace="inference",
        pod="vllm-7c9f4-x2x8q",
        workload="Deployment/vllm",
        model_name="llama-3.1-8b",
        node="n1",
        tier="gold",
    )
    return replace(victim, **changes)


def make_suspect(**changes: Any) -> Suspect:
    """The accused re-index job."""
    suspect = Suspect(
        kind=SuspectKind.POD,
        namespace="rag",
        pod="reindex-28812345-h8kz2",
        workload="Job/reindex",
        node="n1",
        tier="batch",
        confidence=0.97,
        accused=True,
        direction="write",
        share_ratio=0.94,
        mean_excess_seconds=0.157,
        lag_seconds=0.0,
        p_value=0.001,
        q_value=0.004,
        read_bytes_per_second=Change(0.0, 0.0),
        write_bytes_per_second=Change(1.2e5, 4.13e8),
        read_operations_per_second=Change(0.0, 0.0),
        write_operations_per_second=Change(8.0, 3150.0),
    )
    return replace(suspect, **changes)


def make_bystander(**changes: Any) -> Suspect:
    """A log shipper that started in the same second with little I/O."""
    return make_suspect(
        **{
            "namespace": "logging",
            "pod": "vector-9zk4l",
            "workload": "DaemonSet/vector",
            "confidence": 0.06,
            "accused": False,
            "share_ratio": 0.03,
            "mean_excess_seconds": 0.003,
            "lag_seconds": 15.0,
            "p_value": 0.21,
            "q_value": 0.42,
            "write_bytes_per_second": Change(4.0e5, 2.1e6),
            "write_operations_per_second": Change(11.0, 52.0),
            **changes,
        }
    )


def make_unattributed(**changes: Any) -> Suspect:
    """Device time that no pod accounts for."""
    return make_bystander(
        **{
            "kind": SuspectKind.UNATTRIBUTED,
            "namespace": "",
            "pod": "",
            "workload": "",
            "tier": "",
            "confidence": 0.03,
            "share_ratio": 0.02,
            "mean_excess_seconds": 0.002,
            **changes,
        }
    )


def make_volume(**changes: Any) -> VolumeSeen:
    """The disk whose queue is full."""
    volume = VolumeSeen(
        id="disk:n1:nvme0n1",
        name="n1/nvme0n1",
        kind="disk",
        node="n1",
        device="nvme0n1",
        claims=("inference/models", "rag/scratch"),
        bound="throughput",
        via="own",
    )
    return replace(volume, **changes)


def make_incident(**changes: Any) -> Incident:
    """An open contention with one accused, one bystander, one blind spot and advice."""
    incident_id = changes.get("id", "c0ffee5eed")
    incident = Incident(
        id=incident_id,
        episode_id="e9150de",
        cluster="",
        state=State.OPEN,
        verdict=Verdict.CONTENTION,
        confidence=0.97,
        reasons=("chain_complete", "device_time_rise"),
        started_at=STARTED,
        detected_at=STARTED + timedelta(seconds=30),
        updated_at=STARTED + timedelta(minutes=6),
        ended_at=None,
        end_reason=None,
        victim=make_victim(),
        ttft=TtftEffect(
            statistic="p95",
            baseline_seconds=0.075,
            observed_seconds=0.242,
            peak_seconds=0.301,
            ratio=3.23,
            requests_affected=4100,
            stalled=False,
            mean_excess_seconds=MeanExcess(
                total=0.167, suspects=0.16, load=0.0, own_io=0.0, unattributed_io=0.002, unexplained=0.005
            ),
        ),
        volume=make_volume(),
        use=UseChange(
            utilization_ratio=Change(0.07, 0.97),
            queue_depth=Change(0.3, 31.5),
            node_io_stalled_ratio=Change(0.01, 0.44),
            victim_io_stalled_ratio=Change(0.0, 0.31),
            read_latency_seconds=Change(0.0002, 0.0094),
            write_latency_seconds=Change(0.0004, 0.0121),
            errors=(),
        ),
        suspects=(make_suspect(), make_bystander(), make_unattributed()),
        blind_spots=(BlindSpot("container_pressure_io", "node n1 has no series: the kernel or kubelet is too old"),),
        explanation=(
            "Since 02:04:15 UTC the p95 TTFT of inference/vllm-7c9f4-x2x8q is 242 ms instead of 75 ms. It reads "
            "n1/nvme0n1, whose queue rose from 0.3 to 31.5 in the same 15 seconds; rag/reindex-28812345-h8kz2 "
            "carries 94 % of the added device time. Arrivals did not change."
        ),
        advice=(
            Advice(
                action="Suspend the job until inference is quiet",
                why="It carries 94 % of the added device time of n1/nvme0n1",
                command='kubectl --namespace rag patch job reindex-28812345 --patch \'{"spec":{"suspend":true}}\'',
            ),
        ),
        feedback=None,
        links=Links(
            self=f"/api/v1/incidents/{incident_id}",
            plot=f"/api/v1/incidents/{incident_id}/plot.svg",
            page=f"/incidents/{incident_id}",
            report=f"/api/v1/incidents/{incident_id}/report",
        ),
    )
    return replace(incident, **changes)


def make_finding(**changes: Any) -> Finding:
    """What the engine says of the same contention."""
    incident = make_incident()
    finding = Finding(
        at=incident.updated_at,
        victim=incident.victim,
        started_at=incident.started_at,
        detected_at=incident.detected_at,
        ended_at=None,
        end_reason=None,
        verdict=incident.verdict,
        confidence=incident.confidence,
        reasons=incident.reasons,
        ttft=incident.ttft,
        volume=incident.volume,
        use=incident.use,
        suspects=incident.suspects,
        blind_spots=incident.blind_spots,
        explanation=incident.explanation,
        advice=incident.advice,
        evidence=make_evidence(),
    )
    return replace(finding, **changes)


def make_evidence(*, steps: int = 160, gap: slice | None = slice(30, 34), seed: int = 7) -> Evidence:
    """Forty minutes around the onset, with a short gap (a failed scrape) in every series; `steps` of 15 s."""
    rng = np.random.default_rng(seed)
    times = tuple(STARTED + STEP * (index - steps // 2) for index in range(steps))
    busy = (np.arange(steps) >= steps // 2).astype(float) * np.minimum(1.0, (np.arange(steps) - steps // 2 + 1) / 3)

    def noisy(quiet: float, loud: float, spread: float = 0.08) -> Floats:
        level = quiet + (loud - quiet) * busy
        values: Floats = level * (1 + spread * rng.standard_normal(steps))
        if gap is not None:
            values[gap] = np.nan
        return np.maximum(values, 0.0)

    def curve(role: str, name: str, label: str, unit: str, values: Iterable[float]) -> EvidenceSeries:
        known = tuple(None if np.isnan(value) else float(value) for value in values)
        return EvidenceSeries(role=role, name=name, label=label, unit=unit, values=known)

    victim, volume = "inference/vllm-7c9f4-x2x8q", "n1/nvme0n1"
    return Evidence(
        times=times,
        onset=STARTED,
        series=(
            curve("ttft", "ttft_p50", victim, "seconds", noisy(0.048, 0.171)),
            curve("ttft", "ttft_p95", victim, "seconds", noisy(0.075, 0.242)),
            curve("ttft", "ttft_mean", victim, "seconds", noisy(0.052, 0.219)),
            curve("ttft_baseline", "ttft_baseline_p95", victim, "seconds", np.full(steps, 0.075)),
            curve("ttft_baseline", "ttft_baseline_mean", victim, "seconds", np.full(steps, 0.052)),
            curve("requests", "requests_per_second", victim, "per_second", noisy(11.0, 11.0, 0.2)),
            curve("volume", "read_latency", volume, "seconds", noisy(0.0002, 0.0094)),
            curve("volume", "write_latency", volume, "seconds", noisy(0.0004, 0.0121)),
            curve("volume", "queue_depth", volume, "requests", noisy(0.3, 31.5)),
            curve("volume", "utilization", volume, "ratio", np.minimum(noisy(0.07, 0.97, 0.02), 1.0)),
            curve("suspect", "device_time", "rag/reindex-28812345-h8kz2", "seconds_per_second", noisy(0.001, 0.82)),
            curve("suspect", "device_time", "logging/vector-9zk4l", "seconds_per_second", noisy(0.004, 0.02)),
            curve("suspect", "device_time", "monitoring/prometheus-0", "seconds_per_second", noisy(0.03, 0.03)),
            curve("victim_io", "device_time", victim, "seconds_per_second", noisy(0.03, 0.025)),
            curve("unattributed", "device_time", "unattributed", "seconds_per_second", noisy(0.008, 0.03)),
        ),
    )


def make_considered(**changes: Any) -> Considered:
    """Prometheus, which always writes as much."""
    considered = Considered(
        namespace="monitoring",
        pod="prometheus-0",
        workload="StatefulSet/prometheus",
        share_ratio=0.0,
        device_time_ratio=Change(0.03, 0.031),
        bytes_per_second=Change(2.0e6, 2.0e6),
        lag_seconds=None,
        reason="constant",
        sentence="constant: 2 MB/s before and after",
    )
    return replace(considered, **changes)


def make_ruled_out(**changes: Any) -> RuledOut:
    """Load, which did not change."""
    load = RuledOut(
        cause="load",
        figure=Change(4.0, 4.1),
        unit="requests/second",
        sentence="requests went from 4 to 4.1 a second",
    )
    return replace(load, **changes)


def make_reasoned_evidence() -> Evidence:
    """The same evidence with why it is that pod and no other one."""
    return replace(
        make_evidence(),
        considered=(
            make_considered(),
            make_considered(
                namespace="logging",
                pod="vector-9zk4l",
                workload="DaemonSet/vector",
                share_ratio=0.03,
                lag_seconds=15.0,
                reason="small",
                sentence="added 3 % of the device time",
            ),
        ),
        considered_rest=108,
        ruled_out=(make_ruled_out(),),
        mean_ttft=MeanTtft(baseline_seconds=0.052, observed_seconds=0.219, without_suspects_seconds=0.062),
        limit=Limit(
            bound="throughput",
            operations_per_second=Change(210.0, 3200.0),
            bytes_per_second=Change(6.1e7, 4.2e8),
            queue_depth=Change(0.3, 31.5),
            steady_ratio=0.02,
            sentence="it ran out of throughput: 420 MB/s, steady within 2 %",
        ),
    )


def make_episode(**changes: Any) -> Episode:
    """The episode of the one incident."""
    episode = Episode(
        id="e9150de",
        cluster="",
        state=State.OPEN,
        verdict=Verdict.CONTENTION,
        started_at=STARTED,
        ended_at=None,
        volume_ids=("disk:n1:nvme0n1",),
        culprits=("rag/reindex-28812345-h8kz2",),
        incident_ids=("c0ffee5eed",),
    )
    return replace(episode, **changes)


def make_logs(**changes: Any) -> LogEvidence:
    """The victim's errors rose with the onset; the accused job said nothing."""
    logs = LogEvidence(
        source="loki",
        asked_at=STARTED + timedelta(minutes=7),
        is_final=False,
        before_from=STARTED - timedelta(minutes=31, seconds=15),
        onset_from=STARTED - timedelta(minutes=1, seconds=15),
        until=STARTED + timedelta(minutes=6, seconds=45),
        pods=(
            make_pod_logs(),
            make_pod_logs(
                role=LogRole.ACCUSED,
                namespace="rag",
                pod="reindex-28812345-h8kz2",
                errors_before=None,
                errors_after=None,
                before_seconds=0.0,
                after_seconds=0.0,
                rate_ratio=None,
                p_value=None,
                rose=False,
                sentence="no log lines",
                lines=(),
            ),
        ),
        sentence="In the logs of the victim inference/vllm-7c9f4-x2x8q: errors rose 112 × at the onset.",
        blind_spots=(BlindSpot("logs", "Loki has no line of rag/reindex-28812345-h8kz2 in these minutes"),),
    )
    return replace(logs, **changes)


def make_pod_logs(**changes: Any) -> PodLogs:
    """What the victim wrote."""
    pod = PodLogs(
        role=LogRole.VICTIM,
        namespace="inference",
        pod="vllm-7c9f4-x2x8q",
        errors_before=2,
        errors_after=60,
        before_seconds=1800.0,
        after_seconds=480.0,
        rate_ratio=112.5,
        p_value=1e-12,
        rose=True,
        sentence="errors rose 112 × at the onset: 2 in 30 min before, 60 in 8 min after",
        lines=(LogLine(at=STARTED + timedelta(seconds=5), text="ERROR request 17 timed out"),),
    )
    return replace(pod, **changes)
