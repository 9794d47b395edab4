"""The daemon while something it needs is broken: it stays up, says what and where, and loses nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.daemons import daemon, serve
from tests.loopback import served_by

HTML = b"<html><body>Please log in</body></html>"


@contextmanager
def answering(body: bytes, delay_seconds: float = 0.0) -> Iterator[str]:
    """A server that gives every request the same answer, late if so wanted; yields its URL."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            closing.wait(delay_seconds)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return

    with served_by(Handler) as address:
        try:
            yield f"http://{address}"
        finally:
            closing.set()


def test_prometheus_that_is_down_is_named(tmp_path: Path) -> None:
    """Not ready, with the address and the reason; healthy all the same."""
    with daemon(tmp_path, "--prometheus-url", "http://127.0.0.1:1") as running:
        running.until(lambda: "127.0.0.1:1" in running.problems())
        answer = running.get("/-/ready")
        assert answer.status_code == 503
        assert any("127.0.0.1:1" in reason and "refused" in reason for reason in answer.json()["reasons"])
        assert running.get("/-/healthy").status_code == 200
        assert running.get("/").status_code == 200


def test_page_instead_of_data_is_named(tmp_path: Path) -> None:
    """A login page in the way is recognised as one, with its first words."""
    with answering(HTML) as url, daemon(tmp_path, "--prometheus-url", url) as running:
        running.until(lambda: "Please log in" in running.problems())
        assert "is this the address of a Prometheus?" in running.problems()


def test_prometheus_that_is_slow_is_named(tmp_path: Path) -> None:
    """An answer that does not come in time ends the wait, and the web answers meanwhile."""
    timeout = {"CORRELATOR_PROMETHEUS__TIMEOUT": "1s"}
    with answering(b"", 60) as url, daemon(tmp_path, "--prometheus-url", url, settings=timeout) as running:
        assert running.get("/-/healthy").status_code == 200
        running.until(lambda: "within 1 s" in running.problems())


def test_prometheus_without_the_signals_is_named(tmp_path: Path) -> None:
    """An empty Prometheus is no error of the network: the hint is to let `check` say more."""
    empty = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
    with answering(empty) as url, daemon(tmp_path, "--prometheus-url", url) as running:
        running.until(lambda: "none of the required signals" in running.problems())
        assert "correlator check" in running.problems()


def test_corrupt_store_is_named_and_left_alone(tmp_path: Path) -> None:
    """What is no database is not overwritten, and the daemon says which file it is."""
    store = tmp_path / "correlator.db"
    store.write_bytes(b"not a database, but somebody's work" * 100)
    with daemon(tmp_path, "--prometheus-url", "http://127.0.0.1:1") as running:
        running.until(lambda: str(store) in running.get("/-/ready").text)
        assert running.get("/-/ready").status_code == 503
        assert running.get("/-/healthy").status_code == 200
    assert store.read_bytes() == b"not a database, but somebody's work" * 100


def test_unreadable_recording_is_named(tmp_path: Path) -> None:
    """A demo of a file that is no recording stays up and says so."""
    file = tmp_path / "holiday.zip"
    file.write_bytes(b"PK but not for long")
    with daemon(tmp_path, "--demo", "--recording", str(file)) as running:
        running.until(lambda: "holiday.zip" in running.problems())
        assert running.get("/-/healthy").status_code == 200
        assert running.get("/-/ready").status_code == 503


def test_broken_catalogue_stops_the_start(tmp_path: Path) -> None:
    """A mistake in one's own signals is a mistake in the settings: the message has file and line."""
    (tmp_path / "mine.yaml").write_text("exporter: mine\n", encoding="utf-8")
    refused = serve("--demo", CORRELATOR_CATALOG__DIRECTORIES=f'["{tmp_path}"]')
    assert refused.returncode == 2
    assert "mine.yaml:1" in refused.stderr
