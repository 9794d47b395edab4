"""Who really did it: the rise of device time on the shared volume, split by what the kernel counted for each pod."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.lab.cgroups import IoCounters
from tests.lab.devices import Device
from tests.lab.observation import Observation, device_io_between, pod_io_between
from tests.lab.pods import Pod
from tests.lab.prices import DevicePrices
from tests.lab.spec import SHARED

# Operations merge on their way to the device, so the pods' sum and the device's total differ a little with nobody else
# at work.
MERGING_TOLERANCE = 0.02


@dataclass(frozen=True)
class Turns:
    """Totals at the start of the quiet phase and at both ends of the event."""

    start: Observation
    event_start: Observation
    event_end: Observation


@dataclass(frozen=True)
class Blame:
    """Shares (0 to 1, adding up to 1 unless nothing rose) of pods by `namespace/pod`, and of what no pod did."""

    pods: dict[str, float]
    unattributed: float


def split_blame(turns: Turns, pods: Sequence[Pod], volume: Device, prices: DevicePrices) -> Blame:
    """Shares in the rise of device time. A fall counts as zero: who got slower did not take anybody's blame away."""
    keys = [pod.identity.key for pod in pods if pod.is_accounted and pod.spec.volume == SHARED]
    rises = {key: _rise(turns, prices, _pod_io(key)) for key in keys}
    total = _rise(turns, prices, lambda before, after: device_io_between(before, after, volume))
    unaccounted = total - sum(rises.values())
    if unaccounted < MERGING_TOLERANCE * abs(total):
        unaccounted = 0.0
    whole = sum(max(0.0, rise) for rise in rises.values()) + unaccounted
    if whole <= 0:
        return Blame(dict.fromkeys(keys, 0.0), 0.0)
    return Blame({key: max(0.0, rise) / whole for key, rise in rises.items()}, unaccounted / whole)


def _pod_io(key: str) -> Callable[[Observation, Observation], IoCounters]:
    return lambda before, after: pod_io_between(before, after, key)


def _rise(turns: Turns, prices: DevicePrices, between: Callable[[Observation, Observation], IoCounters]) -> float:
    """Device seconds per second in the event less those of the quiet phase."""
    quiet = prices.device_seconds(between(turns.start, turns.event_start)) / (turns.event_start.at - turns.start.at)
    event = prices.device_seconds(between(turns.event_start, turns.event_end))
    return event / (turns.event_end.at - turns.event_start.at) - quiet
