"""`correlator serve` as people run it: a demo from start to stop, and what happens when a process dies."""

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.daemons import Daemon, daemon, is_alive, serve
from tests.recorded import CULPRIT, VICTIM, write_contention


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour with one contention."""
    return write_contention(tmp_path_factory.mktemp("demo") / "recording.zip")


@pytest.fixture(scope="module")
def demo(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that plays it."""
    with daemon(tmp_path_factory.mktemp("daemon"), "--demo", "--recording", str(recording)) as running:
        running.until(running.is_ready)
        yield running


def test_demo_shows_the_recorded_contention(demo: Daemon) -> None:
    """Within its first minute the demo has the incident of the recording, and accuses who did it."""
    (incident,) = demo.get("/api/v1/incidents").json()["items"]
    assert incident["verdict"] == "contention"
    accused = [f"{each['namespace']}/{each['pod']}" for each in incident["suspects"] if each["accused"]]
    assert accused == [CULPRIT]
    assert demo.get(incident["links"]["plot"]).headers["content-type"] == "image/svg+xml"


def test_demo_says_that_it_is_one(demo: Daemon) -> None:
    """Page, status, metrics and log say DEMO, so that nobody takes it for their own cluster."""
    assert "DEMO" in demo.get("/").text
    assert demo.get("/api/v1/status").json()["demo"] is True
    assert "correlator_demo 1.0" in demo.get("/metrics").text
    assert any("DEMO" in entry["event"] for entry in demo.said())


def test_demo_keeps_nothing(demo: Daemon) -> None:
    """A demo leaves the store of the settings alone."""
    assert not (demo.log.parent / "correlator.db").exists()


def test_demo_has_a_history(demo: Daemon) -> None:
    """What was exported at each step is there for Grafana: 0 before the detection of the incident, 1 then."""
    (incident,) = demo.get("/api/v1/incidents").json()["items"]
    detected = datetime.fromisoformat(incident["detected_at"]).timestamp()
    question = {
        "query": 'correlator_incident_active{pod="vllm-0"}',
        "start": detected - 300,
        "end": detected,
        "step": 15,
    }
    (series,) = demo.get(f"/prometheus/api/v1/query_range?{urlencode(question)}").json()["data"]["result"]
    assert [value for _, value in series["values"]] == ["0"] * 20 + ["1"]


def test_victim_can_be_explained_now_and_then(demo: Daemon) -> None:
    """The engine answers questions about the newest step and about an earlier one."""
    now = httpx.post(f"{demo.url}/api/v1/explain", json={"victim": VICTIM}, timeout=60, trust_env=False)
    assert now.json()["victim"]["pod"] == "vllm-0"
    (incident,) = demo.get("/api/v1/incidents").json()["items"]
    question = {"victim": VICTIM, "at": incident["ended_at"]}
    then = httpx.post(f"{demo.url}/api/v1/explain", json=question, timeout=60, trust_env=False).json()
    assert then["verdict"] == "contention"
    nobody = httpx.post(f"{demo.url}/api/v1/explain", json={"victim": "a/b"}, timeout=60, trust_env=False)
    assert nobody.status_code == httpx.codes.NOT_FOUND


def test_a_foreign_name_leads_nowhere(demo: Daemon) -> None:
    """A site that has its name point to this machine gets nothing from the daemon on loopback; localhost does."""
    for host, expected in (("evil.example", 421), ("localhost", 200)):
        answer = httpx.get(f"{demo.url}/api/v1/status", headers={"host": host}, timeout=20, trust_env=False)
        assert answer.status_code == expected


def says(answer: httpx.Response, words: str) -> httpx.Response | None:
    """The answer, if these words are in it."""
    return answer if words in answer.text else None


def test_engine_that_is_killed_is_started_again(recording: Path, tmp_path: Path) -> None:
    """The web goes on answering, says why it is not ready, and is ready again with the same incident."""
    with daemon(tmp_path, "--demo", "--recording", str(recording)) as running:
        running.until(running.is_ready)
        before = running.get("/api/v1/incidents").json()["items"]
        engine = running.engine_process()
        assert engine is not None
        os.kill(engine, signal.SIGKILL)
        not_ready = running.until(lambda: says(running.get("/-/ready"), "signal 9"))
        assert not_ready.status_code == httpx.codes.SERVICE_UNAVAILABLE
        running.until(running.is_ready)
        assert running.engine_process() != engine
        after = running.get("/api/v1/incidents").json()["items"]
        assert [each["id"] for each in after] == [each["id"] for each in before]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_gracefully(number: signal.Signals, recording: Path, tmp_path: Path) -> None:
    """Both processes end, open streams too, and the exit code is 0."""
    with daemon(tmp_path, "--demo", "--recording", str(recording)) as running:
        running.until(running.is_ready)
        engine = running.engine_process()
        assert engine is not None
        with httpx.stream("GET", f"{running.url}/api/v1/stream", timeout=30, trust_env=False) as stream:
            assert stream.status_code == httpx.codes.OK
            running.process.send_signal(number)
            assert running.process.wait(30) == 0
        assert not is_alive(engine)


def test_engine_does_not_outlive_its_parent(recording: Path, tmp_path: Path) -> None:
    """Killed with -9, the daemon leaves nothing behind that writes to the store."""
    with daemon(tmp_path, "--demo", "--recording", str(recording)) as running:
        engine = running.until(running.engine_process)
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 20
        while is_alive(engine) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not is_alive(engine)


def test_second_daemon_on_a_port_is_refused(demo: Daemon, recording: Path) -> None:
    """The message names the address and the flag that changes it."""
    address = demo.url.removeprefix("http://")
    refused = serve("--demo", "--recording", str(recording), "--listen", address)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"correlator: cannot answer on {address}: Address already in use: choose another with --listen HOST:PORT\n"
    )


def test_second_daemon_on_a_store_is_refused(tmp_path: Path) -> None:
    """The message names the store and the process that uses it."""
    with daemon(tmp_path, "--prometheus-url", "http://127.0.0.1:1") as running:
        store = tmp_path / "correlator.db"
        arguments = ("--prometheus-url", "http://127.0.0.1:1", "--listen", "127.0.0.1:0")
        refused = serve(*arguments, CORRELATOR_STORE__PATH=str(store))
        assert refused.returncode == 2
        assert f"another correlator (process {running.process.pid}) uses {store}" in refused.stderr


def test_daemon_without_prometheus_gives_a_hint() -> None:
    """Nothing is guessed: it stops and says what can be given."""
    refused = serve()
    assert refused.returncode == 2
    assert "--prometheus-url" in refused.stderr
    assert "--demo" in refused.stderr


def test_bundled_recording_shows_its_culprit(tmp_path: Path) -> None:
    """What everybody sees first: the recording that is installed with the program, judged as its truth says."""
    truth = json.loads((Path(__file__).parents[2] / "fixtures/one_writer/truth.json").read_text(encoding="utf-8"))
    with daemon(tmp_path, "--demo", settings={"CORRELATOR_ENGINE__WINDOW_STEPS": "240"}) as running:
        running.until(running.is_ready)
        incidents = running.get("/api/v1/incidents").json()["items"]
        assert incidents[-1]["verdict"] == truth["expected_verdict"]
        accused = {each["pod"] for incident in incidents for each in incident["suspects"] if each["accused"]}
        assert accused == {culprit["pod"] for culprit in truth["culprits"]}
