"""What the proxy adds to what Alertmanagers take: `python -m tests.bench.alerts_proxy`.

The same batches go to two real Alertmanagers at once, directly and through the proxy in turn, as Prometheus sends them
again each minute: by one sender that waits for its answer. What is added is the difference in such a pair; that
of two direct posts tells how far the machine lets that be known. The proxy runs in a process of its own over a store of
500 incidents; every tenth alert belongs to one.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import requests
from rich.console import Console
from rich.table import Table

from correlator.daemon.known_incidents import MOST_RESOLVED
from tests.alert_paths import NOW, between, fill, over
from tests.alertmanagers import alertmanager
from tests.bench import machine
from tests.factories import make_victim

INCIDENTS = MOST_RESOLVED
PAIRS = 150
WARM_UP = 10
BATCHES = (64, 256)
"""Alerts that Prometheus 2 and 3 send at once."""

PROMISED_SECONDS = 0.02
_PAUSE_SECONDS = 0.01


def batch(size: int) -> bytes:
    """Alerts of pods of which every tenth has an incident."""
    return json.dumps([_alert(number) for number in range(size)]).encode()


def _alert(number: int) -> dict[str, Any]:
    pod = f"vllm-{number}" if number % 10 == 0 else f"web-{number}"
    labels = {
        "alertname": "Slow",
        "namespace": "inference",
        "pod": pod,
        "severity": "page",
        "job": "vllm",
        "team": "ai",
    }
    return {
        "labels": labels,
        "annotations": {"summary": "First tokens are slow.", "description": f"{pod} takes 242 ms." * 5},
        "startsAt": NOW.isoformat(),
        "endsAt": (NOW + timedelta(hours=1)).isoformat(),
        "generatorURL": "http://prometheus:9090/graph?g0.expr=" + "x" * 100,
    }


@contextmanager
def proxied(alertmanagers: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The proxy as a process: its address and its id."""
    command = [sys.executable, "-m", "tests.bench.alerts_proxy", *alertmanagers]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.communicate("\n", timeout=30)


def serve(alertmanagers: Sequence[str]) -> None:
    """Be that process, until stdin ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "correlator.db"
        fill(path, [replace(over(), victim=make_victim(pod=f"vllm-{number}")) for number in range(INCIDENTS)])
        with between(Path(folder), alertmanagers) as running:
            while not running.alerting.enricher.of({"namespace": "inference", "pod": "vllm-0"}, NOW).incident_ids:
                time.sleep(0.05)
            print(running.url, flush=True)  # noqa: T201 - told to the process that measures
            sys.stdin.read(1)


def measured() -> dict[int, dict[str, list[float]]]:
    """Seconds that each post took, by size of batch and way."""
    with (
        tempfile.TemporaryDirectory() as folder,
        alertmanager(Path(folder) / "a") as first,
        alertmanager(Path(folder) / "b") as second,
        proxied([first, second]) as (proxy, process),
    ):
        return {size: _pairs(batch(size), [first, second], proxy, process) for size in BATCHES}


def _busy_seconds(process: int) -> float:
    """Processor time that it has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pairs(body: bytes, direct: Sequence[str], proxy: str, process: int) -> dict[str, list[float]]:
    ways = {"direct": direct, "again": direct, "proxy": [proxy]}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    sessions = {url: requests.Session() for url in (*direct, proxy)}
    busy = 0.0
    with ThreadPoolExecutor(len(direct)) as senders:
        for number in range(-WARM_UP, PAIRS):
            for way, urls in ways.items():
                begin = time.perf_counter()
                posts = [senders.submit(_post, sessions[url], url, body) for url in urls]
                wait(posts, return_when=FIRST_COMPLETED)
                seconds = time.perf_counter() - begin
                wait(posts)
                if number >= 0:
                    taken[way].append(seconds)
                time.sleep(_PAUSE_SECONDS)
            busy = busy or _busy_seconds(process)
    return {**taken, "busy": [(_busy_seconds(process) - busy) / (WARM_UP + PAIRS - 1)]}


def _post(session: requests.Session, url: str, body: bytes) -> None:
    session.post(f"{url}/api/v2/alerts", body, headers={"Content-Type": "application/json"}).raise_for_status()


def table(found: dict[int, dict[str, list[float]]]) -> Table:
    """Percentiles in milliseconds."""
    shown = Table("", "median", "p90", "p99", "most", title=f"alerts in batches, {PAIRS} pairs of posts each")
    for size, taken in found.items():
        added, noise = (np.subtract(taken[way], taken["direct"]) for way in ("proxy", "again"))
        shown.add_row(f"{size} alerts to two Alertmanagers directly", *_cells(taken["direct"]))
        shown.add_row(f"{size} alerts to both through the proxy", *_cells(taken["proxy"]))
        shown.add_row(f"added (promised: p99 {PROMISED_SECONDS * 1e3:.0f} ms)", *_cells(added))
        shown.add_row("the same between two direct posts", *_cells(noise))
        shown.add_row(f"processor time of the proxy: {taken['busy'][0] * 1e3:.1f} ms a batch")
    return shown


def _cells(seconds: Sequence[float] | np.ndarray[Any, Any]) -> list[str]:
    return [f"{each * 1e3:.1f} ms" for each in (*np.percentile(seconds, (50, 90, 99)), np.max(seconds))]


if __name__ == "__main__":
    if sys.argv[1:]:
        serve(sys.argv[1:])
    else:
        Console(width=110).print(machine.described(), table(measured()), highlight=False)
