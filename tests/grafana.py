"""A Grafana on a loopback port: its annotations API, by its documentation, over annotations held in memory.

`faults` says what happens to the next requests instead of an answer.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import held_by

Handler = Callable[["_Handler"], None]
PATH = "/api/annotations"


@dataclass
class FakeGrafana:
    """What it holds, by id. `token` is asked for when set."""

    url: str = ""
    token: str = ""
    annotations: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: list[Handler | None] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def hang(self, handler: "_Handler") -> None:
        """A fault: takes the request and answers nothing until released."""
        del handler
        self.hanging.set()
        self.released.wait(60.0)


def say(status: int, body: bytes, **headers: str) -> Handler:
    """A fault: this answer, whatever was asked."""
    return lambda handler: handler.answer(status, body, headers)


def keep_and_break(handler: "_Handler") -> None:
    """A fault: does what was asked, and breaks the connection instead of saying so."""
    handler.act(is_heard=False)
    handler.close_connection = True


@contextmanager
def grafana(token: str = "") -> Iterator[FakeGrafana]:
    """A running one."""
    with held_by(FakeGrafana(token=token), _Handler) as held:
        yield held


class _Handler(BaseHTTPRequestHandler):
    held: FakeGrafana
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._begin()

    def do_POST(self) -> None:
        self._begin()

    def do_PATCH(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.held.asked.append((self.command, self.path))
        fault = self.held.faults.pop(0) if self.held.faults else None
        if fault is not None:
            fault(self)
        elif self.held.token and self.headers.get("Authorization") != f"Bearer {self.held.token}":
            self._json(401, {"message": "Unauthorized"})
        else:
            self.act(is_heard=True)

    def act(self, *, is_heard: bool) -> None:
        """Do what is asked."""
        status, answer = self._done()
        if is_heard:
            self._json(status, answer)

    def _done(self) -> tuple[int, object]:
        parts = urlsplit(self.path)
        match self.command, parts.path.removeprefix(PATH):
            case "GET", "":
                query = parse_qs(parts.query)
                return 200, self._found(set(query.get("tags", [])), int(query.get("limit", ["100"])[0]))
            case "POST", "":
                return self._made(json.loads(self.body))
            case "PATCH", rest if rest.strip("/").isdigit():
                return self._changed(int(rest.strip("/")), json.loads(self.body))
        return 404, {"message": "Not found"}

    def _found(self, tags: set[str], limit: int) -> list[dict[str, Any]]:
        every = [{"id": number, **note} for number, note in self.held.annotations.items()]
        return [note for note in every if tags <= set(note["tags"])][:limit]

    def _made(self, note: dict[str, Any]) -> tuple[int, object]:
        if not note.get("text"):
            return 400, {"message": "Failed to save annotation", "error": "text field should not be empty"}
        if not isinstance(note.get("time"), int):
            return 400, {"message": "bad request data"}
        number = len(self.held.annotations) + 1
        self.held.annotations[number] = {"timeEnd": note["time"], "tags": [], **note}
        return 200, {"message": "Annotation added", "id": number}

    def _changed(self, number: int, note: dict[str, Any]) -> tuple[int, object]:
        if number not in self.held.annotations:
            return 404, {"message": "Annotation not found"}
        known: dict[str, Any] = {key: note[key] for key in note if key in {"text", "tags", "time", "timeEnd"}}
        self.held.annotations[number].update(known)
        return 200, {"message": "Annotation patched"}

    def _json(self, status: int, answer: object) -> None:
        self.answer(status, json.dumps(answer).encode(), {})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """An answer with its length."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's own signature
        """Nothing on stderr."""
