"""`correlator serve` with a Prometheus and a Loki: what people see, and that a Loki that hangs holds up nothing."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from correlator.daemon.log_watch import POLL_SECONDS
from correlator.incidents.book import Book, advance
from correlator.incidents.instants import instant
from correlator.incidents.store import Store
from tests.daemons import Daemon, daemon
from tests.factories import make_finding, make_suspect, make_victim
from tests.loki import FakeLoki, loki
from tests.played import as_openmetrics, played
from tests.recorded import START, STEP, STEPS, contention, write_contention
from tests.servers import openmetrics_blocks, prometheus

ENDED = int(time.time()) // 60 * 60 - 45
"""When the newest sample was taken: at such a second that the stored incident's errors lie on both sides of a minute,
since lines are counted by whole minutes and a rise has to show in more than one."""

VICTIM = make_victim()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus whose newest samples are a minute old."""
    folder = tmp_path_factory.mktemp("prometheus")
    text = as_openmetrics(played(contention(), ENDED - (START + STEPS * STEP)))
    with prometheus(folder, storage=openmetrics_blocks(text, folder / "storage")) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the daemon lives, with an incident that it left open four minutes ago."""
    at = ENDED - 240
    found = replace(
        make_finding(suspects=(make_suspect(),)),
        at=instant(at),
        detected_at=instant(at),
        started_at=instant(at) - timedelta(seconds=30),
    )
    with Store.open(tmp_path / "correlator.db") as store:
        store.commit_step(advance(Book(cluster=""), at, [found]), b"")
    return tmp_path


@pytest.fixture
def server() -> Iterator[FakeLoki]:
    """A Loki to which the victim wrote a line every ten seconds, and errors around the onset."""
    with loki() as running:
        for second in range(-2400, 0, 10):
            running.write(VICTIM.pod, ENDED - 240 + second, "INFO 200 OK", namespace=VICTIM.namespace)
        for second in range(30):
            line = f"ERROR timed out, Authorization: Bearer hunter2-Zq8w {second}"
            running.write(VICTIM.pod, ENDED - 270 + second, line, namespace=VICTIM.namespace)
        yield running


def first(running: Daemon) -> dict[str, Any]:
    """The stored incident."""
    items = running.get("/api/v1/incidents").json()["items"]
    return next(each for each in items if each["victim"]["pod"] == VICTIM.pod)


def logs(running: Daemon) -> dict[str, Any] | None:
    """What stands beside it."""
    answer: dict[str, Any] | None = running.get(f"{first(running)['links']['self']}/evidence").json()["logs"]
    return answer


def test_errors_stand_beside_the_incident(url: str, folder: Path, server: FakeLoki) -> None:
    """Counted, quoted without secrets, in the evidence and on the page."""
    with daemon(folder, "--prometheus-url", url, settings={"CORRELATOR_LOKI__URL": server.url}) as running:
        found = running.until(lambda: logs(running))
        victim = found["pods"][0]
        assert (victim["errors_before"], victim["errors_after"], victim["rose"]) == (0, 30, True)
        assert victim["lines"][0]["text"] == "ERROR timed out, Authorization: [withheld]"
        page = running.get(first(running)["links"]["page"]).text
        assert "errors began at the onset: 0 in 30 min before, 30 in" in page
        assert "hunter2" not in page


def test_cycles_go_on_while_loki_hangs(url: str, folder: Path, server: FakeLoki) -> None:
    """The engine judges step after step, and the page answers, while the question to Loki has no answer."""
    server.faults = [server.hang] * 100
    settings = {"CORRELATOR_LOKI__URL": server.url, "CORRELATOR_LOKI__TIMEOUT": "10m", "CORRELATOR_ENGINE__STEP": "1s"}
    with daemon(folder, "--prometheus-url", url, settings=settings) as running:
        assert server.hanging.wait(60.0)

        def step() -> str:
            return str(running.get("/api/v1/status").json()["last_step_at"])

        for _ in range(3):
            before = step()
            running.until(lambda before=before: step() not in {before, "None"})  # type: ignore[misc]
        assert running.get(first(running)["links"]["page"]).status_code == 200
        assert logs(running) is None
        assert not server.released.is_set()
        assert len(server.asked) == 1
        running.process.terminate()
        assert running.process.wait(30) == 0


def test_demo_asks_and_tells_nobody(tmp_path: Path, server: FakeLoki) -> None:
    """The pods of a recording are not in anybody's Loki, and its incidents are nobody's, whatever the settings say."""
    recording = write_contention(tmp_path / "recording.zip")
    arguments = ("--demo", "--recording", str(recording))
    settings = {
        "CORRELATOR_LOKI__URL": server.url,
        "CORRELATOR_SINKS__LOKI__URL": server.url,
        "CORRELATOR_ALERTING__PROXY__ALERTMANAGERS": f'["{server.url}"]',
        "CORRELATOR_ALERTING__WEBHOOK__RECEIVERS": f'{{"anybody": {{"url": "{server.url}"}}}}',
    }
    with daemon(tmp_path, *arguments, settings=settings) as running:
        running.until(lambda: running.get("/api/v1/incidents").json()["items"])
        assert httpx.post(f"{running.url}/api/v2/alerts", json=[], trust_env=False).status_code == 503
        webhook = f"{running.url}/api/v1/alertmanager/webhook"
        assert httpx.post(webhook, json={"alerts": [{}]}, trust_env=False).status_code == 200
        time.sleep(2 * POLL_SECONDS)
        assert server.asked == []
        assert running.get("/api/v1/status").json()["sinks"] == []
