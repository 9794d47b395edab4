"""The post-mortem in a browser: one file that loads nothing, runs nothing, and keeps harmful names text."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from correlator.wording.words import visible
from tests.integration.page.looking import looking, serving
from tests.integration.page.states import HARMFUL, INCIDENT, named

REPORT = f"/api/v1{INCIDENT}/report?format=html"
LOADED = "performance.getEntriesByType('resource').map(each => each.name).filter(name => !name.startsWith('data:'))"
INSERTED = 'img[src="x"], script, [onerror], a[href^="javascript" i], iframe, object'


def test_has_everything_inside(browser: Browser, address: str) -> None:
    """Sections, tables and the picture are there; nothing but the file itself was asked for."""
    with looking(browser, address, REPORT) as look:
        titles = look.page.locator("h2").all_text_contents()
        assert {"Summary", "Timeline", "Impact", "Cause", "Suspects", "What to do", "Where this comes from"} <= set(
            titles
        )
        assert look.page.locator("img").evaluate("image => image.naturalWidth") > 1000
        assert "before, " in (look.page.locator("img").get_attribute("alt") or "")
        assert (
            look.page.evaluate(
                "performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
            )
            == 0
        )
        assert look.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert look.faults == []


def test_is_the_same_when_saved(browser: Browser, address: str, tmp_path: Path) -> None:
    """As a file, without the daemon, it shows the same words and the picture."""
    with looking(browser, address, REPORT) as look:
        (tmp_path / "report.html").write_text(look.page.content(), encoding="utf-8")
        words = look.page.locator("main").inner_text()
    with looking(browser, (tmp_path / "report.html").as_uri(), "") as look:
        assert look.page.locator("main").inner_text() == words
        assert look.page.locator("img").evaluate("image => image.naturalWidth") > 1000
        assert look.hosts <= {""}
        assert look.faults == []


@pytest.mark.parametrize("kind", HARMFUL)
def test_harmful_names_stay_text(browser: Browser, kind: str) -> None:
    """No element comes of them, nothing runs, no link leads elsewhere, no page grows wider than the screen."""
    name = HARMFUL[kind]
    with serving(named(name)) as address, looking(browser, address, REPORT) as look:
        assert look.page.locator(INSERTED).count() == 0
        assert visible(name) in (look.page.locator("main").text_content() or "")
        own = urlsplit(address).netloc
        links = look.page.eval_on_selector_all("a", "all => all.map(each => each.href)")
        assert {urlsplit(link).netloc for link in links} <= {own}
        assert look.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert look.faults == []


def test_the_incident_s_page_leads_there(browser: Browser, address: str) -> None:
    """One click away."""
    with looking(browser, address, INCIDENT) as look:
        look.page.get_by_role("link", name="a page").click()
        look.page.get_by_role("heading", name="Timeline").wait_for()
        assert look.faults == []
