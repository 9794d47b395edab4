"""What stands between a Prometheus and its Alertmanagers, or behind these: our web application, without an engine.

Its one incident is that of `tests.factories`, moved to `STARTED` and over since `ENDED`.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import uvicorn

from correlator.daemon.alerting import Alerting
from correlator.daemon.reading import Late, LateIncidents
from correlator.incidents.book import Book, advance
from correlator.incidents.delivery_log import DeliveryLog
from correlator.incidents.store import Store
from correlator.model.finding import EndReason, Finding
from correlator.settings import load_settings
from correlator.web.app import create_app
from tests.factories import make_finding
from tests.unit.web.fakes import make_state

NOW = datetime.now(UTC).replace(microsecond=0)
STARTED, ENDED = NOW - timedelta(minutes=4), NOW - timedelta(minutes=1)
VICTIM = {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
CULPRIT = "rag/reindex-28812345-h8kz2"
URL = "https://correlator.example"


def over() -> Finding:
    """The contention, which has just ended."""
    return make_finding(
        at=ENDED,
        started_at=STARTED,
        detected_at=STARTED + timedelta(seconds=30),
        ended_at=ENDED,
        end_reason=EndReason.RECOVERED,
    )


def fill(path: Path, findings: Sequence[Finding]) -> None:
    """Keep them in a new store."""
    with Store.open(path) as store:
        at = max(int(each.at.timestamp()) for each in findings)
        store.commit_step(advance(Book(cluster=""), at, list(findings)), b"")


@dataclass
class Between:
    """A running one."""

    url: str
    alerting: Alerting

    def delivered(self) -> dict[str, dict[str, int]]:
        """Outcomes by Alertmanager."""
        return {each.name: dict(each.outcomes) for each in self.alerting.sinks()}


@contextmanager
def between(folder: Path, alertmanagers: Sequence[str], **proxy: str) -> Iterator[Between]:
    """Run the proxy."""
    with serving(folder, {"proxy": {"alertmanagers": list(alertmanagers), **proxy}}) as running:
        yield running


@contextmanager
def serving(folder: Path, alerting: Mapping[str, object]) -> Iterator[Between]:
    """Run what the settings of `alerting` say on a free port over a store in `folder` that knows the contention."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "correlator.db"
    if not path.exists():
        fill(path, [over()])
    loaded = load_settings(
        flags={
            "store": {"path": str(path)},
            "alerting": alerting,
            "sinks": {"external_url": URL},
        }
    )
    incidents = LateIncidents(path)
    undelivered = Late(partial(DeliveryLog.open, path, ""))
    made = Alerting(loaded, incidents)
    state = replace(
        make_state(),
        incidents=incidents,
        alerts=made.known,
        alerts_proxy=made.proxy,
        alert_webhook=made.webhook.intake,
        deliveries=undelivered.get,
        now=lambda: datetime.now(UTC),
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(state), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    made.start()
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < until, "the web never came up"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Between(f"http://127.0.0.1:{port}", made)
    finally:
        server.should_exit = True
        thread.join(10)
        made.stop()
        undelivered.close()
        incidents.close()
