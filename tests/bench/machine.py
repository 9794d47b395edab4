"""The machine that figures are taken on; one core of it for what is measured; how time and memory are read."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.cluster import Shape

MEBIBYTE = 1024 * 1024


def described() -> str:
    """Processor, kernel, Python and date."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    cores = f"{len(names)} × {names[0]}" if names else platform.machine()
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{cores}, {memory / MEBIBYTE:.0f} GiB, {system}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def one_core() -> None:
    """Stay on the last core of those that are allowed; servers take another where there is one."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def other_cores() -> None:
    """Leave that core to what is measured."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed - {max(allowed)} or allowed)


def resident_mebibytes() -> tuple[float, float]:
    """What this process holds in memory now, and at most so far."""
    status = dict(line.split(":", 1) for line in _lines("/proc/self/status"))
    return int(status["VmRSS"].split()[0]) / 1024, int(status["VmHWM"].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long something took by the clock, and how long it kept a core busy: neighbours only add to the former."""

    wall: float
    busy: float

    def __sub__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.wall - other.wall, self.busy - other.busy)

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.wall + other.wall, self.busy + other.busy)


def now() -> Seconds:
    """The clock and this process's own use of cores, all threads together."""
    return Seconds(time.perf_counter(), time.process_time())


def spread(taken: Sequence[Seconds]) -> dict[str, float]:
    """Least and median of several runs, by the clock and by the core; the largest by the core."""
    wall, busy = [each.wall for each in taken], [each.busy for each in taken]
    return {
        "runs": len(taken),
        "wall_min": min(wall),
        "wall_median": median(wall),
        "busy_min": min(busy),
        "busy_median": median(busy),
        "busy_max": max(busy),
    }


def measure(figure: str, *arguments: str) -> dict[str, Any]:
    """Run a figure's module in a process of its own and read what it prints."""
    command = [sys.executable, "-m", f"tests.bench.{figure}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def report(result: dict[str, Any]) -> None:
    """Print a figure for `measure`."""
    print(json.dumps(result))  # noqa: T201 - the parent reads it


@contextmanager
def serving(shape: Shape) -> Iterator[str]:
    """The address of a loopback Prometheus, on another core, with a cluster of that shape."""
    size = map(str, (shape.nodes, shape.disks, shape.victims_per_node))
    command = [sys.executable, "-m", "tests.bench.server", *size]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
