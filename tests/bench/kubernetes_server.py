"""A loopback Kubernetes API with 150,000 pods: pages are made when they are asked for, watches say nothing.

`python -m tests.bench.kubernetes_server` prints its port and serves until its input ends.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.bench import machine

CREATED = "2026-11-01T10:00:00Z"
ENVIRONMENT = 30


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are of each kind; every claim has its own volume and attachment."""

    pods: int = 150_000
    nodes: int = 2_000
    claims: int = 20_000
    replica_sets: int = 50_000
    jobs: int = 5_000
    namespaces: int = 500


SIZE = Size()


def uid(kind: int, index: int) -> str:
    """As long as a real one."""
    return f"{index:08x}-{kind:04x}-4000-8000-{index * 2654435761 % 2**48:012x}"


def meta(kind: int, index: int, name: str, namespace: str = "") -> dict[str, Any]:
    """Metadata with what the server's own bookkeeping adds."""
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, "uid": uid(kind, index), "resourceVersion": str(index), "creationTimestamp": CREATED, **place}


def namespace_of(pod: int) -> str:
    """The namespace of a pod."""
    return f"team-{pod % SIZE.namespaces:03d}"


@cache
def _fixed() -> Mapping[str, orjson.Fragment]:
    """What every pod has alike, as JSON: much of it is never read."""
    environment = [{"name": f"VARIABLE_{index}", "value": "x" * 20} for index in range(ENVIRONMENT)]
    container = {"name": "main", "image": "registry.example.com/team/service:1.2.3", "env": environment}
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": CREATED}
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    fields = {"manager": "kubelet", "operation": "Update", "fieldsV1": {f"f:field-{n}": {} for n in range(40)}}
    access = {"name": "kube-api-access", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    parts = {
        "containers": [container],
        "conditions": conditions,
        "managedFields": [fields],
        "access": access,
    }
    return {name: orjson.Fragment(orjson.dumps(part)) for name, part in parts.items()}


def pod(index: int) -> dict[str, Any]:
    """A pod of a ReplicaSet; the first ones have claims."""
    owner = index % SIZE.replica_sets
    name, node = f"service-{owner:05d}-7d9c8b6f5-{index:06d}", index % SIZE.nodes
    fixed = _fixed()
    volumes: list[Any] = [fixed["access"]]
    if index < SIZE.claims:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}})
    owners = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name[:-7], "uid": uid(6, owner), "controller": True}
    ]
    return {
        "metadata": {
            **meta(1, index, name, namespace_of(index)),
            "labels": {"app": f"service-{owner:05d}", "pod-template-hash": "7d9c8b6f5"},
            "annotations": {"kubectl.kubernetes.io/restartedAt": CREATED},
            "ownerReferences": owners,
            "managedFields": fixed["managedFields"],
        },
        "spec": {
            "nodeName": f"worker-{node:04d}",
            "priorityClassName": "high" if index % 10 else "",
            "containers": fixed["containers"],
            "volumes": volumes,
        },
        "status": {
            "phase": "Running",
            "hostIP": f"10.{node // 250}.{node % 250}.1",
            "podIP": f"10.244.{index % 250}.{index // 1000}",
            "startTime": CREATED,
            "conditions": fixed["conditions"],
        },
    }


def claim(index: int) -> dict[str, Any]:
    """The claim of a pod."""
    name = f"data-{pod(index)['metadata']['name']}"
    spec = {"volumeName": f"pvc-{uid(2, index)}", "storageClassName": "fast", "volumeMode": "Filesystem"}
    return {"metadata": meta(2, index, name, namespace_of(index)), "spec": spec}


def volume(index: int) -> dict[str, Any]:
    """Where it lives."""
    csi = {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-{index:017x}"}
    return {"metadata": meta(3, index, f"pvc-{uid(2, index)}"), "spec": {"storageClassName": "fast", "csi": csi}}


def attachment(index: int) -> dict[str, Any]:
    """Where it is attached."""
    source = {"persistentVolumeName": f"pvc-{uid(2, index)}"}
    spec = {"attacher": "ebs.csi.aws.com", "nodeName": f"worker-{index % SIZE.nodes:04d}", "source": source}
    return {"metadata": meta(4, index, f"csi-{index:064x}"), "spec": spec}


def node(index: int) -> dict[str, Any]:
    """A node."""
    address = {"type": "InternalIP", "address": f"10.{index // 250}.{index % 250}.1"}
    return {"metadata": meta(5, index, f"worker-{index:04d}"), "status": {"addresses": [address]}}


def replica_set(index: int) -> dict[str, Any]:
    """Metadata of a ReplicaSet."""
    owners = [{"kind": "Deployment", "name": f"service-{index:05d}", "uid": uid(8, index), "controller": True}]
    name = f"service-{index:05d}-7d9c8b6f5"
    return {"metadata": {**meta(6, index, name, namespace_of(index)), "ownerReferences": owners}}


def job(index: int) -> dict[str, Any]:
    """Metadata of a Job that a CronJob has made and not cleared away yet."""
    owners = [{"kind": "CronJob", "name": f"nightly-{index // 4:04d}", "uid": uid(9, index // 4), "controller": True}]
    name = f"nightly-{index // 4:04d}-{29_400_000 + index % 4 * 1440}"
    return {"metadata": {**meta(10, index, name, namespace_of(index // 4)), "ownerReferences": owners}}


def namespace(index: int) -> dict[str, Any]:
    """Metadata of a namespace."""
    return {"metadata": {**meta(7, index, f"team-{index:03d}"), "labels": {"tier": "deterministic"}}}


OBJECTS: Mapping[str, tuple[Callable[[int], dict[str, Any]], int]] = {
    "/api/v1/pods": (pod, SIZE.pods),
    "/api/v1/persistentvolumeclaims": (claim, SIZE.claims),
    "/api/v1/persistentvolumes": (volume, SIZE.claims),
    "/api/v1/nodes": (node, SIZE.nodes),
    "/api/v1/namespaces": (namespace, SIZE.namespaces),
    "/apis/apps/v1/replicasets": (replica_set, SIZE.replica_sets),
    "/apis/batch/v1/jobs": (job, SIZE.jobs),
    "/apis/storage.k8s.io/v1/volumeattachments": (attachment, SIZE.claims),
}


class Handler(BaseHTTPRequestHandler):
    """Lists by pages; a watch is held open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as servers do that mean it
    ending = threading.Event()

    def do_GET(self) -> None:
        """A page, or silence."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "watch" in query:
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.ending.wait(float(query["timeoutSeconds"]))
            self.close_connection = True
        elif parts.path in OBJECTS:
            self._send(200, page(parts.path, int(query.get("continue", 0)), int(query["limit"])))
        else:
            self._send(404, b"{}")

    def _send(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def page(path: str, first: int, limit: int) -> bytes:
    """Objects from `first` on."""
    make, count = OBJECTS[path]
    stop = min(first + limit, count)
    told = {"resourceVersion": "1000000", **({"continue": str(stop)} if stop < count else {})}
    return orjson.dumps({"kind": "List", "metadata": told, "items": [make(index) for index in range(first, stop)]})


def main() -> None:
    """Serve on a free port."""
    machine.other_cores()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()


if __name__ == "__main__":
    main()
