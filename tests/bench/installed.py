"""What a pod of the daemon takes at 1,000 victims and 4,000 volumes: `python -m tests.bench.installed [MINUTES]`.

The real daemon, its store on the disk, in front of a loopback Prometheus whose cluster lives now. A few victims get
slower in the middle. Memory is that of web and engine process together, shared pages once, as a container is charged.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
from rich.console import Console

from tests.bench import cluster, machine, series, server
from tests.daemons import Daemon, daemon

MINUTES = 10
PAUSE_SECONDS = 2.0
PATHS = ("/metrics", "/", "/api/v1/victims", "/api/v1/incidents")


class _Now(server.Handler):
    """The same cluster, in a present of its own."""

    def _answer(self, form: str) -> None:
        server.Handler.newest_end = time.time()
        super()._answer(form)


def serve(slow_from: float) -> None:
    """Serve the cluster of the benchmarks with its trouble at that moment, until the input ends."""
    series.BEGIN = int(slow_from) - 86_400
    cluster.BEGIN = series.BEGIN  # type: ignore[attr-defined]  # its own copy of that name
    cluster.SLOW_FROM = int(slow_from)
    server.Handler.answers = server.Answers(cluster.Shape())
    answering = ThreadingHTTPServer(("127.0.0.1", 0), _Now)
    threading.Thread(target=answering.serve_forever, daemon=True).start()
    print(answering.server_address[1], flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()


@contextmanager
def _serving(slow_from: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.installed", "serve", str(slow_from)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def _taken(running: Daemon) -> tuple[dict[str, float], float]:
    """MiB of each process, shared pages by halves, and seconds of a core so far."""
    processes = {"web": running.process.pid, "engine": running.engine_process()}
    memory = {
        name: sum(int(line.split()[1]) for line in _rollup(process) if line.startswith("Pss:")) / 1024
        for name, process in processes.items()
    }
    return memory, sum(map(_seconds, processes.values()))


def _seconds(process: int | None) -> float:
    """Seconds of a core that a process took: its own and the system's for it."""
    own, system = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(own) + int(system)) / os.sysconf("SC_CLK_TCK")


def _rollup(process: int | None) -> list[str]:
    return Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()


def main(minutes: float) -> None:
    """Measure, then print."""
    console = Console(width=130)
    console.print(machine.described(), highlight=False)
    most: dict[str, float] = {}
    slow_from = time.time() + minutes * 30
    with tempfile.TemporaryDirectory() as folder, _serving(slow_from) as url:
        settings = {"CORRELATOR_ENGINE__WINDOW_STEPS": "240"}
        with daemon(Path(folder), "--prometheus-url", url, settings=settings) as running:
            running.until(running.engine_process)
            begin, ready, busy = time.monotonic(), 0.0, 0.0
            while time.monotonic() < begin + minutes * 60:
                memory, used = _taken(running)
                for name, value in {**memory, "pod": sum(memory.values())}.items():
                    most[name] = max(most.get(name, 0.0), value)
                if not ready and running.is_ready():
                    ready, busy = time.monotonic() - begin, used
                for path in PATHS:
                    assert running.get(path).status_code in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
                time.sleep(PAUSE_SECONDS)
            share = (used - busy) / (time.monotonic() - begin - ready)
            found = running.get("/api/v1/incidents").json()["items"]
    console.print(
        f"ready after {ready:.0f} s of the clock, {busy:.0f} s of a core; then {share:.2f} of a core", highlight=False
    )
    console.print(", ".join(f"{name} {value:.0f} MiB" for name, value in most.items()) + " at most", highlight=False)
    console.print(f"{len(found)} incidents on the first page", highlight=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(float(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else MINUTES)
