"""What is wrong with a volume: the E of USE, from the surest and most telling sign to the weakest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from correlator.analysis.rows import Indices, by_node, by_part, by_pod, by_volume, label
from correlator.model.frame import Floats, Frames
from correlator.model.topology import Topology

REPEATED_PART = 0.01
"""A call is repeated once its timeout has passed, 1.1 s over UDP and 60 s over TCP, or when the connection broke. One
in a hundred then adds 11 ms or more to the mean call: more than storage takes for it."""

LEAST_REPEATED = 5.0
"""Of a few calls one is soon a hundredth."""

BACK_ENDS = {"Ceph": {"rbd", "cephfs"}, "Longhorn": {"longhorn"}}
"""The kinds of volumes of a back end that speaks of itself as a whole, or of its nodes."""

TOGETHER_STEPS, RECENT_STEPS = 4, 20
"""At steps of 15 s a minute, the timeout over TCP, among the last five."""


def _holds(values: Floats) -> bool:
    """Whether it is there at the end of the window."""
    return bool(values[-1] > 0)


def _began(values: Floats) -> bool:
    """Whether it was not there at first: a file system that was read-only all along is a choice, not an error."""
    return bool(values[0] == 0) and _holds(values)


def _grew(values: Floats) -> bool:
    """Whether a count grew within the window: an old drive has many errors of years ago."""
    return bool(values[-1] > values.min())


def _repeats(gained: Floats) -> bool:
    """Whether too many calls were repeated within some minute of the last ones.

    A few are repeated on a healthy network. When a server hangs, few calls are left beside those that are repeated.
    """
    repeated, calls = (_sums(each[-RECENT_STEPS:], TOGETHER_STEPS) for each in gained)
    return bool(((repeated >= LEAST_REPEATED) & (repeated >= REPEATED_PART * calls)).any())


def _sums(values: Floats, length: int) -> Floats:
    """Sums of all runs of steps of this length; of all steps where there are fewer."""
    return np.convolve(values, np.ones(min(length, len(values))), mode="valid")


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: of a signal, of those of its rows that have the `reason`.

    `of` says where rows are found: on the `volume`, its `client`s, a pod that is its `user`, its `node`,
    the `users' node`, all of `Ceph`, or the nodes on which `Longhorn` keeps it.
    `is_error` decides on a row's known values, of which there is at least one. With `per`, a signal whose rows have the
    same labels, it decides on how much both counters gained in each step, shape (2, steps) where both are known.
    """

    signal: str
    words: str
    is_error: Callable[[Floats], bool] = _holds
    reason: str = ""
    of: str = "volume"
    per: str = ""


SIGNS = (
    Sign("filesystem_device_error", "a file system on it reports a device error"),
    Sign("filesystem_readonly", "a file system on it turned read-only", _began),
    Sign("md_degraded", "its RAID array is degraded"),
    Sign("device_errors", "its RAID array has failed disks", reason="md_failed_disks"),
    Sign("device_errors", "paths to it have failed", reason="multipath_failed_paths"),
    Sign("device_errors", "a ZFS pool of its node is not online", reason="zfs_", of="node"),
    Sign("nfs_timeouts", "requests to the NFS server timed out", _grew, of="client"),
    Sign(
        "nfs_retransmissions",
        "a node has to repeat requests to its NFS servers",
        _repeats,
        of="users' node",
        per="nfs_calls",
    ),
    Sign("node_hung_tasks", "tasks of its node hang", _grew, of="node"),
    Sign("drive_errors", "the drive warns of its health", reason="smart_critical_warning"),
    Sign("drive_errors", "the drive's own test of its health failed", reason="smart_failed"),
    Sign("drive_errors", "the drive found damaged data", _grew, reason="smart_media_errors"),
    Sign("drive_errors", "the drive logged errors", _grew, reason="smart_error_log"),
    Sign("drive_errors", "a self-test of the drive failed", _grew, reason="smart_self_test"),
    Sign("drive_errors", "the drive gave up damaged sectors", _grew, reason="smart_grown_defects"),
    Sign("ceph_health", "an OSD of Ceph is down", reason="OSD_DOWN", of="Ceph"),
    Sign("ceph_health", "Ceph restores degraded data", reason="PG_DEGRADED", of="Ceph"),
    Sign("ceph_health", "Ceph reports slow operations", reason="SLOW_OPS", of="Ceph"),
    Sign("longhorn_errors", "a Longhorn volume is degraded", reason="longhorn_degraded", of="client"),
    Sign("longhorn_errors", "a Longhorn volume turned read-only", _began, reason="longhorn_read_only", of="client"),
    Sign(
        "longhorn_disk_errors",
        "a Longhorn disk of its nodes is not ready",
        reason="longhorn_disk_not_ready",
        of="Longhorn",
    ),
    Sign("longhorn_disk_errors", "a Longhorn disk of its nodes is full", reason="longhorn_disk_full", of="Longhorn"),
    Sign("minio_errors", "a MinIO server that uses it had I/O errors", _grew, reason="minio_io", of="user"),
    Sign("minio_errors", "a MinIO server that uses it waited for a drive in vain", _grew, "minio_timeout", of="user"),
)
SIGNALS = tuple(dict.fromkeys(sign.signal for sign in SIGNS))


def error_states(frames: Frames, topology: Topology, volume_id: str) -> tuple[str, ...]:
    """The error states that hold for a volume at the end of the window, in words.

    What is told of a node alone counts for those of its volumes that a pod uses.
    """
    return tuple(sign.words for sign in SIGNS if _is_raised(sign, frames, topology, volume_id))


def has_errors(frames: Frames) -> bool:
    """Whether any sign is raised anywhere: the rare case that is worth a search by volume."""
    return any(bool((frames.get(signal).values > 0).any()) for signal in SIGNALS)


def _is_raised(sign: Sign, frames: Frames, topology: Topology, volume_id: str) -> bool:
    frame = frames.get(sign.signal)
    for row in _rows(sign, frames, topology, volume_id):
        known = frame.values[row][np.isfinite(frame.values[row])] if not sign.per else _gained(frames, sign, row)
        if label(frame.labels[row], "reason").startswith(sign.reason) and known.size and sign.is_error(known):
            return True
    return False


def _gained(frames: Frames, sign: Sign, row: int) -> Floats:
    """What a counter and the one that it is a part of gained between known steps, shape (2, steps); resets gain 0."""
    frame, whole = frames.get(sign.signal), frames.get(sign.per)
    if frame.labels[row] not in whole.labels:
        return np.empty((2, 0))
    both = np.stack([frame.values[row], whole.values[whole.labels.index(frame.labels[row])]])
    return np.maximum(np.diff(both[:, np.isfinite(both).all(axis=0)]), 0.0)


def _rows(sign: Sign, frames: Frames, topology: Topology, volume_id: str) -> list[int]:
    labels = frames.get(sign.signal).labels
    if not labels:
        return []
    if sign.of == "client":
        parts = by_part(labels, topology)
        return [row for key in topology.parts.get(volume_id, {}) for row in parts.rows(key).tolist()]
    found: Indices = by_volume(labels, topology).rows(volume_id)
    if sign.of in {"Ceph", "Longhorn"}:
        return _rows_of_back_end(sign, frames, topology, volume_id)
    if sign.of == "user":
        users = sorted({edge.pod for edge in topology.edges if edge.volume_id == volume_id}, key=str)
        return [row for pod in users for row in by_pod(labels).rows(pod).tolist()]
    if sign.of == "users' node":
        return _rows_of_users(sign, frames, topology, volume_id)
    if sign.of == "node" and volume_id in topology.volumes and _is_used(topology, volume_id):
        found = by_node(labels, topology).rows(topology.volumes[volume_id].node or "\0")
    return list(found.tolist())


def _rows_of_users(sign: Sign, frames: Frames, topology: Topology, volume_id: str) -> list[int]:
    """Rows of the nodes whose pods use an NFS export."""
    if volume_id not in topology.volumes or topology.volumes[volume_id].kind != "nfs":
        return []
    users = (topology.pods.get(edge.pod) for edge in topology.edges if edge.volume_id == volume_id)
    nodes = by_node(frames.get(sign.signal).labels, topology)
    return [row for node in sorted({pod.node for pod in users if pod}) for row in nodes.rows(node or "\0").tolist()]


def _rows_of_back_end(sign: Sign, frames: Frames, topology: Topology, volume_id: str) -> list[int]:
    """All rows for a volume of Ceph; for one of Longhorn those of its disk's node, all where that is not known."""
    volume, labels = topology.volumes.get(volume_id), frames.get(sign.signal).labels
    if volume is None or volume.kind not in BACK_ENDS[sign.of]:
        return []
    node, _, path = volume.device.partition(":")
    if volume.kind == "longhorn" and path:
        return list(by_node(labels, topology).rows(node).tolist())
    return list(range(len(labels)))


def _is_used(topology: Topology, volume_id: str) -> bool:
    return any(edge.volume_id == volume_id for edge in topology.edges)
