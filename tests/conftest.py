"""What all tests share: no surprise from randomness, none from the machine's own settings."""

import os

import pytest
from hypothesis import settings

settings.register_profile("project", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a setting that happens to be set where it runs."""
    for name in [name for name in os.environ if name.startswith("CORRELATOR_")]:
        monkeypatch.delenv(name)
