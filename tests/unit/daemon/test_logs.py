"""What is said on stderr."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from correlator.daemon.logs import configure_logs
from correlator.settings import LogFormat, LogLevel, LogSettings


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Leave the test's logs as they were."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers, logging.root.level = handlers, level
    structlog.reset_defaults()


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """For machines: our own messages, those of libraries and tracebacks alike; nothing on stdout."""
    configure_logs(LogSettings(format=LogFormat.JSON))
    structlog.get_logger("a").info("began", step=15)
    logging.getLogger("library").warning("odd %s", "thing")
    try:
        int("nothing")
    except ValueError:
        structlog.get_logger("a").exception("failed")
    said = capsys.readouterr()
    began, odd, failed = (json.loads(line) for line in said.err.splitlines())
    assert said.out == ""
    assert (began["event"], began["level"], began["step"]) == ("began", "info", 15)
    assert began["timestamp"].endswith("Z")
    assert odd["event"] == "odd thing"
    assert failed["exception"][0]["exc_type"] == "ValueError"


def test_text_is_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Without colours where nobody sees them."""
    configure_logs(LogSettings())
    structlog.get_logger("a").warning("late", lag=3)
    said = capsys.readouterr().err
    assert "late" in said
    assert "lag=3" in said
    assert "\x1b" not in said


def test_level_leaves_out_what_is_less_important(capsys: pytest.CaptureFixture[str]) -> None:
    """From the level on, and libraries' chatter only when asked for everything."""
    configure_logs(LogSettings(level=LogLevel.WARNING))
    structlog.get_logger("a").info("never mind")
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    assert capsys.readouterr().err == ""


def test_a_name_cannot_write_a_line_or_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever chooses a pod's name chooses no line of the log, neither in a value nor in a message, nor its colours."""
    configure_logs(LogSettings())
    structlog.get_logger("a").info("odd\nfake line", pod="x\n2026-01-01 [info] all is well", colour="\x1b[31mred\x9b")
    logging.getLogger("library").warning("odd %s", "\x1b]0;title\x07")
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    assert not {"\x1b", "\x07", "\x9b"} & set(said)
    assert "all is well" in said
