"""Snapshots as a real cluster has them, at the moment of the incident of `tests.factories`."""

# ruff: noqa: ANN401 - a change may be of any field

from dataclasses import replace
from datetime import timedelta
from typing import Any

from correlator.model.frame import BlindSpot
from correlator.model.snapshot import EdgeNow, NodeNow, PodOnVolume, Snapshot, SymptomNow, TtftNow, VictimNow, VolumeNow
from tests.factories import STARTED


def make_pod_on_volume(**changes: Any) -> PodOnVolume:
    """The re-index job's I/O now."""
    pod = PodOnVolume(
        namespace="rag",
        pod="reindex-28812345-h8kz2",
        workload="Job/reindex",
        device_time_ratio=0.82,
        read_bytes_per_second=0.0,
        write_bytes_per_second=4.13e8,
        read_operations_per_second=0.0,
        write_operations_per_second=3150.0,
        learnt="io_seen",
    )
    return replace(pod, **changes)


def make_volume_now(**changes: Any) -> VolumeNow:
    """The full disk now."""
    volume = VolumeNow(
        id="disk:n1:nvme0n1",
        name="n1/nvme0n1",
        kind="disk",
        node="n1",
        device="nvme0n1",
        claims=("inference/models", "rag/scratch"),
        utilization_ratio=0.97,
        queue_depth=31.5,
        read_latency_seconds=0.0094,
        write_latency_seconds=0.0121,
        errors=(),
        pods=(
            make_pod_on_volume(),
            make_pod_on_volume(
                namespace="inference",
                pod="vllm-7c9f4-x2x8q",
                workload="Deployment/vllm",
                device_time_ratio=0.025,
                read_bytes_per_second=5.2e7,
                write_bytes_per_second=0.0,
                read_operations_per_second=800.0,
                write_operations_per_second=0.0,
            ),
            make_pod_on_volume(
                namespace="logging",
                pod="vector-9zk4l",
                workload="DaemonSet/vector",
                device_time_ratio=None,
                write_bytes_per_second=2.1e6,
                write_operations_per_second=52.0,
                learnt="mount",
            ),
        ),
    )
    return replace(volume, **changes)


def make_victim_now(**changes: Any) -> VictimNow:
    """The inference pod now."""
    victim = VictimNow(
        namespace="inference",
        pod="vllm-7c9f4-x2x8q",
        workload="Deployment/vllm",
        model_name="llama-3.1-8b",
        node="n1",
        tier="gold",
        ttft=(
            TtftNow(statistic="p50", observed_seconds=0.171, baseline_seconds=0.048),
            TtftNow(statistic="p95", observed_seconds=0.242, baseline_seconds=0.075),
            TtftNow(statistic="mean", observed_seconds=0.219, baseline_seconds=0.052),
        ),
        requests_per_second=11.3,
        requests_waiting=4.0,
        io_stalled_ratio=0.31,
        volume_ids=("disk:n1:nvme0n1",),
        regressed_since=STARTED,
    )
    return replace(victim, **changes)


def make_database_now(**changes: Any) -> VictimNow:
    """A database, which has no first tokens: its commits are slow."""
    commits = SymptomNow(
        name="postgresql_transactions",
        quantity="time per transaction",
        unit="seconds",
        observed=0.08,
        baseline=0.004,
        regressed_since=STARTED,
    )
    database = make_victim_now(
        namespace="memory",
        pod="pg-0",
        workload="StatefulSet/pg",
        model_name="",
        ttft=(),
        requests_per_second=None,
        requests_waiting=None,
        regressed_since=None,
        symptoms=(commits,),
    )
    return replace(database, **changes)


def make_snapshot(**changes: Any) -> Snapshot:
    """One full disk, one quiet disk, one export with an error; one slow victim and one that is well."""
    quiet = make_volume_now(
        id="disk:n2:sda", name="n2/sda", node="n2", device="sda", claims=(), utilization_ratio=0.04,
        queue_depth=0.1, read_latency_seconds=0.0003, write_latency_seconds=None, pods=(),
    )  # fmt: skip
    export = make_volume_now(
        id="nfs:filer:/models", name="filer:/models", kind="nfs", node="", device="", claims=("inference/weights",),
        utilization_ratio=None, queue_depth=2.4, read_latency_seconds=0.021, write_latency_seconds=0.034,
        errors=("major_timeouts",), pods=(),
    )  # fmt: skip
    well = make_victim_now(
        pod="vllm-7c9f4-q9w2e",
        node="n2",
        ttft=(TtftNow(statistic="p95", observed_seconds=0.074, baseline_seconds=0.073),),
        requests_waiting=0.0,
        io_stalled_ratio=None,
        volume_ids=("disk:n2:sda",),
        regressed_since=None,
    )
    snapshot = Snapshot(
        at=STARTED + timedelta(minutes=6),
        volumes=(make_volume_now(), quiet, export),
        victims=(make_victim_now(), well),
        nodes=(
            NodeNow(node="n1", io_waiting_ratio=0.62, io_stalled_ratio=0.44),
            NodeNow(node="n2", io_waiting_ratio=None, io_stalled_ratio=None),
        ),
        edges=(make_edge(), make_edge(namespace="rag", pod="reindex-28812345-h8kz2", claim="rag/scratch")),
        signals=(("container_pressure_io", False), ("device_busy", True), ("ttft_buckets", True)),
        blind_spots=(BlindSpot("container_pressure_io", "node n1 has no series: the kernel or kubelet is too old"),),
    )
    return replace(snapshot, **changes)


def make_edge(**changes: Any) -> EdgeNow:
    """The inference pod reads the disk, as cAdvisor saw."""
    edge = EdgeNow(
        namespace="inference",
        pod="vllm-7c9f4-x2x8q",
        claim="inference/models",
        volume_id="disk:n1:nvme0n1",
        node="n1",
        learnt="io_seen",
    )
    return replace(edge, **changes)
