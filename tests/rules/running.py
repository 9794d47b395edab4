"""Real servers that evaluate the rules: Prometheus on recorded contention, Alertmanager, and a receiver of webhooks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import orjson
import yaml

from correlator.sources.recording import read_recording
from tests import waiting
from tests.alertmanagers import alertmanager
from tests.dashboards.running import Running, ask, cut, open_incident
from tests.loopback import served_by
from tests.played import as_openmetrics, played
from tests.rules.files import ALERTS, RECORDING
from tests.servers import SCRAPE_NOTHING, openmetrics_blocks, prometheus

_PATIENCE_SECONDS = 120.0
until = partial(waiting.until, patience_seconds=_PATIENCE_SECONDS)


@dataclass(frozen=True)
class Alerted:
    """What came of an open incident: `notified` are the webhooks in their order, `alerts` those of Prometheus then."""

    running: Running
    alerts: list[dict[str, Any]]
    notified: list[dict[str, Any]]

    def firing(self, name: str) -> list[dict[str, Any]]:
        """The firing alerts of a name."""
        return [each for each in self.alerts if each["labels"]["alertname"] == name and each["state"] == "firing"]


@dataclass
class _Receiver:
    """What was posted to it."""

    bodies: list[dict[str, Any]] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Takes every webhook."""
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler


def hurried(rules: str) -> str:
    """Alerting rules that are evaluated each second, fire after one, and are over at once."""
    file = yaml.safe_load(rules)
    for group in file["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = "1s"
            del rule["keep_firing_for"]
    return yaml.safe_dump(file)


def telling(receiver: str) -> str:
    """A configuration that tells the receiver (host:port) of each alert by itself and at once."""
    return yaml.safe_dump(
        {
            "route": {"receiver": "hook", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"http://{receiver}/"}]}],
        }
    )


@contextmanager
def alerted(folder: Path) -> Iterator[Alerted]:
    """A daemon with an open incident, once Alertmanager has told of its cause and its symptom."""
    folder.mkdir(parents=True, exist_ok=True)
    rules, receiver = folder / "alerts.yaml", _Receiver()
    rules.write_text(hurried(ALERTS.read_text(encoding="utf-8")))
    with (
        served_by(receiver.handler()) as address,
        alertmanager(folder / "alertmanager", config=telling(address)) as manager,
    ):
        more = {
            "rule_files": [str(rules)],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager.removeprefix("http://")]}]}]},
        }
        with open_incident(folder, more_config=yaml.safe_dump(more)) as running:
            until(lambda: {"CorrelatorContention", "CorrelatorTTFTRegression"} <= _names(receiver.bodies))
            alerts = ask(running.prometheus, "alerts")["alerts"]
            yield Alerted(running, alerts, list(receiver.bodies))


def _names(bodies: list[dict[str, Any]]) -> set[str]:
    """The names of the alerts that were told."""
    return {alert["labels"]["alertname"] for body in bodies for alert in body["alerts"]}


@contextmanager
def recorded(folder: Path) -> Iterator[str]:
    """A Prometheus that evaluates the recording rules on exporters' series, whose contention is going on now."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "recording.yaml"
    groups = yaml.safe_load(RECORDING.read_text(encoding="utf-8"))["groups"]
    rules.write_text(yaml.safe_dump({"groups": [{**group, "interval": "1s"} for group in groups]}))
    frames = read_recording(cut(folder / "cut.zip")).frames
    text = as_openmetrics(played(frames, int(time.time()) - frames.grid.last))
    config = SCRAPE_NOTHING + yaml.safe_dump({"rule_files": [str(rules)]})
    with prometheus(folder, config=config, storage=openmetrics_blocks(text, folder / "storage")) as url:
        yield url
