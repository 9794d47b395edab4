"""What a blind spot means for someone who does not know our signals: what cannot be seen, and what that costs."""

from typing import Final, NamedTuple


class PlainWords(NamedTuple):
    """What is not seen, and what cannot be said because of it."""

    unseen: str
    so: str


_SHARED = PlainWords(
    "How busy shared storage is",
    "Whether that volume got worse, and who used it, cannot be said while this is missing.",
)
_WHO_USES = PlainWords(
    "Which pod uses which volume", "A pod that is mapped to no volume is neither found as a victim nor accused."
)
_POD_IO = PlainWords("How much each pod reads and writes", "Nobody can be accused where this is missing.")
_LOAD = PlainWords(
    "How many requests arrive, and how long they are",
    "A rise that comes from load cannot be told from one that comes from storage.",
)
_OWNER = PlainWords(
    "Which workload owns a pod",
    "Pods that come and go are not recognised as the same work: less is known of their past.",
)
_SYMPTOM = PlainWords("Another symptom than first tokens", "It is not watched where this is missing.")
_ERRORS = PlainWords("Error signs of devices", "A device that fails may be taken for one that is busy.")

# The longest prefix of a signal's name decides.
_BY_PREFIX: Final = {
    "ttft": PlainWords(
        "How fast first tokens come", "An inference pod without these figures is not watched at all."
    ),
    "requests": _LOAD,
    "prompt": _LOAD,
    "pod_": _POD_IO,
    "pod_io_": PlainWords(
        "Whether a pod itself waits for storage",
        "Whether the victim feels a busy volume is then told by its reads alone, with less certainty.",
    ),
    "pod_claims": _WHO_USES,
    "pod_info": _WHO_USES,
    "pod_owner": _OWNER,
    "owner": _OWNER,
    "pod_annotations": PlainWords(
        "What a pod declares", "Volumes that a victim depends on through another pod are not followed."
    ),
    "pod_start": PlainWords("When a pod began", "Its first I/O may be missed."),
    "claim_info": _WHO_USES,
    "persistent_volume": _WHO_USES,
    "volume_attachment": _WHO_USES,
    "mount_info": _WHO_USES,
    "node_io_": PlainWords(
        "Whether a node waits for storage", "The pressure on the node is one sign less of a volume that got worse."
    ),
    "node_": PlainWords("What a node is called", "Its disks may not be joined to the pods that run on it."),
    "disk_": PlainWords("How busy a disk is", "Whether that disk got worse cannot be said while this is missing."),
    "disk_flush": PlainWords("What flushes cost a disk", "Commits that flush the disk are priced too low."),
    "device_errors": _ERRORS,
    "drive_errors": _ERRORS,
    "filesystem": _ERRORS,
    "md_degraded": _ERRORS,
    "ceph_health": _ERRORS,
    "volume_exceeded": PlainWords(
        "Whether a provisioned limit held a volume", "Which limit it ran into is told by its rates alone."
    ),
    "namespace": PlainWords("Labels of namespaces", "The tier of a pod is told by its name or by the settings alone."),
    "etcd": _SYMPTOM,
    "postgresql": _SYMPTOM,
    "generation": _SYMPTOM,
    "nfs_": _SHARED,
    "rbd_": _SHARED,
    "osd_": _SHARED,
    "longhorn_": _SHARED,
    "portworx_": _SHARED,
    "kubernetes": PlainWords(
        "What the Kubernetes API tells", "Pods, claims and their owners may be missing or old."
    ),
    "clock": PlainWords("One common time", "What seems to come first may not have: order in time is less certain."),
    "logs": PlainWords("What pods wrote to their logs", "No verdict rests on logs; there is only less to read."),
}  # fmt: skip
_ANYTHING = PlainWords("A signal of the source", "A verdict that needs it is less certain, or cannot be given.")


def plain_words(signal: str) -> PlainWords:
    """What a signal stands for; words that are true of every signal where it is not known here."""
    prefixes = [prefix for prefix in _BY_PREFIX if signal.startswith(prefix)]
    return _BY_PREFIX[max(prefixes, key=len)] if prefixes else _ANYTHING
