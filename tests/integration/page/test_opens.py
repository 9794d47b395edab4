"""Every page opens, asks nobody else, says the same without scripts, and is small."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.integration.page.looking import LOADED_BYTES, looking, serving
from tests.integration.page.states import EPISODE, INCIDENT, one_cause
from tests.unit.web.fakes import make_state

PATHS = ("/", INCIDENT, EPISODE, "/volumes/n1/nvme0n1", "/victims/inference/vllm-7c9f4-x2x8q", "/docs")
NOBODY = ("/incidents/nope", "/episodes/nope", "/volumes/nope", "/victims/no/pe")
LARGEST_LOAD_BYTES = 300_000


@pytest.mark.parametrize("path", PATHS)
def test_opens_without_a_fault_and_asks_no_other_host(browser: Browser, address: str, path: str) -> None:
    """Every page opens without an error in the console (its own policy included), and loads all from the daemon.

    That is little: 300 kB over all requests of a first visit, curves included.
    """
    with looking(browser, address, path) as look:
        assert look.faults == []
        assert look.hosts == {urlsplit(address).netloc}
        assert look.page.locator("h1").count() == 1
        assert look.page.locator(".demo").is_visible()
        assert 5_000 < look.page.evaluate(LOADED_BYTES) <= LARGEST_LOAD_BYTES


@pytest.mark.parametrize("path", NOBODY)
def test_what_nobody_knows_is_a_page_too(browser: Browser, address: str, path: str) -> None:
    """A link to what is no longer kept explains itself, and leads back."""
    with looking(browser, address, path) as look:
        assert "is known" in look.page.locator("main").inner_text()
        look.follow(look.page.get_by_role("link", name="Back to the overview"), "/")


def test_overview_leads_to_the_episode_and_on_to_the_incident(browser: Browser, address: str) -> None:
    """From the first page one click leads to all victims of the cause, one more to one of them and its curves."""
    with looking(browser, address) as look:
        look.follow(look.page.get_by_role("link", name="Storage contention on n1/nvme0n1: 3 victims"), EPISODE)
        look.follow(look.page.locator("table").get_by_role("link", name="inference/vllm-7c9f4-x2x8q"), INCIDENT)
        assert look.page.locator(".panel canvas").count() == 4
        assert look.faults == []


def test_works_below_a_path(browser: Browser) -> None:
    """Behind a proxy that serves the daemon below a path all is found there: parts, curves, the stream, the form."""
    state = make_state(incidents=one_cause(1, 0))
    with serving(state, "/below") as address, looking(browser, address, INCIDENT) as look:
        look.page.locator("#live[data-state='live']").wait_for()
        assert look.page.locator(".panel canvas").count() == 4
        look.page.get_by_role("button", name="Right", exact=True).click()
        look.page.locator(".said").wait_for()
        look.follow(look.page.get_by_role("link", name="Overview").first, "/below/")
        assert look.faults == []


@pytest.mark.parametrize("path", PATHS[:-1])
def test_works_without_scripts(browser: Browser, address: str, path: str) -> None:
    """Without JavaScript nothing is empty, and nothing is shown that only a script could serve."""
    with looking(browser, address, path, scripts=False) as look:
        words = look.page.inner_text("main")
        assert "vllm-7c9f4-x2x8q" in words
        assert "rag/reindex-28812345-h8kz2" in words
        assert look.page.locator(".scripted:visible").count() == 0


def test_picture_stands_for_the_charts_without_scripts(browser: Browser, address: str) -> None:
    """The picture is drawn, with words for those who cannot see it, and feedback can be given."""
    with looking(browser, address, INCIDENT, scripts=False) as look:
        picture = look.page.locator(".picture img")
        assert picture.evaluate("image => image.naturalWidth") >= 800
        assert "p95 74.7 ms before" in (picture.get_attribute("alt") or "")
        look.page.get_by_role("button", name="Right").is_visible()


def test_parts_are_kept_but_asked_about_again(browser: Browser, address: str) -> None:
    """An upgrade of the daemon is not shown with the scripts of the version before."""
    with looking(browser, address) as look:
        answer = look.page.request.get(f"{address}/static/page.js")
        assert answer.headers["cache-control"] == "no-cache"
        again = look.page.request.get(f"{address}/static/page.js", headers={"if-none-match": answer.headers["etag"]})
        assert again.status == 304
