"""A daemon on a recording of real contention, stopped in its midst, and a real Prometheus that scrapes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from correlator import catalog
from correlator.model.frame import Frame
from correlator.model.grid import Grid
from correlator.sources.recording import read_recording, write_recording
from tests.daemons import Daemon, daemon
from tests.lab.servers import free_port
from tests.servers import prometheus, scrape_config

RECORDING = Path(__file__).parents[2] / "fixtures" / "two_writers" / "recording.zip"
IN_ITS_MIDST = 98
"""Seconds from the recording's beginning: its contention lasts from 61 to 104."""

SERVERS = ("prometheus", "daemon")
SCRAPES = 4
RANGE_SECONDS = 300
CLUSTER = "lab"


@dataclass(frozen=True, slots=True)
class Running:
    """The daemon with an open incident, and the Prometheus that has some seconds of its metrics.

    Whoever asks for the time `at`, in epoch seconds, finds the incident open however long the tests take.
    """

    daemon: Daemon
    prometheus: str
    at: float

    def ask(self, server: str, path: str, **parameters: Any) -> Any:  # noqa: ANN401 - whatever the API answers
        """The `data` of what one of SERVERS answers; AssertionError with its own words otherwise."""
        return ask(self.prometheus if server == "prometheus" else f"{self.daemon.url}/prometheus", path, **parameters)


def ask(url: str, path: str, **parameters: Any) -> Any:  # noqa: ANN401 - whatever the API answers
    """The `data` of an answer of the API under `url`, asked as Grafana does: by POST where there is a query."""
    where = f"{url}/api/v1/{path}"
    if path.startswith("query"):
        answer = httpx.post(where, data=parameters, timeout=20.0, trust_env=False)
    else:
        answer = httpx.get(where, params=parameters, timeout=20.0, trust_env=False)
    body = answer.json()
    assert body["status"] == "success", body
    return body["data"]


def cut(path: Path) -> Path:
    """The recording up to the midst of its contention: played as a demo, that is where the present begins."""
    recording = read_recording(RECORDING)
    whole = recording.frames
    grid = Grid(whole.grid.start, whole.grid.step, IN_ITS_MIDST)
    by_signal = {
        name: Frame(name, grid, frame.labels, frame.values[:, :IN_ITS_MIDST]) for name, frame in whole.by_signal.items()
    }
    frames = replace(whole, grid=grid, by_signal=by_signal)
    write_recording(path, frames, catalog.load(), created_at=datetime(2026, 11, 23, tzinfo=UTC), source="cut")
    return path


@contextmanager
def open_incident(folder: Path, *, more_config: str = "") -> Iterator[Running]:
    """Both running, once Prometheus has seen the incident for some scrapes; `at` is when it saw it last.

    `more_config` are further keys of Prometheus' configuration, as YAML.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recording, settings = cut(folder / "recording.zip"), {"CORRELATOR_CLUSTER": CLUSTER}
    address = f"127.0.0.1:{free_port()}"
    arguments = ("--demo", "--recording", str(recording), "--listen", address)
    config = scrape_config({"correlator": address}).replace("    static_", "    honor_labels: true\n    static_")
    with (
        prometheus(folder / "prometheus", config=config + more_config) as url,
        daemon(folder / "daemon", *arguments, settings=settings) as playing,
    ):
        playing.until(lambda: len(_seen_at(url)) >= SCRAPES)
        yield Running(playing, url, _seen_at(url)[-1])


def _seen_at(url: str) -> list[float]:
    """When Prometheus saw a suspect, in epoch seconds, ascending."""
    found = ask(url, "query", query='correlator_suspect_confidence{suspect_pod!="other"}[5m]')["result"]
    return sorted({float(at) for series in found for at, _ in series["values"]})
