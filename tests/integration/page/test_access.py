"""For everyone: keyboard, screen reader, either theme, a phone."""

from itertools import pairwise
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.page.looking import looking
from tests.integration.page.states import EPISODE, INCIDENT

PATHS = ("/", INCIDENT, EPISODE, "/volumes/n1/nvme0n1", "/victims/inference/vllm-7c9f4-x2x8q", "/docs")
LANDMARKS: Final = ("banner", "navigation", "main", "contentinfo")
SMALLEST_CONTRAST = 4.5
LOW_CONTRAST = """smallest => {
    // WCAG 2: relative luminance and contrast, of every visible text against the first opaque paper behind it.
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([red, green, blue]) => [red, green, blue].map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, rank) => sum + part * [0.2126, 0.7152, 0.0722][rank], 0);
    const paper = node => {
        const found = parts(getComputedStyle(node).backgroundColor);
        return found.length === 3 || found[3] === 1 ? found : paper(node.parentElement);
    };
    const seen = [...document.querySelectorAll("body *")].filter(node => node.checkVisibility()
        && !node.closest(".unseen, .u-wrap")
        && [...node.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.nodeValue.trim()));
    const low = seen.map(node => {
        const [one, other] = [light(parts(getComputedStyle(node).color)), light(paper(node))].sort((a, b) => b - a);
        return [(one + 0.05) / (other + 0.05), node.tagName, node.textContent.trim().slice(0, 40)];
    }).filter(([ratio]) => ratio < smallest);
    return {low, seen: seen.length};
}"""
WORDS_OF_CHARTS = """names => {
    // What is drawn cannot be asked for its colours: the same words in the same colours can.
    const card = document.createElement("p");
    card.className = "card";
    for (const name of names) {
        const word = document.createElement("span");
        word.style.color = `var(--curve-${name})`;
        word.textContent = name;
        card.append(word);
    }
    document.body.append(card);
}"""
THEME = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(246, 247, 249)", "rgb(18, 22, 28)"


@pytest.mark.parametrize("path", PATHS)
def test_page_is_for_everyone(browser: Browser, address: str, path: str) -> None:
    """Structure for screen readers, text that stands out in both themes, no sideways scrolling on a phone."""
    with looking(browser, address, path) as look:
        has_structure(look.page)
        look.page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
        look.page.evaluate(WORDS_OF_CHARTS, ["muted", "warning"])
        stands_out(look.page)
        look.page.emulate_media(color_scheme="dark")
        assert look.page.evaluate(THEME) == DARK
        stands_out(look.page)
        look.page.set_viewport_size({"width": 390, "height": 800})
        fits_a_phone(look.page)


def has_structure(page: Page) -> None:
    """Landmarks, headings that skip no level, scopes, captions, labels, names of buttons and charts."""
    assert all(page.get_by_role(role).count() == 1 for role in LANDMARKS)
    levels = page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("table.flow:not(:has(caption))").count() == 0
    assert page.locator("img:not([alt]), [role=img]:not([aria-label])").count() == 0
    unlabelled = "all => all.filter(each => !each.labels.length).map(each => each.outerHTML)"
    assert page.eval_on_selector_all("input, textarea, select", unlabelled) == []
    nameless = "all => all.filter(each => !(each.ariaLabel || each.textContent.trim())).map(each => each.outerHTML)"
    assert page.eval_on_selector_all("button, a, summary", nameless) == []
    twice = "all => all.map(each => each.id).filter((id, rank, ids) => ids.indexOf(id) !== rank)"
    assert page.eval_on_selector_all("[id]", twice) == []


def stands_out(page: Page) -> None:
    """Every visible text has a contrast of at least 4.5 to what it stands on, also what is drawn into charts."""
    found = page.evaluate(LOW_CONTRAST, SMALLEST_CONTRAST)
    assert found["low"] == []
    assert found["seen"] > 30


def fits_a_phone(page: Page) -> None:
    """Nothing scrolls sideways, tables that flow least of all: their cells say themselves what they are."""
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    wide = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.ariaLabel)"
    assert page.eval_on_selector_all(".scroll:has(table.flow)", wide) == []
    unnamed = "all => all.filter(each => each.colSpan === 1).map(each => each.outerHTML)"
    assert page.eval_on_selector_all("table.flow td:not(:empty, [data-label])", unnamed) == []


def test_keyboard_goes_through_the_page(browser: Browser, address: str) -> None:
    """First comes the way past the header; then everything in order, each with an outline that can be seen."""
    with looking(browser, address, INCIDENT) as look:
        page = look.page
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("(document.activeElement.ariaLabel || document.activeElement.innerText).trim()")
            )
            assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
        wanted = ["Overview", "Copy", "Right", "Wrong", "Zoom in", "The curves as numbers", "Suspects"]
        places = [reached.index(name) for name in wanted]
        assert places == sorted(places)
        assert any(name.startswith("Charts over one time axis") for name in reached)


def test_theme_follows_the_system_until_it_is_chosen(browser: Browser, address: str) -> None:
    """The choice is kept over pages and visits, before anything is painted; the system's counts again when wanted."""
    with looking(browser, address, INCIDENT, dark=True) as look:
        page = look.page
        assert page.evaluate(THEME) == DARK
        page.get_by_label("Colours").select_option("light")
        assert page.evaluate(THEME) == LIGHT
        page.goto(f"{address}/docs")
        look.wait()
        assert page.evaluate(THEME) == LIGHT
        assert page.get_by_label("Colours").input_value() == "light"
        page.get_by_label("Colours").select_option("auto")
        assert page.evaluate(THEME) == DARK
        page.emulate_media(color_scheme="light")
        assert page.evaluate(THEME) == LIGHT
        assert look.faults == []
