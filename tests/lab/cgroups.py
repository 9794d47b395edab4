"""Control groups of the lab's pods: where their processes live, what I/O the kernel counted for them, what they may do.

Two kernel interfaces are spoken: blkio of cgroup v1, with PSI from the unified hierarchy beside it, and io of cgroup
v2.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.errors import LabError

PREFIX = "correlator-lab"
# Since kernel 6.10 the v1 counters move only for devices that have a throttle rule: a rule that no disk reaches turns
# them on without holding anything back.
UNREACHABLE_BYTES_PER_SECOND = 1 << 40


@dataclass(frozen=True)
class IoCounters:
    """I/O that the kernel accounted to a group on one device, since the group exists."""

    read_operations: int = 0
    write_operations: int = 0
    read_bytes: int = 0
    write_bytes: int = 0

    @property
    def is_zero(self) -> bool:
        """No I/O so far: cAdvisor has no series then."""
        return not (self.read_operations or self.write_operations)


@dataclass(frozen=True)
class Pressure:
    """Seconds in which some (`waiting`) or all (`stalled`) tasks of a group waited on I/O."""

    waiting_seconds: float
    stalled_seconds: float


@dataclass(frozen=True)
class Hierarchies:
    """Mount points of the cgroup file systems; `blkio` is None on a machine with cgroup v2 alone."""

    unified: Path
    blkio: Path | None


def find_hierarchies(mounts: Path = Path("/proc/mounts")) -> Hierarchies:
    """Where the cgroup file systems are mounted; LabError when nothing there counts I/O."""
    unified: Path | None = None
    blkio: Path | None = None
    for line in mounts.read_text().splitlines():
        _, mountpoint, kind, options, *_ = line.split()
        if kind == "cgroup2":
            unified = Path(mountpoint)
        elif kind == "cgroup" and "blkio" in options.split(","):
            blkio = Path(mountpoint)
    if unified is None:
        raise LabError("no cgroup v2 hierarchy is mounted: the lab needs it for the I/O pressure of its pods")
    if blkio is None and "io" not in (unified / "cgroup.controllers").read_text().split():
        raise LabError(
            "neither cgroup v1 blkio nor the io controller of cgroup v2 is available: I/O per pod cannot be counted"
        )
    return Hierarchies(unified=unified, blkio=blkio)


class Group:
    """One control group: a pod's, or (with `counted=False`) one that only keeps the lab's own servers together."""

    def __init__(self, hierarchies: Hierarchies, name: str, *, counted: bool = True) -> None:
        self.name = name
        self._unified = hierarchies.unified / PREFIX / name
        self._blkio = hierarchies.blkio / PREFIX / name if hierarchies.blkio and counted else None
        self._unified.mkdir(parents=True)
        if self._blkio is not None:
            self._blkio.mkdir(parents=True)
        elif hierarchies.blkio is None:
            _delegate_io(hierarchies.unified)

    @property
    def membership_files(self) -> list[Path]:
        """Where a process writes its id to belong to the group."""
        groups = [self._unified] if self._blkio is None else [self._unified, self._blkio]
        return [group / "cgroup.procs" for group in groups]

    def count_device(self, number: str) -> None:
        """Make the kernel count this group's I/O on the device `major:minor`."""
        if self._blkio is not None:
            for direction in ("read", "write"):
                rule = self._blkio / f"blkio.throttle.{direction}_bps_device"
                rule.write_text(f"{number} {UNREACHABLE_BYTES_PER_SECOND}")

    def limit_operations(self, number: str, per_second: int | None) -> None:
        """Hold this group to so many reads and so many writes per second on a device; None lifts the limit."""
        if self._blkio is not None:
            for direction in ("read", "write"):
                rule = self._blkio / f"blkio.throttle.{direction}_iops_device"
                rule.write_text(f"{number} {per_second or 0}")
        else:
            value = per_second or "max"
            (self._unified / "io.max").write_text(f"{number} riops={value} wiops={value}")

    def limit_bytes(self, number: str, per_second: int) -> None:
        """Hold this group to so many bytes read and so many written per second on a device."""
        if self._blkio is not None:
            for direction in ("read", "write"):
                (self._blkio / f"blkio.throttle.{direction}_bps_device").write_text(f"{number} {per_second}")
        else:
            (self._unified / "io.max").write_text(f"{number} rbps={per_second} wbps={per_second}")

    def counters(self, number: str) -> IoCounters:
        """What the kernel accounted to this group on the device `major:minor`."""
        if self._blkio is None:
            return parse_io_stat((self._unified / "io.stat").read_text(), number)
        operations = parse_blkio((self._blkio / "blkio.throttle.io_serviced").read_text(), number)
        volume = parse_blkio((self._blkio / "blkio.throttle.io_service_bytes").read_text(), number)
        return IoCounters(
            read_operations=operations.get("Read", 0),
            write_operations=operations.get("Write", 0),
            read_bytes=volume.get("Read", 0),
            write_bytes=volume.get("Write", 0),
        )

    def pressure(self) -> Pressure:
        """I/O pressure of the group since it exists."""
        return parse_pressure((self._unified / "io.pressure").read_text())

    def remove(self) -> None:
        """End what still runs in the group and take it away."""
        for group in (self._unified, self._blkio):
            if group is not None:
                _remove(group)


def parse_blkio(text: str, number: str) -> dict[str, int]:
    """Values by operation (`Read`, `Write`, …) of one device in a v1 blkio file."""
    rows = (line.split() for line in text.splitlines())
    return {row[1]: int(row[2]) for row in rows if len(row) == 3 and row[0] == number}


def parse_io_stat(text: str, number: str) -> IoCounters:
    """The row of one device in a v2 io.stat file; zeros when there is none."""
    for line in text.splitlines():
        device, *pairs = line.split()
        if device == number:
            values = dict(pair.split("=", 1) for pair in pairs)
            return IoCounters(
                read_operations=int(values.get("rios", 0)),
                write_operations=int(values.get("wios", 0)),
                read_bytes=int(values.get("rbytes", 0)),
                write_bytes=int(values.get("wbytes", 0)),
            )
    return IoCounters()


def parse_pressure(text: str) -> Pressure:
    """Totals of a PSI file, which the kernel writes in microseconds."""
    totals = {line.split()[0]: int(line.rsplit("total=", 1)[1]) for line in text.splitlines()}
    return Pressure(waiting_seconds=totals["some"] / 1e6, stalled_seconds=totals["full"] / 1e6)


def remove_stale_groups(hierarchies: Hierarchies) -> None:
    """Take away the groups that an earlier run left behind, with the processes in them."""
    for root in (hierarchies.unified, hierarchies.blkio):
        if root is not None and (root / PREFIX).is_dir():
            for group in (root / PREFIX).iterdir():
                if group.is_dir():
                    _remove(group)
            (root / PREFIX).rmdir()


def _delegate_io(unified: Path) -> None:
    for parent in (unified, unified / PREFIX):
        (parent / "cgroup.subtree_control").write_text("+io")


def _remove(group: Path) -> None:
    deadline = time.monotonic() + 15
    while any(_end_members(group)):
        if time.monotonic() > deadline:
            raise LabError(f"processes in {group} do not end")
        time.sleep(0.05)
    group.rmdir()


def _end_members(group: Path) -> Iterator[int]:
    for line in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line), signal.SIGKILL)
            os.kill(int(line), signal.SIGCONT)
        yield int(line)
