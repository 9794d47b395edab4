"""The error signs of a volume, as exporters show them, from the most telling to the weakest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from correlator.analysis.errors import SIGNS, error_states, has_errors
from correlator.catalog import load
from correlator.model.frame import Floats, Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Aspect
from correlator.model.topology import Edge, Learnt, Part, Pod, PodRef, Topology, Volume

GRID = Grid(0, 15, 6)
ON_DISK, ON_EXPORT = PodRef("a", "p"), PodRef("a", "q")
TOPOLOGY = Topology(
    volumes={
        "sda": Volume(id="sda", name="n1/sda", kind="disk", node="n1", device="sda"),
        "sdb": Volume(id="sdb", name="n1/sdb", kind="disk", node="n1", device="sdb"),
        "nfs": Volume(id="nfs", name="nfs/filer:/a", kind="nfs", node="", device="filer:/a"),
        "rbd": Volume(id="rbd", name="rbd/pool", kind="rbd", node="", device="pool"),
        "lh": Volume(id="lh", name="longhorn/all volumes", kind="longhorn", node="", device="all volumes"),
    },
    pods={ref: Pod(ref=ref, node=node) for ref, node in ((ON_DISK, "n1"), (ON_EXPORT, "n2"))},
    edges=(
        Edge(pod=ON_DISK, volume_id="sda", learnt=Learnt.IO_SEEN),
        Edge(pod=ON_EXPORT, volume_id="nfs", learnt=Learnt.CLAIM),
    ),
    volume_of_device={("n1", "sda"): "sda", ("n1", "sdb"): "sdb"},
    parts={"nfs": {"n1|filer:/a": Part(doer=None)}, "lh": {"pv-1": Part(doer=None)}},
)
GROWS = np.array([2.0, 2.0, 2.0, 3.0, 3.0, 4.0])
AT_SDA = {"node": "n1", "device": "sda"}


def told(signal: str, labels: Mapping[str, str], values: Floats | float) -> Frames:
    """One series; a number stands for a constant."""
    row = np.full(GRID.count, values) if isinstance(values, float) else values
    return Frames(GRID, {signal: Frame.from_rows(signal, GRID, {labels_of(labels): row})})


@pytest.mark.parametrize(
    ("signal", "labels", "values", "volume", "words"),
    [
        ("filesystem_device_error", AT_SDA, 1.0, "sda", "a file system on it reports a device error"),
        ("filesystem_readonly", AT_SDA, np.array([0, 0, 0, 1.0, 1, 1]), "sda", "a file system on it turned read-only"),
        ("md_degraded", AT_SDA, 1.0, "sda", "its RAID array is degraded"),
        ("device_errors", {**AT_SDA, "reason": "md_failed_disks"}, 2.0, "sda", "its RAID array has failed disks"),
        ("device_errors", {**AT_SDA, "reason": "multipath_failed_paths"}, 1.0, "sda", "paths to it have failed"),
        (
            "device_errors",
            {"node": "n1", "zpool": "tank", "reason": "zfs_degraded"},
            1.0,
            "sda",
            "a ZFS pool of its node is not online",
        ),
        ("nfs_timeouts", {"node": "n1", "export": "filer:/a"}, GROWS, "nfs", "requests to the NFS server timed out"),
        ("node_hung_tasks", {"node": "n1"}, GROWS, "sda", "tasks of its node hang"),
        (
            "drive_errors",
            {**AT_SDA, "reason": "smart_critical_warning"},
            4.0,
            "sda",
            "the drive warns of its health",
        ),
        ("drive_errors", {**AT_SDA, "reason": "smart_failed"}, 1.0, "sda", "the drive's own test of its health failed"),
        ("drive_errors", {**AT_SDA, "reason": "smart_media_errors"}, GROWS, "sda", "the drive found damaged data"),
        (
            "drive_errors",
            {**AT_SDA, "reason": "smart_media_errors_written"},
            GROWS,
            "sda",
            "the drive found damaged data",
        ),
        ("drive_errors", {**AT_SDA, "reason": "smart_error_log"}, GROWS, "sda", "the drive logged errors"),
        ("drive_errors", {**AT_SDA, "reason": "smart_self_test"}, GROWS, "sda", "a self-test of the drive failed"),
        (
            "drive_errors",
            {**AT_SDA, "reason": "smart_grown_defects"},
            GROWS,
            "sda",
            "the drive gave up damaged sectors",
        ),
        ("ceph_health", {"reason": "OSD_DOWN"}, 1.0, "rbd", "an OSD of Ceph is down"),
        ("ceph_health", {"reason": "PG_DEGRADED"}, 1.0, "rbd", "Ceph restores degraded data"),
        ("ceph_health", {"reason": "SLOW_OPS"}, 1.0, "rbd", "Ceph reports slow operations"),
        (
            "longhorn_errors",
            {"volume": "pv-1", "reason": "longhorn_degraded"},
            1.0,
            "lh",
            "a Longhorn volume is degraded",
        ),
        (
            "minio_errors",
            {"namespace": "a", "pod": "p", "drive": "/export0", "reason": "minio_io"},
            GROWS,
            "sda",
            "a MinIO server that uses it had I/O errors",
        ),
        (
            "minio_errors",
            {"namespace": "a", "pod": "q", "drive": "/export0", "reason": "minio_timeout"},
            GROWS,
            "nfs",
            "a MinIO server that uses it waited for a drive in vain",
        ),
    ],
)
def test_each_sign_is_an_error_of_its_volume(
    signal: str, labels: Mapping[str, str], values: Floats | float, volume: str, words: str
) -> None:
    """And of no other."""
    frames = told(signal, labels, values)
    assert error_states(frames, TOPOLOGY, volume) == (words,)
    assert has_errors(frames)
    assert not any(error_states(frames, TOPOLOGY, other) for other in TOPOLOGY.volumes if other != volume)


@pytest.mark.parametrize(
    ("signal", "labels", "values"),
    [
        ("filesystem_readonly", AT_SDA, 1.0),
        ("drive_errors", {**AT_SDA, "reason": "smart_media_errors"}, 12.0),
        ("drive_errors", {**AT_SDA, "reason": "smart_error_log"}, 5.0),
        ("drive_errors", {**AT_SDA, "reason": "smart_self_test"}, 1.0),
        ("drive_errors", {**AT_SDA, "reason": "smart_grown_defects"}, 31.0),
        ("node_hung_tasks", {"node": "n1"}, 3.0),
        ("nfs_timeouts", {"node": "n1", "export": "filer:/a"}, 7.0),
        ("minio_errors", {"namespace": "a", "pod": "p", "drive": "/export0", "reason": "minio_io"}, 4.0),
        ("md_degraded", AT_SDA, 0.0),
        ("ceph_health", {"reason": "OSD_DOWN"}, 0.0),
        ("device_errors", {"node": "n2", "zpool": "tank", "reason": "zfs_degraded"}, 1.0),
        ("md_degraded", AT_SDA, np.full(GRID.count, np.nan)),
    ],
)
def test_what_was_so_all_along_or_is_not_known_is_none(
    signal: str, labels: Mapping[str, str], values: Floats | float
) -> None:
    """Old errors that a drive remembers, a file system that is meant to be read, an exporter that is gone."""
    frames = told(signal, labels, values)
    assert not any(error_states(frames, TOPOLOGY, volume) for volume in TOPOLOGY.volumes)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("longhorn_disk_not_ready", "a Longhorn disk of its nodes is not ready"),
        ("longhorn_disk_full", "a Longhorn disk of its nodes is full"),
    ],
)
def test_a_longhorn_disk_counts_for_what_lies_on_its_node(reason: str, words: str) -> None:
    """For the volumes with copies there; for all of them where nobody tells where the copies are."""
    frames = told("longhorn_disk_errors", {"node": "n2", "disk": "default-disk-2b", "reason": reason}, 1.0)
    copies = {
        node: Volume(id=node, name=f"longhorn/{node}:/data", kind="longhorn", node="", device=f"{node}:/data")
        for node in ("n1", "n2")
    }
    topology = replace(TOPOLOGY, volumes={**TOPOLOGY.volumes, **copies})
    raised = {volume: error_states(frames, topology, volume) for volume in topology.volumes}
    assert {volume: words for volume, words in raised.items() if words} == {"n2": (words,), "lh": (words,)}


def test_every_error_signal_of_the_catalogue_is_a_sign() -> None:
    """None is fetched for nothing."""
    assert {signal.name for signal in load() if signal.aspect is Aspect.ERRORS} == {sign.signal for sign in SIGNS}


def repeating(
    retransmissions: Sequence[float], calls: Sequence[float] | None, node: str = "n2", volume: str = "nfs"
) -> bool:
    """Whether repeated requests are a sign, of these gains in each step; None: nobody counts the calls."""
    grid = Grid(0, 15, len(retransmissions) + 1)
    rows = {"nfs_retransmissions": retransmissions, "nfs_calls": calls}
    told = {
        signal: Frame.from_rows(signal, grid, {labels_of({"node": node}): 9.0 + np.cumsum([0.0, *gains])})
        for signal, gains in rows.items()
        if gains is not None
    }
    return error_states(Frames(grid, told), TOPOLOGY, volume) == ("a node has to repeat requests to its NFS servers",)


def test_repeated_requests_are_a_sign_when_they_are_many() -> None:
    """One in a hundred and more, on a node that uses the export; also those of a server that hangs."""
    quiet = [0.0] * 30
    assert repeating([*quiet, 3, 3, 3, 3], [1000.0] * 30 + [200.0] * 4)
    assert repeating([*quiet, 0, 0, 0, 40], [1000.0] * 30 + [40.0, 0, 0, 0])
    assert not repeating([*quiet, 3, 3, 3, 3], [1000.0] * 30 + [200.0] * 4, node="n3")
    assert not repeating([*quiet, 3, 3, 3, 3], [1000.0] * 30 + [200.0] * 4, volume="rbd")


def test_a_few_repeated_requests_are_none() -> None:
    """Of many calls, of hardly any, of long ago, before a restart, and of a number that nobody knows."""
    assert not repeating([0.0] * 30 + [3, 3, 3, 3], [1000.0] * 34)
    assert not repeating([0.0] * 30 + [1, 1, 1, 1], [2.0] * 34)
    assert not repeating([9.0] * 4 + [0.0] * 30, [100.0] * 34)
    assert not repeating([0.0] * 30 + [-9, 0, 0, 0], [100.0] * 30 + [-900, 100, 100, 100])
    assert not repeating([0.0] * 30 + [9.0] * 4, None)
