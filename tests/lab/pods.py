"""The lab's pods as they run: an identity, a control group, a directory on a volume, fio processes."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.cgroups import Group, IoCounters
from tests.lab.devices import MEBIBYTE, Device, lay_out
from tests.lab.identities import Identity
from tests.lab.spec import PodSpec, Stream

FILE_MEBIBYTES, POD_MEBIBYTES = 512, 1024
# A shell that joins the groups and then becomes the program: nothing runs in Python between fork and exec. It goes
# before what else the machine does, which should not look like contention: by its niceness, and by that of its
# session, which is what counts between sessions where the kernel groups them. Its I/O priority stays the usual one,
# which would otherwise follow.
JOIN_AND_RUN = """
while [ "$1" != -- ]; do echo $$ > "$1" || exit 70; shift; done
shift
( echo -10 > /proc/$$/autogroup ) 2> /dev/null
exec ionice -c 2 -n 4 nice -n -10 "$@"
"""


@dataclass
class Pod:
    """One pod of a run; `born_at` and `ended_at` are seconds since the epoch, infinite and None until they come."""

    spec: PodSpec
    identity: Identity
    group: Group
    device: Device
    born_at: float
    ended_at: float | None = None
    processes: dict[Stream, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Its claim's directory on the volume."""
        return (
            self.device.mountpoint
            / f"{self.identity.persistent_volume}_{self.identity.namespace}_{self.identity.claim}"
        )

    @property
    def is_accounted(self) -> bool:
        """Whether the cluster knows it as a pod."""
        return self.spec.role != "unaccounted"

    def is_alive(self, at: float) -> bool:
        """Whether it exists and has not finished."""
        return self.born_at <= at and (self.ended_at is None or at < self.ended_at)

    def counters(self) -> IoCounters:
        """Its I/O on its volume so far."""
        return self.group.counters(self.device.number)

    def prepare_files(self) -> None:
        """Write the files its streams work on, so that the event is its I/O and not their making."""
        for stream in self.spec.streams:
            for job in range(_job_count(stream)):
                lay_out(self._file(stream, job), self._file_bytes(stream))

    def start(self, stream: Stream, log_directory: Path) -> None:
        """Start one stream's fio in the pod's group."""
        name = f"{self.identity.group_name}-{self.spec.streams.index(stream)}"
        command = [
            "fio",
            "--name=io",
            f"--filename_format={self._file_format(stream)}",
            f"--size={self._file_bytes(stream)}",
            "--direct=1",
            "--ioengine=libaio",
            "--time_based",
            "--runtime=1d",
            "--group_reporting",
            "--output-format=json",
            *stream.options,
        ]
        self.processes[stream] = launch(command, self.group, log_directory / f"{name}.json")

    def pause(self, stream: Stream) -> None:
        """Hold a stream: what is in flight completes, nothing follows."""
        os.killpg(self.processes[stream].pid, signal.SIGSTOP)

    def resume(self, stream: Stream) -> None:
        """Let a held stream go on."""
        os.killpg(self.processes[stream].pid, signal.SIGCONT)

    def stop(self, stream: Stream) -> None:
        """End a stream, if it runs; fio then writes its report."""
        process = self.processes.pop(stream, None)
        if process is not None:
            end(process)

    def _file_bytes(self, stream: Stream) -> int:
        """The size of each file of a stream: a pod of many streams takes no more of the volume than one of two."""
        return min(FILE_MEBIBYTES, POD_MEBIBYTES // len(self.spec.streams)) // _job_count(stream) * MEBIBYTE

    def _file_format(self, stream: Stream) -> str:
        return f"{self.directory}/{self.spec.streams.index(stream)}.$jobnum"

    def _file(self, stream: Stream, job: int) -> Path:
        return Path(self._file_format(stream).replace("$jobnum", str(job)))


def launch(command: Sequence[str], group: Group, output: Path, *, feed: bool = False) -> "subprocess.Popen[bytes]":
    """Start a program inside a control group, in a session of its own, its output in a file."""
    joins = [str(path) for path in group.membership_files]
    with output.open("wb") as file:
        return subprocess.Popen(
            ["/bin/sh", "-c", JOIN_AND_RUN, "join", *joins, "--", *command],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: "subprocess.Popen[bytes]", patience_seconds: float = 10.0) -> None:
    """Ask a program to end (one that is fed, by the end of its input), then make it."""
    if process.stdin is not None:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return
        time.sleep(0.02)


def _job_count(stream: Stream) -> int:
    counts = [int(option.partition("=")[2]) for option in stream.options if option.startswith("--numjobs=")]
    return counts[0] if counts else 1
