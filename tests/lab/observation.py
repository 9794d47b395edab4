"""What the kernel counted, read by the lab itself, beside any exporter, each second and at each turn."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.cgroups import IoCounters
from tests.lab.devices import Device, DiskTotals, disk_totals
from tests.lab.pods import Pod


@dataclass(frozen=True)
class Observation:
    """Totals at one instant: of each pod (by `namespace/pod`) and of each device (by name)."""

    at: float
    pods: dict[str, IoCounters]
    devices: dict[str, DiskTotals]


class Observer:
    """Takes observations and appends each to a file of JSON lines."""

    def __init__(self, pods: list[Pod], devices: list[Device], log: Path) -> None:
        self._pods = [pod for pod in pods if pod.is_accounted]
        self._devices = devices
        self._log = log

    def observe(self, at: float) -> Observation:
        """The totals now."""
        observation = Observation(
            at=at,
            pods={pod.identity.key: pod.counters() for pod in self._pods},
            devices={device.name: disk_totals(device.name) for device in self._devices},
        )
        with self._log.open("a") as file:
            file.write(json.dumps(asdict(observation)) + "\n")
        return observation


def pod_io_between(before: Observation, after: Observation, key: str) -> IoCounters:
    """I/O of one pod between two observations; a pod that did not exist before started at zero."""
    old, new = before.pods[key], after.pods[key]
    return IoCounters(
        new.read_operations - old.read_operations,
        new.write_operations - old.write_operations,
        new.read_bytes - old.read_bytes,
        new.write_bytes - old.write_bytes,
    )


def device_io_between(before: Observation, after: Observation, device: Device) -> IoCounters:
    """I/O of one device between two observations."""
    old, new = before.devices[device.name], after.devices[device.name]
    return IoCounters(
        new.read_operations - old.read_operations,
        new.write_operations - old.write_operations,
        new.read_bytes - old.read_bytes,
        new.write_bytes - old.write_bytes,
    )


def busy_ratio(before: Observation, after: Observation, device: Device) -> float:
    """Share of the time in which the device had something to do."""
    busy = after.devices[device.name].busy_seconds - before.devices[device.name].busy_seconds
    return busy / (after.at - before.at)
