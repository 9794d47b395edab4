"""What a receiver's answers and silences mean."""

import email.utils
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from correlator.delivery.errors import DeliveryError, RefusedError, TransientError
from correlator.delivery.http import LARGEST_ANSWER, Receiver, failure
from correlator.sources.session import Access
from tests.loki import FakeLoki, loki, refuse
from tests.loopback import served_by

URL = "http://there/push"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408, 425, 421, 401, 403, 407])
def test_what_is_about_the_receiver_or_about_us_is_tried_again(status: int) -> None:
    """It is down or busy, or does not know us: the parcel is not at fault."""
    assert isinstance(failure(URL, status, {}, b""), TransientError)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422, 301, 302, 304])
def test_what_is_about_the_parcel_is_final(status: int) -> None:
    """The same again would be refused again; nor is anything sent to where a redirect points."""
    assert isinstance(failure(URL, status, {}, b""), RefusedError)


def test_receivers_words_are_passed_on_in_one_short_line() -> None:
    """What it said helps; a page of it does not."""
    said = str(failure(URL, 400, {}, b"no\nsuch\ttenant \xff" + b"x" * 10_000))
    assert said.startswith(f"{URL} answered 400: no such tenant")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120.0), ("0", 0.0), ("-5", 0.0), ("soon", 0.0), ("", 0.0), ("1e5", 0.0)],
)
def test_seconds_to_wait_are_read(asked: str, seconds: float) -> None:
    """As seconds; what makes no sense asks for nothing."""
    error = failure(URL, 429, {"Retry-After": asked}, b"")
    assert isinstance(error, TransientError)
    assert error.retry_after_seconds == seconds


def test_date_to_wait_for_is_read() -> None:
    """As HTTP spells dates; one that is past asks for nothing."""
    error = failure(URL, 503, {"Retry-After": email.utils.formatdate(time.time() + 600, usegmt=True)}, b"")
    assert isinstance(error, TransientError)
    assert 500 < error.retry_after_seconds <= 600
    past = failure(URL, 503, {"Retry-After": email.utils.formatdate(0, usegmt=True)}, b"")
    assert isinstance(past, TransientError)
    assert past.retry_after_seconds == 0


@pytest.fixture
def server() -> Iterator[FakeLoki]:
    """Something that answers."""
    with loki() as running:
        yield running


def ask(url: str, access: Access | None = None) -> DeliveryError:
    """The failure of a request."""
    with pytest.raises(DeliveryError) as caught:
        Receiver(url, access or Access(read_timeout_seconds=5.0), {}).ask("POST", "/x", body=b"{}")
    return caught.value


def test_hang_ends_when_the_time_is_up(server: FakeLoki) -> None:
    """A receiver that takes a request and says nothing is tried again."""
    server.faults = [server.hang]
    error = ask(server.url, Access(read_timeout_seconds=0.2))
    assert isinstance(error, TransientError)
    assert "no answer within 0.2 s" in str(error)


def test_nobody_there_is_tried_again() -> None:
    """A connection that is refused says nothing about the parcel."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = ask(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert isinstance(error, TransientError)
    assert "ConnectionError" in str(error)


def test_garbage_is_tried_again() -> None:
    """What does not even speak HTTP was not reached."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"\x16\x03\x01 what?\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        error = ask(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()
    assert isinstance(error, TransientError)


def test_redirect_is_not_followed(server: FakeLoki) -> None:
    """The token goes to the address that was set, and to no other."""
    with loki() as elsewhere:
        server.faults = [lambda handler: handler.answer(307, b"", "text/plain", {"Location": f"{elsewhere.url}/x"})]
        assert isinstance(ask(server.url), RefusedError)
        assert elsewhere.asked == []


class Trickle(BaseHTTPRequestHandler):
    """Answers for ever, or a lot."""

    piece = b"x"
    pause = 0.05

    def do_POST(self) -> None:
        """Begin, and go on until nobody listens."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(1000):
                self.wfile.write(self.piece)
                time.sleep(self.pause)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's own signature
        """Nothing on stderr."""


def test_answer_that_never_ends_is_not_waited_for() -> None:
    """The whole of it has the time that the first word has."""
    with served_by(Trickle) as address:
        error = ask(f"http://{address}", Access(read_timeout_seconds=0.3))
    assert isinstance(error, TransientError)
    assert "no whole answer in time" in str(error)


class Flood(Trickle):
    """A lot at once."""

    piece = b"x" * 1_000_000
    pause = 0.0


def test_long_answer_is_not_read_to_its_end() -> None:
    """Its beginning is enough."""
    with served_by(Flood) as address:
        receiver = Receiver(f"http://{address}", Access(), {})
        assert len(receiver.ask("POST", "/x", body=b"{}")[1]) == LARGEST_ANSWER
        receiver.close()


def test_secret_is_read_anew_and_may_be_missing_for_a_while(server: FakeLoki, tmp_path: Path) -> None:
    """A token file that is being replaced costs an attempt, no delivery; no message holds the token."""
    file = tmp_path / "token"
    access = Access(bearer_token_file=file, read_timeout_seconds=5.0)
    assert isinstance(ask(server.url, access), TransientError)
    file.write_text("hunter2\n")
    server.faults = [refuse(401, "who are you?")]
    error = ask(server.url, access)
    assert isinstance(error, TransientError)
    assert server.headers[-1]["Authorization"] == "Bearer hunter2"
    assert "hunter2" not in str(error)
