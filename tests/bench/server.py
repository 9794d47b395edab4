"""A loopback Prometheus that serves a cluster of `cluster`: bodies are made once for each question and kept.

`python -m tests.bench.server NODES DISKS VICTIMS_PER_NODE` prints its port and serves until its input ends.
"""

import re
import sys
import threading
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

import numpy as np
import orjson

from correlator.catalog.loader import load
from tests.bench import machine
from tests.bench.cluster import Shape, cluster
from tests.bench.series import Rows, Series, beating
from tests.narrowing import Narrow
from tests.played import with_vllm

Question: TypeAlias = tuple[str, float, float, float]
"""(query, start, end, step)"""

KEPT_BODIES = 256
ON_INSTANCES = re.compile(r"\((?P<query>.*)\) and on \(instance\) \((?P<named>.*)\)")
INSTANCE = re.compile(r'"instance", "(?P<instance>[^"]*)"')
SELF = "kube-state-metrics itself"
BUNDLE = re.compile(r'by \(__name__, .*\{__name__=~"(?P<metrics>[\w|]+)"')
METRIC = re.compile(r"(?:container|node|kube)_\w+")


class Answers:
    """Prometheus' answers to range queries of the catalogue."""

    def __init__(self, shape: Shape) -> None:
        """Prepare the labels of all series."""
        queries = {signal.name: signal.query for signal in with_vllm(load())}
        self._series: dict[str, tuple[Series, Rows, list[bytes]]] = {}
        for signal, series in cluster(shape).items():
            rows = series.rows()
            self._series[queries[signal]] = (series, rows, [orjson.dumps(row) for row in rows])
        rows = [{"instance": "10.0.0.9:8080"}]
        self._series[SELF] = (Series(lambda: rows, beating(1)), rows, [orjson.dumps(row) for row in rows])
        shown = [signal for signal in with_vllm(load()) if signal.query in self._series]
        self.names = orjson.dumps(
            {"status": "success", "data": [name.replace("[:_]", ":") for signal in shown for name in signal.metrics]}
        )
        named = [(first_metric(query), query) for query in self._series]
        self._named = {name: query for name, query in named if name and "timestamp" not in query}
        self._beats = {name: query for name, query in named if name and "timestamp" in query}
        self._bodies: OrderedDict[Question, bytes] = OrderedDict()
        self._making = threading.Lock()

    def body(self, question: Question) -> bytes:
        """The answer's JSON."""
        with self._making:
            if question not in self._bodies:
                self._bodies[question] = self._made(*question)
                if len(self._bodies) > KEPT_BODIES:
                    self._bodies.popitem(last=False)
            return self._bodies[question]

    def _known(self, query: str, narrow: Narrow) -> str:
        """The query of the catalogue that this one asks the same as, or a part of."""
        name = first_metric(query)
        whole = (self._beats if "timestamp" in query else self._named).get(name, "")
        if query in self._series or (not whole and name not in self._named):
            return query
        if not whole:
            return SELF  # of an exporter without a heartbeat, how often it is scraped
        return whole if narrow else query

    def _made(self, query: str, start: float, end: float, step: float) -> bytes:
        asked = ON_INSTANCES.fullmatch(query)
        whole = asked["query"] if asked else query
        instances = set(INSTANCE.findall(asked["named"])) if asked else set()
        narrow = Narrow.of(query)
        times = np.arange(start, end + step / 2, step)
        parts = []
        for known, name in self._members(whole, narrow):
            series, rows, names = self._series[known]
            chosen = [index for index, row in enumerate(rows) if not asked or row["instance"] in instances]
            if known not in {SELF, whole}:
                pods = narrow.pods_in(self._series[self._named["kube_pod_info"]][1])
                chosen = [index for index in chosen if narrow.chooses(rows[index], pods)]
            values = series.values(times)
            stamps = [int(at) for at in times]
            for index in chosen:
                samples = ",".join(
                    f'[{at},"{value:.16g}"]' for at, value in zip(stamps, values[index].tolist(), strict=True)
                )
                parts.append(b'{"metric":{%b%b,"values":[%b]}' % (name, names[index][1:], samples.encode()))
        return b'{"status":"success","data":{"resultType":"matrix","result":[%b]}}' % b",".join(parts)

    def _members(self, query: str, narrow: Narrow) -> list[tuple[str, bytes]]:
        """The queries of the catalogue that this one asks a part of, each with the name that its series show."""
        if bundle := BUNDLE.search(query):
            metrics = bundle["metrics"].split("|")
            return [(self._named[name], b'"__name__":"%b",' % name.encode()) for name in metrics]
        known = self._known(query, narrow)
        return [(known, b"")] if known in self._series else []


def first_metric(query: str) -> str:
    """The first metric that a query names."""
    found = METRIC.search(query)
    return found[0] if found else ""


class Handler(BaseHTTPRequestHandler):
    """Range queries by GET and POST, and the server's time."""

    protocol_version = "HTTP/1.1"
    answers: Answers
    newest_end = 0.0

    def do_GET(self) -> None:
        """Parameters stand in the URL."""
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """Parameters are the body, or stand in the URL as prometheus-api-client leaves them."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer(body or urlsplit(self.path).query)

    def _answer(self, form: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(form).items()}
        if self.path.partition("?")[0].endswith("/label/__name__/values"):
            self._send(self.answers.names)
        elif "start" in asked:
            Handler.newest_end = max(Handler.newest_end, float(asked["end"]))
            question = (asked["query"], float(asked["start"]), float(asked["end"]), float(asked["step"]))
            self._send(self.answers.body(question))
        else:
            now = Handler.newest_end
            self._send(b'{"status":"success","data":{"resultType":"scalar","result":[%f,"%f"]}}' % (now, now))

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(nodes: int, disks: int, victims_per_node: int) -> None:
    """Serve a cluster of that shape on a free port."""
    machine.other_cores()
    Handler.answers = Answers(Shape(nodes=nodes, disks=disks, victims_per_node=victims_per_node))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.read()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
