"""A Loki on a loopback port: the part of its HTTP API that we ask, by its documentation, over lines held in memory.

Queries are really evaluated: selectors with exact and regular matchers, label filters (which see structured metadata
too), `|~`, and `sum by (…) (count_over_time(… [60s]))` over (t − 60 s, t] at every step. Errors are plain text.
Pushes are taken as the documentation has them, and refused where they are not so; an entry with the time and the text
of one that its stream has already is not kept twice. `faults` says what happens to the next requests instead.
"""

import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import held_by

NANOSECONDS = 10**9
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_MATCHER = re.compile(rf"([a-zA-Z_]\w*)\s*(=~|=)\s*({_QUOTED})")
_LOG = re.compile(rf"\{{([^{{}}]*)\}}((?:\s*\|\s*[a-zA-Z_]\w*\s*=~?\s*{_QUOTED})*)(?:\s*\|~\s*({_QUOTED}))?")
_METRIC = re.compile(r"sum by \(([\w, ]+)\) \(count_over_time\((.*) \[(\d+)s\]\)\)", re.DOTALL)

Handler = Callable[["_Handler"], None]


@dataclass(frozen=True)
class Entry:
    """A line with its stream's labels and its structured metadata."""

    at: float
    line: str
    stream: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeLoki:
    """What it holds and what it was asked. `tenant`: the only one it answers, as one with several tenants does."""

    url: str = ""
    tenant: str = ""
    entries: list[Entry] = field(default_factory=list)
    faults: list[Handler | None] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    pushes: int = 0
    allows_metadata: bool = True
    forgets_to_answer: int = 0  # so many pushes are kept, and never answered
    hanging: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def write(self, pod: str, at: float, line: str, *, namespace: str = "inference") -> None:
        """A line as Promtail and Alloy label it."""
        self.entries.append(Entry(at, line, {"namespace": namespace, "pod": pod, "container": "main"}))

    def keep(self, entries: list[Entry]) -> None:
        """Add what is not there yet."""
        self.entries += [entry for entry in entries if entry not in self.entries]

    def queries(self) -> list[str]:
        """The LogQL that was asked."""
        return [parameters["query"] for path, parameters in self.asked if path.endswith("query_range")]

    def lines(self) -> list[dict[str, Any]]:
        """What was pushed and kept, in the order of its arrival."""
        return [json.loads(entry.line) for entry in self.entries]

    def hang(self, handler: "_Handler") -> None:
        """A fault: takes the request and answers nothing until released."""
        del handler
        self.hanging.set()
        self.released.wait(60.0)


def refuse(status: int, text: str) -> Handler:
    """A fault: an error as Loki words it, as plain text."""
    return lambda handler: handler.answer(status, text.encode(), "text/plain; charset=utf-8")


def say(body: bytes, **headers: str) -> Handler:
    """A fault: this body with status 200."""
    return lambda handler: handler.answer(200, body, "application/json", headers)


@contextmanager
def loki(tenant: str = "") -> Iterator[FakeLoki]:
    """A running one."""
    with held_by(FakeLoki(tenant=tenant), _Handler) as held:
        yield held


class _Handler(BaseHTTPRequestHandler):
    held: FakeLoki
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        parameters = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if not self._is_let_in(parts.path, parameters):
            return
        if parts.path == "/loki/api/v1/labels":
            self._data(_labels(self.held.entries, parameters))
        elif parts.path == "/loki/api/v1/query_range":
            self._query(parameters)
        else:
            refuse(404, "404 page not found\n")(self)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._is_let_in(self.path, {}):
            return
        if self.path != "/loki/api/v1/push":
            refuse(404, "404 page not found\n")(self)
            return
        self.held.pushes += 1
        try:
            self.held.keep(_pushed(body, dict(self.headers.items()), allows_metadata=self.held.allows_metadata))
        except (ValueError, KeyError, TypeError) as error:
            refuse(400, f"{error}\n")(self)
        else:
            if self.held.pushes <= self.held.forgets_to_answer:
                self.held.hang(self)
            self.answer(204, b"", "text/plain")

    def _is_let_in(self, path: str, parameters: dict[str, str]) -> bool:
        """Whether nothing else happens to the request."""
        self.held.asked.append((path, parameters))
        self.held.headers.append(dict(self.headers.items()))
        fault = self.held.faults.pop(0) if self.held.faults else None
        if fault is None and self.held.tenant and self.headers.get("X-Scope-OrgID") != self.held.tenant:
            fault = refuse(401, "no org id\n")
        if fault is not None:
            fault(self)
        return fault is None

    def _query(self, parameters: dict[str, str]) -> None:
        try:
            self._data(_answer(self.held.entries, parameters))
        except ValueError as error:
            refuse(400, f"parse error at line 1, col 1: syntax error: {error}")(self)

    def _data(self, data: object) -> None:
        self.answer(200, json.dumps({"status": "success", "data": data}).encode(), "application/json; charset=UTF-8")

    def answer(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        """An answer with its length."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's own signature
        """Nothing on stderr."""


def _pushed(body: bytes, headers: Mapping[str, str], *, allows_metadata: bool) -> list[Entry]:
    """The entries of a push; ValueError and the like for what Loki refuses."""
    if headers.get("Content-Type") != "application/json":
        raise ValueError("snappy: corrupt input")  # anything else is taken for protocol buffers
    text = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
    found = []
    for stream in json.loads(text)["streams"]:
        labels = stream["stream"]
        if not labels or not all(isinstance(value, str) and value for value in labels.values()):
            raise ValueError("error at least one label pair is required per stream")
        for at, line, *metadata in stream["values"]:
            if not isinstance(at, str) or not at.isdigit() or not isinstance(line, str):
                raise ValueError("Value looks like Number/Boolean/None, but can't find its end")
            if metadata and not allows_metadata:
                raise ValueError("stream has structured metadata, but structured metadata is disallowed")
            if metadata and not all(isinstance(value, str) for value in metadata[0].values()):
                raise ValueError("Value is not a string")
            found.append(Entry(int(at) / NANOSECONDS, line, labels, *metadata))
    return found


def _labels(entries: list[Entry], parameters: Mapping[str, str]) -> list[str]:
    start, end = int(parameters["start"]), int(parameters["end"])
    return sorted({name for entry in entries if start <= entry.at * NANOSECONDS <= end for name in entry.stream})


def _answer(entries: list[Entry], parameters: Mapping[str, str]) -> dict[str, Any]:
    start, end = int(parameters["start"]), int(parameters["end"])
    metric = _METRIC.fullmatch(parameters["query"])
    if metric is None:
        return _streams(_chosen(entries, parameters["query"]), start, end, parameters)
    by, log, seconds = metric.groups()
    series = _matrix(_chosen(entries, log), by.split(", "), int(seconds), (start, end, int(parameters["step"])))
    return {"resultType": "matrix", "result": series, "stats": {}}


def _chosen(entries: list[Entry], query: str) -> list[Entry]:
    log = _LOG.fullmatch(query)
    if log is None:
        raise ValueError(f"unexpected {query!r}")
    if re.search(r"\\u[dD][89a-fA-F]", query):
        raise ValueError("invalid char escape")  # half a character is none in Go
    selector, filters, pattern = log.groups()
    matchers = _MATCHER.findall(selector)
    if not matchers:
        raise ValueError("queries require at least one regexp or equality matcher")
    found = [entry for entry in entries if all(_fits(entry.stream, *matcher) for matcher in matchers)]
    for matcher in _MATCHER.findall(filters):
        found = [entry for entry in found if _fits({**entry.metadata, **entry.stream}, *matcher)]
    return [entry for entry in found if pattern is None or re.search(json.loads(pattern), entry.line)]


def _fits(labels: Mapping[str, str], name: str, operator: str, quoted: str) -> bool:
    wanted = json.loads(quoted)
    value = labels.get(name, "")
    return re.fullmatch(wanted, value) is not None if operator == "=~" else value == wanted


def _streams(entries: list[Entry], start: int, end: int, parameters: Mapping[str, str]) -> dict[str, Any]:
    inside = [entry for entry in entries if start <= entry.at * NANOSECONDS < end]
    backward = parameters.get("direction", "backward") == "backward"
    inside.sort(key=lambda entry: entry.at, reverse=backward)
    streams: dict[tuple[tuple[str, str], ...], list[list[str]]] = {}
    for entry in inside[: int(parameters.get("limit", "100"))]:
        stream = tuple(sorted({**entry.metadata, **entry.stream}.items()))
        streams.setdefault(stream, []).append([str(round(entry.at * NANOSECONDS)), entry.line])
    result = [{"stream": dict(stream), "values": values} for stream, values in streams.items()]
    return {"resultType": "streams", "result": result, "stats": {}}


def _matrix(entries: list[Entry], by: list[str], seconds: int, times: tuple[int, int, int]) -> list[dict[str, Any]]:
    start, end, step = times[0] // NANOSECONDS, times[1] // NANOSECONDS, times[2]
    groups: dict[tuple[str, ...], list[float]] = {}
    for entry in entries:
        labels = {**entry.metadata, **entry.stream}
        groups.setdefault(tuple(labels.get(name, "") for name in by), []).append(entry.at)
    series = []
    for group, moments in sorted(groups.items()):
        counts = {t: sum(t - seconds < at <= t for at in moments) for t in range(start, end + 1, step)}
        values = [[t, str(count)] for t, count in counts.items() if count]
        metric = {name: value for name, value in zip(by, group, strict=True) if value}
        if values:
            series.append({"metric": metric, "values": values})
    return series
