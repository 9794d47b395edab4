"""Alertmanagers for tests, on loopback ports: Debian's own, and one that goes wrong as it is told."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.lab.servers import free_port, wait_until_ready
from tests.loopback import held_by

QUIET = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@contextmanager
def alertmanager(folder: Path, *, config: str = QUIET, arguments: Iterable[str] = ()) -> Iterator[str]:
    """Run one with its files in `folder` and yield its URL once it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, log, url = folder / "alertmanager.yml", folder / "alertmanager.log", f"http://127.0.0.1:{free_port()}"
    settings.write_text(config)
    command = [
        "prometheus-alertmanager",
        f"--config.file={settings}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        *(arguments or ["--cluster.listen-address="]),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(f"{url}/-/ready", "Alertmanager", log)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def post_alerts(url: str, alerts: Iterable[Mapping[str, Any]] | bytes, timeout_seconds: float = 30) -> int:
    """Send alerts as Prometheus does; the status of the answer."""
    body = alerts if isinstance(alerts, bytes) else json.dumps(list(alerts)).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v2/alerts", data=body, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310 - loopback
        return int(answer.status)


def alerts_of(url: str) -> list[dict[str, Any]]:
    """What an Alertmanager holds."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=30) as answer:  # noqa: S310 - loopback
        held: list[dict[str, Any]] = json.load(answer)
    return held


Fault = Callable[["_Handler"], None]


@dataclass
class FakeAlertmanager:
    """One that goes wrong as it is told: `fault` is what happens to every request, None: it is taken."""

    url: str = ""
    fault: Fault | None = None
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def hang(self, handler: "_Handler") -> None:
        """A fault: takes the request and answers once released."""
        self.hanging.set()
        self.released.wait(60.0)
        handler.answer(200)


def answering(status: int, text: str = "") -> Fault:
    """A fault: this answer."""
    return lambda handler: handler.answer(status, text.encode())


def garbage(handler: "_Handler") -> None:
    """A fault: no HTTP."""
    handler.wfile.write(b"\x00\x01 nonsense\r\n\r\n")
    handler.close_connection = True


def hang_up(handler: "_Handler") -> None:
    """A fault: no answer at all."""
    handler.connection.shutdown(2)
    handler.close_connection = True


@contextmanager
def fake_alertmanager(fault: Fault | None = None) -> Iterator[FakeAlertmanager]:
    """A running one."""
    with held_by(FakeAlertmanager(fault=fault), _Handler) as held:
        yield held


class _Handler(BaseHTTPRequestHandler):
    held: FakeAlertmanager
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.held.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.held.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        (self.held.fault or answering(200))(self)

    def do_GET(self) -> None:
        (self.held.fault or answering(200, "OK"))(self)

    def answer(self, status: int, body: bytes = b"") -> None:
        """An answer with its length."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's own signature
        """Nothing on stderr."""
