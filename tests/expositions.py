"""What exporters show, served to a real Prometheus: a path for each, scraped as a pod of its own.

with serving({"vllm": Exposition(text.encode())}) as address, prometheus(folder, config=config_for([...])) as url:
...
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.loopback import served_by

TEXT = "text/plain; version=0.0.4"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


@dataclass(frozen=True)
class Exposition:
    """The body of a scrape and its content type."""

    body: bytes
    content_type: str = TEXT


@contextmanager
def serving(expositions: Mapping[str, Exposition]) -> Iterator[str]:
    """Serve each at `/NAME`; yields host:port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = expositions[self.path.lstrip("/")]
            self.send_response(200)
            self.send_header("Content-Type", shown.content_type)
            self.send_header("Content-Length", str(len(shown.body)))
            self.end_headers()
            self.wfile.write(shown.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with served_by(Handler) as address:
        yield address


def config_for(names: Iterable[str], address: str) -> str:
    """A configuration that scrapes each every second, with the labels that a PodMonitor gives its pods."""
    jobs = "".join(
        f"  - job_name: {name}\n    metrics_path: /{name}\n    static_configs:\n      - targets: ['{address}']\n"
        f"        labels: {{instance: '{name}:1', namespace: inference, pod: {name.replace('_', '-')}-0}}\n"
        for name in names
    )
    return f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}"
