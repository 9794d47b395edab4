"""What all tests share: no surprise from randomness, none from the machine's own settings."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.commands import Run

settings.register_profile("project", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a setting that happens to be set where it runs."""
    for name in [name for name in os.environ if name.startswith("CORRELATOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs commands within this process, on short windows; their logs end with the test."""
    monkeypatch.setenv("CORRELATOR_ENGINE__WINDOW_STEPS", "60")
    handlers, level = logging.root.handlers[:], logging.root.level
    yield Run(capfd)
    logging.root.handlers, logging.root.level = handlers, level
    structlog.reset_defaults()
