"""`correlator top` in a real terminal: it shows, follows its size, outlives its source, and leaves no trace."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.integration.page.looking import serving
from tests.unit.web.fakes import make_state

ENTER, LEAVE, HIDE, SHOW = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25l", b"\x1b[?25h"
PATIENCE_SECONDS = 60.0


@dataclass
class Terminal:
    """A terminal with a program in it; `sent` is all that it was sent."""

    process: subprocess.Popen[bytes]
    master: int
    slave: int
    sent: bytes = b""

    def until(self, *wanted: bytes) -> None:
        """Read until everything wanted was sent from now on."""
        begin, deadline = len(self.sent), time.monotonic() + PATIENCE_SECONDS
        while not all(each in self.sent[begin:] for each in wanted):
            assert time.monotonic() < deadline, self.sent[begin:].decode(errors="replace")
            self.read()

    def read(self) -> bool:
        """What is there, or comes soon; whether there was anything."""
        there = bool(select.select([self.master], [], [], 0.1)[0])
        if there:
            self.sent += os.read(self.master, 65_536)
        return there

    def resize(self, columns: int, rows: int) -> None:
        """As if a person pulled at the window's corner."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def ended(self) -> int:
        """Its exit code, once all that it said is read."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.read()
        while self.read():
            pass
        return self.process.returncode


@contextmanager
def terminal(*arguments: str, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    """`correlator` in a terminal of its own, as a session leader whose Ctrl-C it gets."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    environment.pop("LINES", None)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", f"{_OWN_TERMINAL}from correlator.cli import main; main()", *arguments],
        stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        yield Terminal(process, master, slave)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


_OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "


@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
def test_leaves_the_terminal_as_it_was(way: str) -> None:
    """Cursor, screen and modes are back, the exit code is 0, and no traceback is left."""
    with serving(make_state()) as address, terminal("top", "--daemon", address, "--interval", "1s") as shown:
        before = termios.tcgetattr(shown.slave)
        shown.until(ENTER, HIDE, b"rag/reindex-28812345-h8kz2")
        if way == "Ctrl-C":
            os.write(shown.master, b"\x03")
        else:
            os.kill(shown.process.pid, signal.SIGTERM)
        assert shown.ended() == 0
        assert termios.tcgetattr(shown.slave) == before
        assert shown.sent.rindex(LEAVE) > shown.sent.rindex(ENTER)
        assert shown.sent.rindex(SHOW) > shown.sent.rindex(HIDE)
        assert b"Traceback" not in shown.sent


def test_follows_the_size_of_the_terminal() -> None:
    """A narrower window drops columns, a wider one brings them back."""
    with serving(make_state()) as address, terminal("top", "--daemon", address, columns=130) as shown:
        shown.until(b"OPS", b"ACCUSED")
        shown.resize(80, 24)
        shown.until(b"BUSY")
        shown.sent = b""
        shown.until(b"BUSY", b"VICTIMS")
        assert b"OPS" not in shown.sent
        shown.resize(130, 40)
        shown.until(b"OPS")


def test_outlives_its_daemon() -> None:
    """The last values stay, with the reason why they are old."""
    with ExitStack() as stack:
        address = stack.enter_context(serving(make_state()))
        with terminal("top", "--daemon", address, "--interval", "1s") as shown:
            shown.until(b"rag/reindex-28812345-h8kz2")
            stack.close()
            shown.until(b"No news, the last values stay", b"rag/reindex-28812345-h8kz2")
            os.write(shown.master, b"\x03")
            assert shown.ended() == 0


def test_a_daemon_that_was_never_there_is_told_at_once() -> None:
    """Before the screen is taken: one line, exit code 1."""
    with terminal("top", "--daemon", "http://127.0.0.1:9") as shown:
        assert shown.ended() == 1
        assert ENTER not in shown.sent
        assert b"http://127.0.0.1:9" in shown.sent
