"""A Kubernetes API of our own: versions, pages, a history that is compacted, watches, bookmarks; faults by script.

`Api` is the server's state, without a network. `serving(api)` puts it on a loopback port.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from correlator.kubernetes.errors import AbsentError, BusyError, GoneError
from tests.kubernetes_events import checked_event, checked_patch, events_path

Object = dict[str, Any]
Fault = Callable[["Handler"], None]
PATHS = (
    "/api/v1/pods",
    "/api/v1/nodes",
    "/api/v1/namespaces",
    "/api/v1/persistentvolumes",
    "/api/v1/persistentvolumeclaims",
    "/apis/apps/v1/replicasets",
    "/apis/batch/v1/jobs",
    "/apis/storage.k8s.io/v1/volumeattachments",
)


class Status(Exception):  # noqa: N818 - the API's own word
    """An answer that is no success."""

    def __init__(self, code: int, message: str = "") -> None:
        """With HTTP's code."""
        super().__init__(message)
        self.code = code
        self.body = {"kind": "Status", "code": code, "message": message or f"scripted {code}"}


@dataclass
class Api:
    """Objects by path and uid. `absent` are paths that the server does not know; `token` is asked for when set."""

    absent: set[str] = field(default_factory=set)
    token: str = ""
    version: int = 100
    oldest: int = 0
    objects: dict[str, dict[str, Object]] = field(default_factory=lambda: {path: {} for path in PATHS})
    history: list[tuple[int, str, str, Object]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    bookmark_seconds: float = 60.0
    events: dict[str, Object] = field(default_factory=dict)

    def put(self, path: str, item: Object) -> None:
        """Make or change an object."""
        with self.changed:
            known = self.objects.setdefault(path, {})
            uid = item["metadata"]["uid"]
            kind = "MODIFIED" if uid in known else "ADDED"
            known[uid] = self._stamped(item)
            self.history.append((self.version, path, kind, known[uid]))
            self.changed.notify_all()

    def one(self, path: str) -> Object:
        """A pod or an Event by its own path."""
        with self.changed:
            if path in self.events:
                return self.events[path]
            for pod in self.objects["/api/v1/pods"].values():
                meta = pod["metadata"]
                if path == f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}":
                    return pod
            raise Status(404, f"{path.rpartition('/')[2]} not found")

    def write(self, method: str, path: str, body: Object | None) -> tuple[int, Object]:
        """Make an Event, or change one; None: in a format that is not known."""
        if body is None:
            raise Status(415, "the body of the request was in an unknown format")
        with self.changed:
            if method == "POST":
                namespace = events_path(path)
                if namespace is None:
                    raise Status(404, "the server could not find the requested resource")
                if problem := checked_event(body, namespace):
                    raise Status(422, problem)
                path = f"{path}/{body['metadata']['name']}"
                if path in self.events:
                    raise Status(409, "events already exists")
                self.events[path] = self._stamped(body)
                return 201, self.events[path]
            if path not in self.events:
                raise Status(404, "events not found")
            changed = {**self.events[path], **body}
            if problem := checked_patch(self.events[path], changed):
                raise Status(422, problem)
            self.events[path] = self._stamped(changed)
            return 200, self.events[path]

    def delete(self, path: str, uid: str) -> None:
        """Delete an object."""
        with self.changed:
            item = self._stamped(self.objects[path].pop(uid))
            self.history.append((self.version, path, "DELETED", item))
            self.changed.notify_all()

    def compact(self) -> None:
        """Forget the history up to now: what asks for it gets 410, continue tokens too."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.history.clear()

    def page(self, path: str, query: Mapping[str, str]) -> Object:
        """A page. A token tells its version and where to go on."""
        with self.changed:
            if path not in self.objects or path in self.absent:
                raise Status(404, "the server could not find the requested resource")
            version, _, after = query.get("continue", f"{self.version}:").partition(":")
            if int(version) < self.oldest:
                raise Status(410, "The provided continue parameter is too old")
            items = [self.objects[path][uid] for uid in sorted(self.objects[path]) if uid > after]
            limit = int(query.get("limit", 0)) or len(items)
            token = f"{version}:{items[limit - 1]['metadata']['uid']}" if len(items) > limit else ""
            return {
                "kind": "List",
                "metadata": {"resourceVersion": version, "continue": token},
                "items": json.loads(json.dumps(items[:limit])),
            }

    def admit(self, authorization: str) -> None:
        """Refuse who does not know the token."""
        scheme, _, token = authorization.partition(" ")
        if self.token and (scheme.lower(), token) != ("bearer", self.token):
            raise Status(401, "Unauthorized")

    def since(self, path: str, version: int) -> list[tuple[int, Object]]:
        """(version, event) of changes after a version."""
        if path in self.absent:
            raise Status(404)
        if version < self.oldest:
            raise Status(410, "too old resource version")
        return [
            (at, {"type": kind, "object": item}) for at, of, kind, item in self.history if at > version and of == path
        ]

    def bookmark(self) -> Object:
        """An event that tells the newest version."""
        return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(self.version)}}}

    def _stamped(self, item: Object) -> Object:
        self.version += 1
        return {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}


class Server(ThreadingHTTPServer):
    """Answers for an Api. `faults` maps a path to what happens to its next requests; None: nothing odd."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, api: Api, certificate: Path | None = None) -> None:
        """On a free loopback port; with TLS where a file with certificate and key is given."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.api = api
        self.faults: dict[str, list[Fault | None]] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The address."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is none of ours."""


class Handler(BaseHTTPRequestHandler):
    """Lists and watches."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """A list or a watch."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query, self.headers.get("Accept", "")))
        waiting = self.server.faults.get(parts.path)
        fault = waiting.pop(0) if waiting else None
        if fault is not None:
            fault(self)
            return
        api = self.server.api
        try:
            api.admit(self.headers.get("Authorization", ""))
            if query.get("watch") == "true":
                self._watch(parts.path, query)
            elif "/namespaces/" in parts.path:
                self.send_body(200, json.dumps(api.one(parts.path)).encode())
            else:
                self.send_body(200, json.dumps(api.page(parts.path, query)).encode())
        except Status as status:
            self.send_body(status.code, json.dumps(status.body).encode())

    def do_POST(self) -> None:
        """An Event is made."""
        self._write("application/json")

    def do_PATCH(self) -> None:
        """An Event is changed."""
        self._write("application/merge-patch+json")

    def _write(self, kind: str) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, {}, self.command))
        waiting = self.server.faults.get(self.path)
        fault = waiting.pop(0) if waiting else None
        if fault is not None:
            fault(self)
            return
        try:
            self.server.api.admit(self.headers.get("Authorization", ""))
            told = json.loads(body) if self.headers.get("Content-Type") == kind else None
            code, made = self.server.api.write(self.command, self.path, told)
            self.send_body(code, json.dumps(made).encode())
        except Status as status:
            self.send_body(status.code, json.dumps(status.body).encode())

    def send_body(self, code: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        """The head of an answer that goes on."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """A piece of it; nothing ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def event(self, event: Object) -> None:
        """A line."""
        self.chunk(json.dumps(event).encode() + b"\n")

    def _watch(self, path: str, query: Mapping[str, str]) -> None:
        api, version = self.server.api, int(query["resourceVersion"])
        until = time.monotonic() + float(query["timeoutSeconds"])
        with api.changed:
            found = api.since(path, version)
        self.begin_stream()
        while not self.server.stopping.is_set() and time.monotonic() < until:
            for at, event in found:
                self.event(event)
                version = at
            with api.changed:
                if not api.since(path, version):
                    api.changed.wait(min(api.bookmark_seconds, until - time.monotonic(), 0.5))
                try:
                    found = api.since(path, version)
                except Status as status:
                    self.event({"type": "ERROR", "object": status.body})
                    break
                marked = None if found else api.bookmark()
                version = version if found else api.version
            if marked and query.get("allowWatchBookmarks") == "true":
                self.event(marked)
        self.chunk(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(api: Api, certificate: Path | None = None) -> Iterator[Server]:
    """The Api on a loopback port."""
    server = Server(api, certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        with api.changed:
            api.changed.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Direct:
    """A transport that asks an Api without a network: a watch tells what has happened, and ends."""

    api: Api
    garbled: bool = False

    def get(self, path: str, query: Mapping[str, str | int], _accept: str) -> dict[str, Any]:
        """A page; errors as the connection makes them."""
        with _ours():
            return self.api.page(path, {name: str(value) for name, value in query.items()})

    def lines(
        self, path: str, query: Mapping[str, str | int], _accept: str, _silence_seconds: float
    ) -> Generator[bytes]:
        """The events so far and a bookmark; one that cannot be read first when `garbled`."""
        if self.garbled:
            self.garbled = False
            yield b'{"type":"MODIFIED","object":{"metad'
        with _ours():
            events = self.api.since(path, int(query["resourceVersion"]))
        yield from (json.dumps(event).encode() for _, event in events)
        yield json.dumps(self.api.bookmark()).encode()

    def close(self) -> None:
        """Nothing to end."""


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except Status as status:
        kinds = {410: GoneError, 404: AbsentError}
        raise kinds.get(status.code, BusyError)(str(status)) from status


def kubeconfig(url: str, token: str = "") -> str:
    """A kubeconfig file for a server."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": url}}],
            "users": [{"name": "test", "user": {"token": token} if token else {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
    )


def pod(name: str, namespace: str = "ai", *, uid: str = "", node: str = "n1", **more: Any) -> Object:  # noqa: ANN401 - JSON
    """A v1 Pod. `more`: owner=(kind, name, uid), claims={volume: claim}, placed, started, finished, annotations."""
    kind, owner, owner_uid = more.get("owner", ("", "", ""))
    owners = [{"kind": kind, "name": owner, "uid": owner_uid, "controller": True}] if kind else []
    placed = more.get("placed", "2026-01-01T00:00:10Z")
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-{namespace}-{name}",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": owners,
            "annotations": more.get("annotations", {}),
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": "main", "image": "main:1"}],
            "priorityClassName": more.get("priority_class", ""),
            "volumes": [
                {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
                for volume, claim in more.get("claims", {}).items()
            ]
            + [{"name": "scratch", "emptyDir": {}}],
        },
        "status": {
            "hostIP": "10.0.0.1" if node else "",
            "startTime": more.get("started", placed),
            "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": placed}] if node else [],
            **_phase(more.get("finished", "")),
        },
    }


def _phase(finished: str) -> Object:
    """Status of a pod that runs, or whose only container ended."""
    container = {"name": "main", "image": "main:1", "imageID": "main@1", "ready": not finished, "restartCount": 0}
    if not finished:
        return {"phase": "Running", "containerStatuses": [{**container, "state": {"running": {}}}]}
    ended = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": finished}}
    return {"phase": "Succeeded", "containerStatuses": [{**container, "state": ended}]}


def named(name: str, namespace: str = "", **more: Any) -> Object:  # noqa: ANN401 - JSON
    """Any other object: `more` are its spec, status, labels and the like."""
    meta = {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T00:00:00Z"}
    place = {"namespace": namespace} if namespace else {}
    inside = {key: more.pop(key) for key in ("labels", "ownerReferences") if key in more}
    return {"metadata": {**meta, **place, **inside}, **more}
