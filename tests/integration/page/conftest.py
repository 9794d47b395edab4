"""One browser for all that is looked at."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.integration.page.looking import CHROMIUM, FLAGS, serving
from tests.integration.page.states import one_cause
from tests.unit.web.fakes import make_state, make_status


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, which asks nobody for anything by itself, and leaves nothing in anybody's home."""
    home: dict[str, str | float | bool] = {**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), env=home)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """One cause with three victims and a past, in a demo; nobody changes it."""
    with serving(make_state(incidents=one_cause(), status=make_status(demo=True))) as served:
        yield served
