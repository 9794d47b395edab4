"""What one operation and one byte cost a volume in device time, measured with nothing else running.

The truth needs a measure that makes 4 KiB writes and 1 MiB reads comparable: neither bytes nor operations are.
"""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab.cgroups import Group, IoCounters
from tests.lab.devices import MEBIBYTE, Device, lay_out
from tests.lab.pods import end, launch

FILE_BYTES = 256 * MEBIBYTE
SMALL, LARGE = 4096, MEBIBYTE
PROBE_SECONDS = 1.2


@dataclass(frozen=True)
class DevicePrices:
    """Seconds of a saturated device for each operation and each byte."""

    read_operation_seconds: float
    read_byte_seconds: float
    write_operation_seconds: float
    write_byte_seconds: float

    def device_seconds(self, io: IoCounters) -> float:
        """Device time of so much I/O."""
        return (
            io.read_operations * self.read_operation_seconds
            + io.read_bytes * self.read_byte_seconds
            + io.write_operations * self.write_operation_seconds
            + io.write_bytes * self.write_byte_seconds
        )


def measure_prices(device: Device, group: Group, log_directory: Path) -> DevicePrices:
    """Prices from the time per operation of small random and large sequential I/O at a depth that saturates."""
    file = device.mountpoint / "prices"
    lay_out(file, FILE_BYTES)
    try:
        read = _line(
            *(
                _seconds_per_operation(device, group, file, f"{kind}read", size, log_directory)
                for kind, size in (("rand", SMALL), ("", LARGE))
            )
        )
        write = _line(
            *(
                _seconds_per_operation(device, group, file, f"{kind}write", size, log_directory)
                for kind, size in (("rand", SMALL), ("", LARGE))
            )
        )
    finally:
        file.unlink()
    return DevicePrices(*read, *write)


def _line(small_seconds: float, large_seconds: float) -> tuple[float, float]:
    per_byte = max(0.0, (large_seconds - small_seconds) / (LARGE - SMALL))
    return max(0.0, small_seconds - SMALL * per_byte), per_byte


def _seconds_per_operation(
    device: Device, group: Group, file: Path, kind: str, size: int, log_directory: Path
) -> float:
    options = [
        "--name=price",
        f"--filename={file}",
        f"--rw={kind}",
        f"--bs={size}",
        "--direct=1",
        "--ioengine=libaio",
        "--iodepth=64",
        "--runtime=1m",
        "--time_based",
    ]
    process: subprocess.Popen[bytes] = launch(["fio", *options], group, log_directory / "prices.log")
    try:
        time.sleep(0.5)
        before, began = _operations(group, device), time.monotonic()
        time.sleep(PROBE_SECONDS)
        done, seconds = _operations(group, device) - before, time.monotonic() - began
    finally:
        end(process)
    return seconds / max(1, done)


def _operations(group: Group, device: Device) -> int:
    counters = group.counters(device.number)
    return counters.read_operations + counters.write_operations
