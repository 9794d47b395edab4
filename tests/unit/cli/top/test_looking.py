"""Where rows come from: a recording judged here and a daemon that judged it already say the same."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from correlator.cli.inquiring import open_inquiry
from correlator.cli.top.looking import Daemon, Judged
from correlator.cli.top.screen import Watch
from correlator.cli.top.view import Seen, view_of
from correlator.model.source import SourceError
from correlator.settings import Settings
from tests.commands import Run
from tests.integration.page.looking import serving
from tests.recorded import CULPRIT, ONSET, START, STEP, VICTIM, write_contention
from tests.snapshots import make_snapshot
from tests.unit.cli.top.test_view import NOW, make_seen
from tests.unit.web.fakes import make_state, make_status

DURING = START + (ONSET + 20) * STEP
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour with one contention."""
    return write_contention(tmp_path_factory.mktemp("top") / "recording.zip")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The web over hand-made values on a real port."""
    with serving(make_state(status=make_status(demo=True))) as served:
        yield served


def test_a_recording_is_judged(run: Run, recording: Path) -> None:
    """In the middle of the contention: the full volume, the culprit on it, the victim, the open incident."""
    seen = json.loads(run("top", "--recording", recording, "--at", DURING, "--output", "json").out)
    assert run.code == 0
    assert seen["volumes"][0]["name"] == "n1/sda"
    assert [pod["name"] for pod in seen["volumes"][0]["pods"] if pod["accused"]] == [CULPRIT]
    assert seen["victims"][0]["name"] == VICTIM
    assert seen["victims"][0]["ttft_seconds"] > 3 * seen["victims"][0]["ttft_baseline_seconds"]
    assert seen["incidents"][0]["culprits"] == [CULPRIT]
    assert seen["incidents"][0]["id"] == seen["victims"][0]["open_incident_id"]
    assert seen["error"] is None
    assert seen["at"].endswith("Z")


def test_without_a_terminal_it_is_plain_text(run: Run, recording: Path) -> None:
    """Piped, it prints once and ends, without colours."""
    out = run("top", "--recording", recording, "--at", DURING).out
    assert CULPRIT in out
    assert "\x1b" not in out
    assert run.code == 0


def test_a_quiet_moment_has_no_incident(run: Run, recording: Path) -> None:
    """Before the contention nobody is accused."""
    seen = json.loads(run("top", "--recording", recording, "--at", DURING - 50 * STEP, "--output", "json").out)
    assert seen["incidents"] == []
    assert not any(pod["accused"] for volume in seen["volumes"] for pod in volume["pods"])


def test_a_daemon_gives_the_same_rows(run: Run, address: str) -> None:
    """What REST answers becomes the very rows that the values behind it become."""
    seen = Daemon(address)(0.0)
    rows, expected = view_of(seen, NOW), view_of(make_seen(), NOW)
    assert rows.at == expected.at
    assert rows.incidents == expected.incidents
    assert rows.volumes == expected.volumes
    assert rows.victims == expected.victims
    assert rows.demo
    out = json.loads(run("top", "--once", "--daemon", address, "--output", "json").out)
    assert out["demo"] is True
    assert out["incidents"][0]["culprits"] == ["rag/reindex-28812345-h8kz2"]
    assert run("top", "--once", "--daemon", address).out.startswith("DEMO")


def test_a_daemon_that_is_not_there_is_bad_news(run: Run) -> None:
    """Exit code 1, with its address."""
    assert run("top", "--once", "--daemon", NOWHERE).code == 1
    assert NOWHERE in run.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--daemon", "ftp://x"),
        ("--daemon", "127.0.0.1:9920"),
        ("--daemon", NOWHERE, "--at", "-1h"),
        ("--daemon", NOWHERE, "--prometheus-url", "http://p"),
        ("--token-file", "x"),
        ("--interval", "5"),
        (),
    ],
)
def test_flags_that_make_no_sense_are_refused(run: Run, arguments: tuple[str, ...]) -> None:
    """Exit code 2 and a sentence."""
    assert run("top", "--once", *arguments).code == 2
    assert run.err.startswith("correlator: ")


class _Guarded(BaseHTTPRequestHandler):
    """Lets in who shows the token, and then has nothing of use to say."""

    def do_GET(self) -> None:
        is_let_in = self.headers.get("Authorization") == "Bearer secret"
        body = b"[]" if is_let_in else b'{"detail": "a token is needed"}'
        self.send_response(200 if is_let_in else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        del format, args


@pytest.fixture
def guarded() -> Iterator[str]:
    """An address that wants a token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Guarded)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_token_comes_from_its_file(guarded: str, tmp_path: Path) -> None:
    """Without it the daemon's own words are told; with it, it lets in."""
    token = tmp_path / "token"
    token.write_text("secret\n")
    with pytest.raises(SourceError, match="401 a token is needed"):
        Daemon(guarded)(0.0)
    with pytest.raises(SourceError, match="200"):
        Daemon(guarded, token)(0.0)


def test_a_failed_look_keeps_what_was_seen() -> None:
    """With the reason and the age, until a look succeeds again."""
    answers: list[Seen | SourceError] = [SourceError("it is gone", retriable=True), make_seen(source="back")]
    clock = iter([1000.0, make_snapshot().at.timestamp() + 90.0, 2000.0, 3000.0])

    def look(now: float, progress: object = None) -> Seen:
        del now, progress
        answer = answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    watch = Watch(look, make_seen(), 10, lambda: next(clock))
    watch.again()
    view = watch.shown().view
    assert (view.error, view.age_seconds, view.source) == ("it is gone", 90.0, "test")
    assert view.incidents
    watch.again()
    assert watch.shown().view.error is None


def test_each_look_judges_only_what_is_new(recording: Path) -> None:
    """Looks that follow each other come to what a single look comes to."""
    inquiry = replace(open_inquiry(Settings(), recording), step_seconds=STEP)
    stepwise, at_once = Judged(inquiry, "", 0.0), Judged(inquiry, "", 0.0)
    stepwise(DURING - 30 * STEP)
    stepwise(DURING - 10 * STEP)
    late = stepwise(DURING)
    assert late.snapshot.at.timestamp() == DURING
    assert [each.victim for each in late.incidents] == [each.victim for each in at_once(DURING).incidents]
    assert late.incidents[0].detected_at.timestamp() < DURING
