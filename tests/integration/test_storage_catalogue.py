"""The storage files of the catalogue on what exporters expose, through a real Prometheus: values, units, identity."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import pytest

from correlator.catalog import load
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from tests.exposed import openmetrics, scraped
from tests.servers import SERVERS, holding

START = 1_704_110_400
TIMES = range(START, START + 121, 15)
NODE = {"instance": "10.0.0.1:9100", "job": "node-exporter", "node": "n1"}
TARGETS: Mapping[str, Mapping[str, str]] = {
    "node_exporter": NODE,
    "cadvisor": {"instance": "10.0.0.1:10250", "job": "kubelet", "node": "n1"},
    "kube_state_metrics": {"instance": "10.1.0.9:8080", "job": "kube-state-metrics"},
    "ceph": {"instance": "10.2.0.1:9283", "job": "rook-ceph-mgr", "namespace": "rook-ceph", "pod": "mgr-a"},
    "longhorn": {"instance": "10.1.0.3:9500", "job": "longhorn-backend", "namespace": "longhorn-system"},
    "portworx": {"instance": "10.0.0.1:9001", "job": "portworx"},
    "ebs_csi": {"instance": "10.0.0.1:3302", "job": "ebs-csi-node"},
    "minio": {"instance": "10.3.0.1:9000", "job": "minio", "namespace": "store", "pod": "minio-0"},
    "smartctl": {"instance": "10.0.0.1:9633", "job": "smartctl", "node": "n1"},
}
Told: TypeAlias = dict[tuple[tuple[str, str], ...], float]
AT_NODE = {"instance": "10.0.0.1:9100", "node": "n1"}
AT_DRIVES = {"instance": "10.0.0.1:9633", "node": "n1"}
IMAGE = {"pool": "replicapool", "image": "csi-vol-5a3c0b44-31a6-11ee-9d52-0242ac120002"}
MINIO = {"instance": "10.3.0.1:9000", "namespace": "store", "pod": "minio-0"}
POD = {"instance": "10.0.0.1:10250", "node": "n1", "namespace": "db", "pod": "pg-0"}


@pytest.fixture(scope="module", params=SERVERS)
def frames(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """Everything that the exporters told in two minutes, by each server."""
    folder = tmp_path_factory.mktemp("storage")
    text = openmetrics(sample for name, target in TARGETS.items() for sample in scraped(name, target, TIMES))
    with holding(text, request.param, folder) as source:
        yield source.fetch(load(), Grid(START + 60, 15, 4))


def told(frames: Frames, signal: str) -> Told:
    """The newest value of each series of a signal."""
    frame = frames.get(signal)
    return dict(zip(frame.labels, frame.values[:, -1].tolist(), strict=True))


def series(value: float, *common: Mapping[str, str], **labels: str) -> Told:
    """One series with its value."""
    pairs: dict[str, str] = {}
    for each in common:
        pairs |= each
    return {tuple(sorted({**pairs, **labels}.items())): value}


EXPORT = {**AT_NODE, "export": "filer:/data/a"}


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ("nfs_operations", series(90300, EXPORT, operation="READ") | series(120, EXPORT, operation="WRITE")),
        ("nfs_bytes", series(5.912e9, EXPORT, operation="READ") | series(6.2e7, EXPORT, operation="WRITE")),
        ("nfs_time", series(45.5, EXPORT, operation="READ") | series(1.5, EXPORT, operation="COMMIT")),
        ("nfs_timeouts", series(3, EXPORT)),
        ("nfs_retransmissions", series(14, AT_NODE)),
        ("nfs_calls", series(91827, AT_NODE)),
        ("rbd_operations", series(5500, IMAGE, operation="READ") | series(71, IMAGE, operation="WRITE")),
        ("rbd_bytes", series(3.6e8, IMAGE, operation="READ") | series(290816, IMAGE, operation="WRITE")),
        ("rbd_time", series(2.75, IMAGE, operation="READ") | series(0.5, IMAGE, operation="WRITE")),
        (
            "osd_operations",
            series(81000, ceph_daemon="osd.0", operation="READ")
            | series(79000, ceph_daemon="osd.1", operation="READ")
            | series(4400, ceph_daemon="osd.0", operation="WRITE"),
        ),
        (
            "osd_bytes",
            series(5.3e9, ceph_daemon="osd.0", operation="READ")
            | series(2.2e8, ceph_daemon="osd.0", operation="WRITE"),
        ),
        (
            "osd_time",
            series(40.5, ceph_daemon="osd.0", operation="READ") | series(11.25, ceph_daemon="osd.0", operation="WRITE"),
        ),
        ("ceph_health", series(1, reason="OSD_DOWN") | series(0, reason="SLOW_OPS")),
        (
            "longhorn_operations",
            series(200, volume="pvc-11aa", operation="READ") | series(4, volume="pvc-11aa", operation="WRITE"),
        ),
        (
            "longhorn_bytes",
            series(2.6214e7, volume="pvc-11aa", operation="READ") | series(16384, volume="pvc-11aa", operation="WRITE"),
        ),
        (
            "longhorn_time",
            series(0.15, volume="pvc-11aa", operation="READ") | series(0.008, volume="pvc-11aa", operation="WRITE"),
        ),
        ("longhorn_replica", series(1, volume="pvc-11aa", node="n2", disk_path="/var/lib/longhorn/")),
        (
            "longhorn_errors",
            series(1, volume="pvc-11aa", reason="longhorn_degraded")
            | series(1, volume="pvc-of-an-older-longhorn", reason="longhorn_degraded"),
        ),
        (
            "longhorn_disk_errors",
            series(0, node="n1", disk="default-disk-1a", reason="longhorn_disk_not_ready")
            | series(0, node="n2", disk="default-disk-2b", reason="longhorn_disk_not_ready")
            | series(1, node="n3", disk="default-disk-3c", reason="longhorn_disk_not_ready")
            | series(0, node="n3", disk="new-disk", reason="longhorn_disk_not_ready")
            | series(0, node="n1", disk="default-disk-1a", reason="longhorn_disk_full")
            | series(1, node="n2", disk="default-disk-2b", reason="longhorn_disk_full"),
        ),
        (
            "portworx_operations",
            series(6100, volume="pvc-77fe", operation="READ") | series(210, volume="pvc-77fe", operation="WRITE"),
        ),
        (
            "portworx_bytes",
            series(1.5e7, volume="pvc-77fe", operation="READ") | series(65536, volume="pvc-77fe", operation="WRITE"),
        ),
        (
            "portworx_latency",
            series(0.0009, volume="pvc-77fe", operation="READ") | series(0.0031, volume="pvc-77fe", operation="WRITE"),
        ),
        (
            "volume_exceeded",
            series(42.5, volume_id="vol-0a1b2c3d4e5f60718", limit="operations")
            | series(310, volume_id="vol-0a1b2c3d4e5f60718", limit="throughput")
            | series(0, volume_id="vol-0a1b2c3d4e5f60718", limit="instance operations")
            | series(1.25, volume_id="vol-0a1b2c3d4e5f60718", limit="instance throughput"),
        ),
        (
            "drive_errors",
            series(4, AT_DRIVES, device="nvme0", reason="smart_critical_warning")
            | series(0, AT_DRIVES, device="nvme0", reason="smart_failed")
            | series(1, AT_DRIVES, device="sda", reason="smart_failed")
            | series(12, AT_DRIVES, device="nvme0", reason="smart_media_errors")
            | series(7, AT_DRIVES, device="sda", reason="smart_media_errors")
            | series(2, AT_DRIVES, device="sda", reason="smart_media_errors_written")
            | series(5, AT_DRIVES, device="sdb", reason="smart_error_log")
            | series(1, AT_DRIVES, device="sdb", reason="smart_self_test")
            | series(31, AT_DRIVES, device="sda", reason="smart_grown_defects"),
        ),
        (
            "minio_errors",
            series(2, MINIO, drive="/export0", reason="minio_io")
            | series(0, MINIO, drive="/export1", reason="minio_io")
            | series(1, MINIO, drive="/export2", reason="minio_io")
            | series(5, MINIO, drive="/export0", reason="minio_timeout")
            | series(3, MINIO, drive="/export2", reason="minio_timeout"),
        ),
        (
            "device_errors",
            series(1, AT_NODE, device="md127", reason="md_failed_disks")
            | series(2, AT_NODE, device="dm-7", reason="multipath_failed_paths")
            | series(1, AT_NODE, zpool="tank", reason="zfs_degraded")
            | series(0, AT_NODE, zpool="tank", reason="zfs_faulted"),
        ),
        ("md_degraded", series(1, AT_NODE, device="md127")),
        ("node_hung_tasks", series(3, AT_NODE)),
        ("node_io_waiting", series(512.25, AT_NODE)),
        (
            "disk_member",
            series(1, AT_NODE, device="sda", type="LVM2_member", uuid="b3Kd0q-Xv1n-7mPa-90Lw-tYcE-2sFh-JgRu4z")
            | series(1, AT_NODE, device="sdb", type="linux_raid_member", uuid="2f0c11aa-93ab-41dd-8c0e-5d9477b1f0c2"),
        ),
        (
            "pod_reads",
            series(1040, POD, device="/dev/nvme1n1")
            | series(1000, POD, device="/dev/nvme1n1", container="postgres")
            | series(40, POD, device="/dev/nvme1n1", container="exporter"),
        ),
        ("pod_writes", series(31, POD, container="postgres")),
        ("pod_device_usage", series(12288, POD, container="postgres", major="259", minor="3")),
        ("pod_io_waiting", series(17.5, POD)),
        ("pod_finished", series(1, namespace="data", pod="reindex-1", uid="5c1a")),
        (
            "owner_owner",
            series(1, namespace="data", job_name="by-hand", owner_kind="CronJob", owner_name="nightly")
            | series(1, namespace="shop", replicaset="api-6d4b75cb6d", owner_kind="Rollout", owner_name="api")
            | series(1, namespace="shop", replicaset="lone-7d9f8b6c5d"),
        ),
        (
            "pod_annotations",
            series(1, namespace="agents", pod="agent-0", annotation_correlator_depends_on="db/StatefulSet/pg"),
        ),
    ],
)
def test_a_signal_says_what_its_exporter_exposes(frames: Frames, signal: str, expected: Told) -> None:
    """Its value in the unit that the catalogue names, under the labels that make its identity, and nothing else."""
    assert told(frames, signal) == pytest.approx(expected)


def test_every_storage_signal_was_answered(frames: Frames) -> None:
    """No query was refused."""
    assert frames.quality == ()
