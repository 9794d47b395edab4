"""A Prometheus made of a dictionary, on a real loopback port: tests of the HTTP side patch nothing.

It keeps to the documented envelope (prometheus.io/docs/prometheus/latest/querying/api): parameters from URL or form
body, `status`, `data.resultType`, values as strings, `errorType` and `error` beside a 4xx, `warnings` and `infos`, no
more than 11,000 points for a series. `replies` are sent as they are, before anything is answered.

What others do differently is recorded here as well: `THANOS_BUILD` and `MIMIR_BUILD` as their build information reads
(thanos-io/thanos pkg/api/api.go, grafana/mimir pkg/api/handlers.go), `prefix` and `tenant_header` of Mimir, whose
answer to a question without tenant is HTTP 401 in plain text, and `hides_seconds` of VictoriaMetrics' instant queries.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROMETHEUS_BUILD = {"version": "2.42.0", "revision": "225c61122", "goVersion": "go1.19.8"}
THANOS_BUILD = {"version": "0.39.2", "revision": "68a5c2d", "goVersion": "go1.24.4"}
MIMIR_BUILD = {"application": "Grafana Mimir", "version": "2.16.0", "revision": "e7e4d09", "features": {}}
POINTS_MAXIMUM = 11_000
TOO_MANY_POINTS = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution"


@dataclass(frozen=True)
class Reply:
    """An answer as it goes over the wire. `cut` bytes are missing at its end, though its length promises them.

    Status 0 is no answer: the server hangs up.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut: int = 0


NOT_FOUND = Reply(b"404 page not found\n", 404, {"Content-Type": "text/plain"})


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    url_parameters: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class FakePrometheus:
    """What the server knows: for each query its series, a list of (labels, {timestamp: value as text}).

    `failing` has the queries that it refuses, each with its reply.
    """

    url: str = ""
    now: float = 1_000_000.0
    runtime: Mapping[str, str] = field(default_factory=dict)
    build: Mapping[str, Any] = field(default_factory=lambda: PROMETHEUS_BUILD)
    prefix: str = ""
    tenant_header: str = ""
    hides_seconds: float = 0.0
    series: dict[str, list[tuple[dict[str, str], dict[int, str]]]] = field(default_factory=dict)
    failing: dict[str, Reply] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def reply_to(self, asked: Asked) -> Reply:
        """The next scripted reply, else what Prometheus would say."""
        self.asked.append(asked)
        if self.replies:
            return self.replies.pop(0)
        if not asked.path.startswith(f"{self.prefix}/api/v1/"):
            return NOT_FOUND
        if self.tenant_header and self.tenant_header not in asked.headers:
            return Reply(b"no org id\n", 401, {"Content-Type": "text/plain"})
        return self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        parameters = {**asked.url_parameters, **asked.form}
        match asked.path.removeprefix(f"{self.prefix}/api/v1"):
            case "/status/buildinfo":
                return success(dict(self.build))
            case "/status/runtimeinfo":
                return success(dict(self.runtime))
            case "/query" if parameters["query"] == "time()":
                return success({"resultType": "scalar", "result": [self.now, str(self.now - self.hides_seconds)]})
            case "/query_range":
                return self._range(parameters)
            case _:
                return NOT_FOUND

    def _range(self, parameters: Mapping[str, str]) -> Reply:
        start, end, step = (int(parameters[name]) for name in ("start", "end", "step"))
        if (end - start) // step > POINTS_MAXIMUM:
            return failure(400, "bad_data", TOO_MANY_POINTS)
        if parameters["query"] in self.failing:
            return self.failing[parameters["query"]]
        steps = range(start, end + 1, step)
        result = [
            {"metric": labels, "values": [[at, samples[at]] for at in steps if at in samples]}
            for labels, samples in self.series.get(_without_choice(parameters["query"]), [])
        ]
        return success({"resultType": "matrix", "result": [row for row in result if row["values"]]}, self.extras)


def success(data: Any, extras: Mapping[str, Any] | None = None) -> Reply:  # noqa: ANN401 - JSON
    """The envelope of an answer."""
    body = json.dumps({"status": "success", "data": data, **(extras or {})}).encode()
    return Reply(body, 200, {"Content-Type": "application/json"})


def failure(status: int, kind: str, text: str) -> Reply:
    """The envelope of a refusal."""
    body = json.dumps({"status": "error", "errorType": kind, "error": text}).encode()
    return Reply(body, status, {"Content-Type": "application/json"})


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what tests do."""


@contextmanager
def serving(fake: FakePrometheus, tls: ssl.SSLContext | None = None) -> Iterator[FakePrometheus]:
    """Serve the fake on a loopback port of the kernel's choice; `fake.url` has it."""
    server = _QuietServer(("127.0.0.1", 0), _handler(fake))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(fake: FakePrometheus) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest's output belongs to the tests."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            url = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=url.path,
                url_parameters=_flat(url.query),
                form=_flat(self.rfile.read(length).decode()),
                headers=dict(self.headers.items()),
            )
            with lock:
                reply = fake.reply_to(asked)
            time.sleep(reply.delay_seconds)
            if not reply.status:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) - reply.cut])
            self.close_connection = self.close_connection or bool(reply.cut)

    return Handler


def _without_choice(query: str) -> str:
    """The left side of `(…) and on (instance) (…)`: our few targets are always the chosen ones."""
    return query[1:].partition(") and on (instance) (")[0] if ") and on (instance) (" in query else query


def _flat(encoded: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
