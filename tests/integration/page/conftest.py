"""One browser for all that is looked at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.integration.page.looking import chromium, serving
from tests.integration.page.states import one_cause
from tests.unit.web.fakes import make_state, make_status


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser, with a home of its own."""
    with chromium(tmp_path_factory.mktemp("home")) as launched:
        yield launched


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """One cause with three victims and a past, in a demo; nobody changes it."""
    with serving(make_state(incidents=one_cause(), status=make_status(demo=True))) as served:
        yield served
