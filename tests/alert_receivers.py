"""A receiver of alerts on a loopback port: it keeps what arrives, and does what a script says instead of answering 200.

with receiver() as held:
    held.script = [status(503), status(429, retry_after="1"), garbage, slow(2.0)]
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import served_by

Fault = Callable[["_Handler"], None]


@dataclass(frozen=True)
class Arrived:
    """One request; `took` says whether it was answered with success. `at` is in epoch seconds."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes
    took: bool

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return self.headers.get("Idempotency-Key", "")

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Its body."""
        return json.loads(self.body)


@dataclass
class Held:
    """What came. `script` says what happens to the next requests, `always` to all after them."""

    url: str = ""
    answer: bytes = b"ok"
    script: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    requests: list[Arrived] = field(default_factory=list)

    @property
    def taken(self) -> list[Arrived]:
        """What was answered with success."""
        return [each for each in list(self.requests) if each.took]

    def told(self) -> Counter[tuple[str, str]]:
        """How often each pod was told of in each status, a double counting once: it has the key of the first."""
        by_key = {each.key: each.json() for each in self.taken}
        return Counter((_name(alert), alert["status"]) for body in by_key.values() for alert in body["alerts"])

    @property
    def doubles(self) -> int:
        """Deliveries that were taken more than once."""
        return len(self.taken) - len({each.key for each in self.taken})


def _name(alert: Mapping[str, Any]) -> str:
    labels: Mapping[str, str] = alert["labels"]
    return labels.get("pod") or labels["app"]


def status(code: int, **headers: str) -> Fault:
    """An answer that is no success; names of headers with `_` for `-`."""
    return lambda handler: handler.answer(code, b"no", headers)


def garbage(handler: "_Handler") -> None:
    """What is no HTTP."""
    handler.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")
    handler.close_connection = True


def slow(seconds: float) -> Fault:
    """Success, but late."""

    def answer(handler: "_Handler") -> None:
        time.sleep(seconds)
        handler.answer(200, b"ok", {})

    return answer


def hang_up(handler: "_Handler") -> None:
    """No answer at all."""
    handler.connection.shutdown(2)
    handler.close_connection = True


@contextmanager
def receiver(port: int = 0) -> Iterator[Held]:
    """A running one, on a free port unless told."""
    held = Held()
    with served_by(type("Handler", (_Handler,), {"held": held, "lock": threading.Lock()}), port) as address:
        held.url = f"http://{address}/hook"
        yield held


class _Handler(BaseHTTPRequestHandler):
    held: Held
    lock: threading.Lock
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            fault = self.held.script.pop(0) if self.held.script else self.held.always
            self.held.requests.append(
                Arrived(time.time(), self.path, dict(self.headers.items()), body, took=fault is None)
            )
        if fault is None:
            self.answer(200, self.held.answer, {})
        else:
            fault(self)

    def do_PUT(self) -> None:
        self.do_POST()

    def answer(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        """An answer with its length."""
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's own signature
        """Nothing on stderr."""
