"""A daemon on a recording of real contention, stopped in its midst, and a real Prometheus that scrapes it."""

import time
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
from tests.servers import prometheus, scrape_config

RECORDING = Path(__file__).parents[2] / "fixtures" / "two_writers" / "recording.zip"
IN_ITS_MIDST = 98
"""Seconds from the recording's beginning: its contention lasts from 61 to 104."""

SCRAPES = 6
RANGE_SECONDS = 300
CLUSTER = "lab"


@dataclass(frozen=True, slots=True)
class Running:
    """The daemon with an open incident, and the Prometheus that has some seconds of its metrics.

    Whoever asks for the time `at`, in epoch seconds, finds the incident open however long the tests take.
    """

    daemon: Daemon
    prometheus: str
    at: float = 0.0

    def ask(self, path: str, **parameters: Any) -> Any:  # noqa: ANN401 - whatever the API answers
        """The `data` of an answer of Prometheus' API; AssertionError with its own words otherwise."""
        return ask(self.prometheus, path, **parameters)


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
def open_incident(folder: Path) -> Iterator[Running]:
    """Both running, once Prometheus has seen the incident for some scrapes."""
    folder.mkdir(parents=True, exist_ok=True)
    recording, settings = cut(folder / "recording.zip"), {"CORRELATOR_CLUSTER": CLUSTER}
    with daemon(folder / "daemon", "--demo", "--recording", str(recording), settings=settings) as playing:
        address = playing.url.removeprefix("http://")
        config = scrape_config({"correlator": address}).replace("    static_", "    honor_labels: true\n    static_")
        playing.until(lambda: "correlator_suspect_confidence" in playing.get("/metrics").text)
        with prometheus(folder / "prometheus", config=config) as url:
            running = Running(playing, url)
            counted = "count_over_time(correlator_suspect_confidence[1m])"
            playing.until(lambda: any(int(one["value"][1]) >= SCRAPES for one in asked_now(running, counted)))
            yield replace(running, at=time.time())


def asked_now(running: Running, query: str) -> list[Any]:
    """What an instant query answers now."""
    return list(running.ask("query", query=query)["result"])
