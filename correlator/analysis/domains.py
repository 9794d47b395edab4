"""Contention domains as the engine sees them: which ones a victim uses, who is on them, and which one is to blame."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from correlator.analysis.case import VolumeCase
from correlator.analysis.links import WORSE
from correlator.analysis.shared import shared_pods, shared_use
from correlator.analysis.volumes import DeviceUse, PodLoad, PodsOnVolume, device_use, pods_on_volume
from correlator.model.frame import BlindSpot, Frames
from correlator.model.topology import PodRef, Sure, Topology, Volume

DISK = "disk"

LIKELY = 0.7
"""What is left of a confidence where it is only likely that both queue for one thing: too little to accuse."""

CALM = 0.02
"""A rise of I/O pressure below this is none."""

MISSING: Mapping[str, tuple[str, str]] = {
    "nfs": (
        "nfs_operations",
        "what nodes ask of the export is not known: node_exporter needs --collector.mountstats",
    ),
    "cephfs": ("osd_operations", "what Ceph's OSDs do is not known: ceph-exporter tells it"),
    "rbd": ("rbd_operations", "the pool's images are not counted: set mgr/prometheus/rbd_stats_pools"),
    "longhorn": ("longhorn_operations", "Longhorn's manager does not tell of its volumes"),
    "portworx": ("portworx_operations", "Portworx does not tell of its volumes"),
}


def use_of(frames: Frames, topology: Topology, volume_id: str, viewer: PodRef | None = None) -> DeviceUse:
    """USE of a volume of any kind; of a shared one with the latency that `viewer` sees."""
    volume = topology.volumes.get(volume_id)
    if volume is None or volume.kind == DISK:
        return device_use(frames, topology, volume_id)
    return shared_use(frames, topology, volume_id, viewer)


def doers_on(frames: Frames, topology: Topology, volume_id: str) -> PodsOnVolume:
    """Everybody's I/O on a volume of any kind.

    On a disk below mapped devices, a pod that is seen on one of those alone is counted with what it did there.
    """
    volume = topology.volumes.get(volume_id)
    if volume is not None and volume.kind != DISK:
        return shared_pods(frames, topology, volume_id)
    found = pods_on_volume(frames, topology, volume_id)
    above = _certainly_above(topology, volume_id)
    if not above:
        return found
    more: dict[PodRef, PodLoad] = {}
    for top in above:
        more |= doers_on(frames, topology, top).loads
    return replace(found, loads={**more, **found.loads})


def _certainly_above(topology: Topology, volume_id: str) -> list[str]:
    return [
        top
        for top, layers in topology.below.items()
        if any(layer.volume_id == volume_id and layer.sure is Sure.CERTAIN for layer in layers)
        and topology.volumes[volume_id].kind == DISK
    ]


def volumes_of(topology: Topology, ref: PodRef) -> list[tuple[str, PodRef]]:
    """The ids of the volumes that a victim uses, each with who feels it: itself, or a pod that it depends on.

    Sorted by id; of one volume the victim itself comes first.
    """
    users = (ref, *topology.depends_on.get(ref, ()))
    place = {user: number for number, user in enumerate(users)}
    found = {(edge.volume_id, place[edge.pod]) for edge in topology.edges if edge.pod in place}
    return [(volume_id, users[number]) for volume_id, number in sorted(found)]


def telling(cases: Iterable[VolumeCase], topology: Topology) -> VolumeCase | None:
    """The volume that the verdict is about: the one that is seen and got worst for the victim.

    What queues on a device queues on what it lies on: where both got worse the lower one is meant, since all who use it
    are seen there. Of shared domains that are worse alike, the one to which most was added. Where none is worse, a back
    end that nobody measures comes before all that are quiet: storage is not cleared while it may have been that one.
    """
    found = list(cases)
    worse = {case.worse.volume.id for case in found if case.worse.seen and case.worse.got_worse >= WORSE}
    bottom = [case for case in found if not worse.intersection(_below(topology, case.worse.volume.id))]
    best = max(bottom or found, key=lambda case: (case.worse.seen, case.strength, _added(case)), default=None)
    return next((case for case in found if not worse and _may_hide(case)), best)


def _may_hide(case: VolumeCase) -> bool:
    """Whether a back end that nobody measures may be what the victim waits for.

    Its I/O pressure speaks against it where that is known and did not rise: waiting for a back end counts there, too.
    """
    felt = case.exposure.pressure
    is_calm = felt.observed is not None and felt.observed <= (felt.baseline or 0.0) + CALM
    return case.worse.volume.kind != DISK and not case.worse.seen and not is_calm


def _added(case: VolumeCase) -> float:
    return 0.0 if case.worse.volume.kind == DISK else case.contributions.gross_rise


def _below(topology: Topology, volume_id: str) -> set[str]:
    """Everything below a volume, however deep."""
    found: set[str] = set()
    left = [volume_id]
    while left:
        for layer in topology.below.get(left.pop(), ()):
            if layer.volume_id not in found:
                found.add(layer.volume_id)
                left.append(layer.volume_id)
    return found - {volume_id}


def sureness(topology: Topology, volume_id: str, victim: PodRef) -> Callable[[PodRef | None], float]:
    """How far it can be relied on that a suspect, and nobody else, shares the volume with the victim: 1 or LIKELY.

    Less than certain is an edge that only names tell, and a node whose I/O may be the victim's own.
    """
    if topology.volumes[volume_id].kind == DISK:
        return lambda _: 1.0
    if any(edge.volume_id == volume_id and edge.sure is Sure.LIKELY for edge in topology.edges):
        return lambda _: LIKELY
    parts = topology.parts.get(volume_id, {}).values()
    may_be_victim = {part.doer for part in parts if victim in part.users} - {victim, None}
    return lambda suspect: LIKELY if suspect in may_be_victim else 1.0


def unseen(volume: Volume) -> BlindSpot:
    """What is missing where a volume's own readings are."""
    if volume.kind == DISK:
        return BlindSpot("disk_queue_time", f"{volume.name}: device counters are missing before or during")
    signal, why = MISSING.get(volume.kind, ("nfs_operations", "its back end tells nothing"))
    return BlindSpot(signal, f"{volume.name}: {why}, before or during")
