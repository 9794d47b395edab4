"""Alerts through a whole daemon: how long Alertmanager waits for its 200, and how fast what waits is delivered.

`python -m tests.bench.webhook` starts `correlator serve` without a Prometheus to read, and a receiver beside it. Posts
come at a steady rate whether or not those before were answered, each with one alert in a group of its own: the dearest
way to bring that many.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from correlator.delivery.notice import Notice
from correlator.incidents.inbox import Arrival, Inbox, Progress, Telling
from tests.bench import machine
from tests.daemons import daemon

ALERTS_PER_SECOND: Final = 200
SECONDS: Final = 20
WAITING: Final = 10_000
CONNECTIONS: Final = 16
PATH: Final = "/api/v1/alertmanager/webhook"
NOWHERE: Final = ("--prometheus-url", "http://127.0.0.1:1")
SINK: Final = "alerts/bench"


def payload(number: int) -> dict[str, Any]:
    """One alert of a pod, as Alertmanager posts it."""
    labels = {
        "alertname": "TimeToFirstTokenHigh", "namespace": "inference", "pod": f"vllm-7d9f8b6c5d-{number:05d}",
        "severity": "page", "cluster": "eu-1",
    }  # fmt: skip
    annotations = {"summary": f"p95 of {labels['pod']} is 2.4 s", "runbook_url": "https://runbooks.example/ttft"}
    alert = {
        "status": "firing", "labels": labels, "annotations": annotations, "startsAt": "2026-11-26T02:04:15.123Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus:9090/graph?g0.expr=up", "fingerprint":
        f"{number:016x}",
    }  # fmt: skip
    return {
        "version": "4", "groupKey": f'{{}}:{{pod="{labels["pod"]}"}}', "truncatedAlerts": 0, "receiver": "correlator",
        "status": "firing", "alerts": [alert], "groupLabels": {"pod": labels["pod"]}, "commonLabels": labels,
        "commonAnnotations": annotations, "externalURL": "http://alertmanager:9093",
    }  # fmt: skip


@contextmanager
def receiving() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a fast receiver, in a process of its own, that prints how many it has once its input ends."""
    command = [sys.executable, "-m", "tests.bench.webhook", "receive"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/hook", process
        finally:
            process.kill()


async def receive() -> None:
    """Answer 200 to everything, and say how many keys came whenever a line is read."""
    keys: set[bytes] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            await reader.readexactly(_number(head, b"content-length:"))
            keys.add(_value(head, b"idempotency-key:"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the parent reads it
    while await asyncio.to_thread(sys.stdin.readline):
        print(len(keys), flush=True)  # noqa: T201 - the parent reads it


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).lower()
    except asyncio.IncompleteReadError:
        return b""


def _value(head: bytes, name: bytes) -> bytes:
    return head.partition(name)[2].partition(b"\r\n")[0].strip()


def _number(head: bytes, name: bytes) -> int:
    return int(_value(head, name) or 0)


def arrived(process: "subprocess.Popen[str]") -> int:
    """How many different keys a receiver has."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


async def post_steadily(url: str, seconds: float, per_second: int) -> list[float]:
    """How long each post waited for its 200, from the moment at which it was due."""
    host, port = url.removeprefix("http://").split(":")
    bodies = [orjson.dumps(payload(number)) for number in range(round(seconds * per_second))]
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    taken: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while True:
            at, body = await due.get()
            writer.write(
                b"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (PATH.encode(), host.encode(), len(body), body)
            )
            head = await _head(reader)
            await reader.readexactly(_number(head, b"content-length:"))
            assert head.startswith(b"http/1.1 200"), head
            taken.append(time.perf_counter() - at)
            due.task_done()

    async with asyncio.TaskGroup() as group:  # a post that is refused ends the run instead of being waited for
        connections = [group.create_task(connection()) for _ in range(CONNECTIONS)]
        begin = time.perf_counter()
        for number, body in enumerate(bodies):
            at = begin + number / per_second
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due.put_nowait((at, body))
        await due.join()
        for each in connections:
            each.cancel()
    return taken


def settings_for(url: str) -> dict[str, str]:
    """A daemon that tells one receiver."""
    receivers = {SINK.partition("/")[2]: {"kind": "webhook", "url": url}}
    return {"CORRELATOR_ALERTING__WEBHOOK__RECEIVERS": json.dumps(receivers)}


def accepting(folder: Path) -> dict[str, Any]:
    """Posts at the steady rate, while all of them are delivered as well."""
    with receiving() as (url, process), daemon(folder, *NOWHERE, settings=settings_for(url)) as running:
        asyncio.run(post_steadily(running.url, 1.0, 50))
        before = busy_seconds(running.process.pid)
        taken = asyncio.run(post_steadily(running.url, SECONDS, ALERTS_PER_SECOND))
        posted = SECONDS * ALERTS_PER_SECOND
        begin = time.monotonic()
        while arrived(process) < posted and time.monotonic() - begin < 60:
            time.sleep(0.05)
        busy = busy_seconds(running.process.pid) - before
        return {"taken": percentiles(taken), "posted": posted, "delivered": arrived(process), "busy": busy}


def busy_seconds(process: int) -> float:
    """How long a process has kept cores busy so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(taken: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and the most."""
    cuts = statistics.quantiles(taken, n=100)
    return {"median": cuts[49], "p99": cuts[98], "most": max(taken)}


def fill(path: Path) -> None:
    """A store as after a night in which the receiver was down."""
    now = datetime.now(UTC)
    inbox = Inbox.open(path, "")
    for first in range(0, WAITING, 500):
        numbers = range(first, first + 500)
        told = [orjson.dumps(payload(number)) for number in numbers]
        inbox.keep(
            [
                Arrival(
                    group=f"{number:032x}", content="c", received_at=now, fingerprints=[f"{number:016x}"], body=body
                )
                for number, body in zip(numbers, told, strict=True)
            ],
            timedelta(0),
        )
        inbox.tell(
            [
                Telling(
                    sequence=each.sequence, group=each.group, revision=0, told="", progress=Progress.DONE, at=now,
                    body=Notice(
                        key=f"{each.sequence:032x}", group=each.group, revision=0, payload=orjson.loads(each.body)
                    ).packed(),
                )
                for each in inbox.pending(Progress.WAITING, 0, 500)
            ],
            [SINK],
        )  # fmt: skip
    inbox.close()


def draining(folder: Path) -> dict[str, Any]:
    """From the first delivery to the last of all that waited."""
    fill(folder / "correlator.db")
    with receiving() as (url, process), daemon(folder, *NOWHERE, settings=settings_for(url)):
        begin = time.monotonic()
        already = arrived(process)
        while (count := arrived(process)) < WAITING and time.monotonic() - begin < 300:
            time.sleep(0.02)
        return {"seconds": time.monotonic() - begin, "already": already, "delivered": count}


def measured() -> dict[str, Any]:
    """Both figures."""
    with tempfile.TemporaryDirectory() as folder:
        return {"accepting": accepting(Path(folder) / "a"), "draining": draining(Path(folder) / "b")}


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print them."""
    taken, drained = figures["accepting"], figures["draining"]
    table = Table("figure", "median", "p99", "most", title="alerts through the webhook, the whole daemon on all cores")
    milliseconds = (f"{1000 * taken['taken'][each]:,.1f} ms" for each in ("median", "p99", "most"))
    table.add_row(f"answer to a post, {ALERTS_PER_SECOND} alerts/s for {SECONDS} s", *milliseconds)
    console.print(table)
    console.print(
        f"posted {taken['posted']:,}, delivered {taken['delivered']:,}, for which the daemon kept a core busy for "
        f"{taken['busy']:.1f} s; "
        f"{drained['delivered']:,} that waited were delivered in {drained['seconds']:.1f} s",
        highlight=False,
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["receive"]:
        asyncio.run(receive())
    else:
        shown = Console(width=130)
        shown.print(machine.described(), highlight=False)
        show(shown, measured())
