"""Who uses a volume: which victims, and which pods take its device time."""

from collections.abc import Iterable, Iterator
from math import isnan
from typing import TypeAlias

from correlator.model.snapshot import Snapshot, VolumeNow

TOP_PODS = 5

Sample: TypeAlias = tuple[str, tuple[str, ...], float | None]
"""A metric's name, the values of its labels, its value."""


def users_of(snapshot: Snapshot) -> Iterator[Sample]:
    """Which volumes the victims use, and the pods on these. The pods of others are not all known: nothing is said."""
    names = {volume.id: volume.name for volume in snapshot.volumes}
    for victim in snapshot.victims:
        for each in victim.volume_ids:
            labels = (victim.namespace, victim.pod, victim.model_name, names.get(each, each))
            yield "correlator_victim_volume_info", labels, 1
    used = {each for victim in snapshot.victims for each in victim.volume_ids}
    for volume in snapshot.volumes:
        if volume.id in used:
            yield from _pods(volume)


def _pods(volume: VolumeNow) -> Iterator[Sample]:
    """The pods of a volume by device time; those below the top few as one."""
    labels, name = (volume.name, volume.node, volume.device), "correlator_volume_pod_device_time_ratio"
    known = [pod for pod in volume.pods if pod.device_time_ratio is not None]
    for pod in known[:TOP_PODS]:
        yield name, (*labels, pod.namespace, pod.pod, pod.workload), pod.device_time_ratio
    yield name, (*labels, "", "other", ""), known_sum(pod.device_time_ratio for pod in known[TOP_PODS:])


def known_sum(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None and not isnan(value)]
    return sum(known) if known else None
