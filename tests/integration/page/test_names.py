"""Whatever a label holds, it is text: in words, in charts, in addresses, in what a chat reads of a link."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from correlator.wording.words import visible
from tests.integration.page.looking import Look, looking, serving
from tests.integration.page.states import EPISODE, HARMFUL, INCIDENT, named

INSERTED = 'main img[src="x"], main script, main [onerror], a[href^="javascript" i]'
WITHIN = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def stays_text_beside_the_words(look: Look, name: str) -> None:
    """The legend names the accused as it is called, and so do title and preview, each as one value."""
    legend = look.page.locator('[data-panel="device_time"] .legend > span').first
    assert legend.locator("span").text_content() == f"{name}/{name} (accused)"
    assert f"{name}/{name}" in look.page.title()
    title = look.page.locator('meta[property="og:title"]').get_attribute("content") or ""
    assert f"{name}/{name}" in title
    assert look.page.locator("head > :not(meta, title, link, script, style)").count() == 0


@pytest.mark.parametrize("kind", HARMFUL)
def test_harmful_names_stay_text(browser: Browser, kind: str) -> None:
    """No element comes of them, nothing runs, no link leads elsewhere, and no page grows wider than the screen."""
    name = HARMFUL[kind]
    with serving(named(name)) as address, looking(browser, address) as look:
        own = urlsplit(address).netloc
        paths = ["/", INCIDENT, EPISODE]
        links = (
            "all => all.map(each => each.href).filter(link => link.includes('/volumes/') || link.includes('/victims/'))"
        )
        paths += [link.removeprefix(address) for link in set(look.page.eval_on_selector_all("main a", links))]
        assert len(paths) > 4
        for path in paths:
            look.page.goto(f"{address}{path}")
            look.wait()
            assert look.page.locator(INSERTED).count() == 0
            assert visible(name) in (look.page.locator("main").text_content() or "")
            assert all(
                urlsplit(link).netloc == own
                for link in look.page.eval_on_selector_all("a", "all => all.map(each => each.href)")
            )
            assert look.page.evaluate(WITHIN)
            if path == INCIDENT:
                stays_text_beside_the_words(look, visible(name))
        assert look.faults == []
        assert look.hosts == {own}


def test_picture_of_harmful_names_stays_a_picture(browser: Browser) -> None:
    """The SVG opened by itself runs nothing and loads nothing, whatever stands in its labels."""
    name = HARMFUL["markup"]
    with serving(named(name)) as address, looking(browser, address, f"/api/v1{INCIDENT}/plot.svg") as look:
        assert look.faults == []
        assert look.hosts == {urlsplit(address).netloc}
        words = look.page.evaluate("[...document.querySelectorAll('text')].map(each => each.textContent)")
        assert any(name[:20] in word for word in words)
