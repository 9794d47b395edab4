"""Volumes of the lab: loop devices with direct I/O over files on the local disk, ext4 on them, mounted."""

import mmap
import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.errors import LabError

DIRECTORY_PREFIX = "correlator-lab-"
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Device:
    """One volume: a loop device (`name` without /dev/) with its numbers, its file on the disk and its mount point."""

    name: str
    number: str
    backing_file: Path
    mountpoint: Path

    @property
    def path(self) -> str:
        """The device node."""
        return f"/dev/{self.name}"


@dataclass(frozen=True)
class DiskTotals:
    """Totals of one device in /proc/diskstats."""

    read_operations: int
    read_bytes: int
    read_seconds: float
    write_operations: int
    write_bytes: int
    write_seconds: float
    busy_seconds: float
    queue_seconds: float
    flush_seconds: float


def create_device(directory: Path, name: str, size_bytes: int, scheduler: str) -> Device:
    """A new volume below `directory`; `scheduler` is the I/O scheduler of its queue."""
    backing_file = directory / f"{name}.img"
    mountpoint = directory / name
    mountpoint.mkdir()
    with backing_file.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size_bytes)
    path = call("losetup", "--direct-io=on", "--find", "--show", str(backing_file)).strip()
    loop = Path(path).name
    try:
        _require_direct_io(loop, backing_file)
        call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", path)
        (Path("/sys/block") / loop / "queue/scheduler").write_text(scheduler)
        call("mount", "-o", "noatime", path, str(mountpoint))
    except BaseException:
        call("losetup", "--detach", path)
        raise
    number = (Path("/sys/block") / loop / "dev").read_text().strip()
    return Device(name=loop, number=number, backing_file=backing_file, mountpoint=mountpoint)


def remove_device(device: Device) -> None:
    """Unmount, detach, delete."""
    call("umount", str(device.mountpoint))
    (Path("/sys/block") / device.name / "queue/scheduler").write_text("none")
    call("losetup", "--detach", device.path)
    device.backing_file.unlink()
    device.mountpoint.rmdir()


def remove_stale_devices(base: Path) -> None:
    """Unmount and detach what an earlier run left below `base`, and delete its directories."""
    marker = f"{base}/{DIRECTORY_PREFIX}"
    for line in Path("/proc/mounts").read_text().splitlines():
        mountpoint = line.split()[1]
        if mountpoint.startswith(marker):
            call("umount", "--lazy", mountpoint)
    for line in call("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE").splitlines():
        name, _, backing_file = line.strip().partition(" ")
        if backing_file.strip().startswith(marker):
            call("losetup", "--detach", name)
    for directory in base.glob(f"{DIRECTORY_PREFIX}*"):
        for file in directory.glob("*.img"):
            file.unlink()
        for mountpoint_left in directory.iterdir():
            mountpoint_left.rmdir()
        directory.rmdir()


def backing_disk_number(path: Path) -> str:
    """`major:minor` of the whole disk that `path` lies on; throttle rules are not taken for partitions."""
    device = path.stat().st_dev
    node = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not node.exists():
        raise LabError(f"{path} does not lie on a block device: give the lab a directory on a local disk")
    resolved = node.resolve()
    disk = resolved.parent if (resolved / "partition").exists() else resolved
    return (disk / "dev").read_text().strip()


def lay_out(path: Path, size_bytes: int) -> None:
    """Write a file of so many bytes past the page cache: blocks never written are read without touching the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = mmap.mmap(-1, 4 * MEBIBYTE)
    buffer.write(random.Random(0).randbytes(len(buffer)))
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_DIRECT, 0o644)
    try:
        for _ in range(0, size_bytes, len(buffer)):
            os.write(descriptor, buffer)
        os.fsync(descriptor)
    except OSError as error:
        raise LabError(f"{path} cannot be laid out with {size_bytes >> 20} MiB: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _require_direct_io(loop: str, backing_file: Path) -> None:
    if (Path("/sys/block") / loop / "loop/dio").read_text().strip() != "1":
        raise LabError(
            f"{loop} does no direct I/O over {backing_file}: give the lab a directory on a disk, not tmpfs or overlayfs"
        )


def disk_totals(name: str) -> DiskTotals:
    """Totals of a device since it exists (a loop number that was used before carries on from there)."""
    fields = [int(value) for value in (Path("/sys/block") / name / "stat").read_text().split()]
    return DiskTotals(
        read_operations=fields[0],
        read_bytes=fields[2] * 512,
        read_seconds=fields[3] / 1e3,
        write_operations=fields[4],
        write_bytes=fields[6] * 512,
        write_seconds=fields[7] / 1e3,
        busy_seconds=fields[9] / 1e3,
        queue_seconds=fields[10] / 1e3,
        flush_seconds=fields[16] / 1e3,
    )


def call(*command: str) -> str:
    """Output of a system tool; LabError with its own words when it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise LabError(f"{' '.join(command)}: {error.stderr.strip()}") from error
