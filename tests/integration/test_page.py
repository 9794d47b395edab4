"""The page in a real browser."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from correlator.web.state import WebState
from tests.factories import HOSTILE, make_evidence, make_incident, make_suspect, make_victim, make_volume
from tests.integration.pages import CHROMIUM, FLAGS, looking, serving
from tests.snapshots import make_pod_on_volume, make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import FakeIncidents, make_state, make_status

INCIDENT = "/incidents/c0ffee5eed"
PIXELS = "image => ({width: image.naturalWidth, complete: image.complete})"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, which asks nobody for anything by itself, and leaves nothing in anybody's home."""
    home: dict[str, str | float | bool] = {**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), env=home)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The one contention of the factories, in a demo."""
    with serving(make_state(status=make_status(demo=True))) as served:
        yield served


def hostile_state() -> WebState:
    """A cluster whose every name is markup with a script."""
    suspect = make_suspect(namespace=HOSTILE, pod=HOSTILE, workload=HOSTILE)
    victim = make_victim(namespace=HOSTILE, pod=HOSTILE, model_name=HOSTILE)
    incident = make_incident(
        suspects=(suspect,), victim=victim, volume=make_volume(name=HOSTILE), explanation=f"</p>{HOSTILE}"
    )
    evidence = make_evidence()
    named = tuple(replace(curve, label=f"{HOSTILE}/{HOSTILE}") for curve in evidence.series)
    snapshot = make_snapshot(
        volumes=(make_volume_now(name=HOSTILE, errors=(HOSTILE,), pods=(make_pod_on_volume(pod=HOSTILE),)),),
        victims=(make_victim_now(namespace=HOSTILE, pod=HOSTILE, volume_ids=(HOSTILE,)),),
    )
    store = FakeIncidents([incident], {incident.id: replace(evidence, series=named)})
    return make_state(incidents=store, snapshot=snapshot, status=make_status(source=HOSTILE))


@pytest.mark.parametrize("path", ["/", INCIDENT, "/docs", "/incidents/nope"])
def test_opens_without_a_fault_and_asks_no_other_host(browser: Browser, address: str, path: str) -> None:
    """Every page opens without an error in the console (its own policy included) and loads all from the daemon."""
    with looking(browser, address, path) as look:
        not_found = "the server responded with a status of 404"
        assert [fault for fault in look.faults if path != "/incidents/nope" or not_found not in fault] == []
        assert look.hosts == {urlsplit(address).netloc}
        assert look.page.locator("h1").count() == 1
        assert look.page.locator(".demo").is_visible()


def test_overview_leads_to_the_incident(browser: Browser, address: str) -> None:
    """From the first page one click leads to the incident and its picture, which is really drawn."""
    with looking(browser, address) as look:
        look.page.get_by_role("link", name="Storage contention on n1/nvme0n1").click()
        assert urlsplit(look.page.url).path == INCIDENT
        look.page.wait_for_load_state("networkidle")
        picture = look.page.locator(".picture img").evaluate(PIXELS)
        assert picture["complete"]
        assert picture["width"] >= 800
        assert look.faults == []


def test_hostile_values_stay_text(browser: Browser) -> None:
    """Names that are markup with scripts are read as text: no element comes of them and nothing runs."""
    with serving(hostile_state()) as address:
        for path in ("/", INCIDENT):
            with looking(browser, address, path) as look:
                assert look.faults == []
                assert look.page.locator('img[src="x"]').count() == 0
                assert HOSTILE in look.page.locator("main").inner_text()


def test_hostile_picture_stays_a_picture(browser: Browser) -> None:
    """The SVG opened by itself runs nothing and loads nothing, whatever stands in its labels."""
    with serving(hostile_state()) as address, looking(browser, address, f"/api/v1{INCIDENT}/plot.svg") as look:
        assert look.faults == []
        assert look.hosts == {urlsplit(address).netloc}
        words = look.page.evaluate("[...document.querySelectorAll('text')].map(each => each.textContent)")
        assert any(HOSTILE[:20] in word for word in words)


def test_feedback_by_form(browser: Browser) -> None:
    """The form keeps what was said and the page shows it."""
    with serving(make_state()) as address, looking(browser, address, INCIDENT) as look:
        look.page.get_by_label("wrong").check()
        look.page.get_by_label("Note").fill("it was the <b>backup</b>")
        look.page.get_by_role("button", name="Keep it").click()
        look.page.wait_for_load_state("networkidle")
        said = look.page.locator(".said").inner_text()
        assert "the verdict is wrong; culprits: rag/reindex-28812345-h8kz2" in said
        assert "it was the <b>backup</b>" in said
        assert look.faults == []


def test_command_can_be_copied(browser: Browser, address: str) -> None:
    """The advice's command has a button that copies exactly it."""
    with looking(browser, address, INCIDENT) as look:
        look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        look.page.get_by_role("button", name="Copy").first.click()
        look.page.get_by_role("button", name="Copied").first.wait_for()
        copied = look.page.evaluate("navigator.clipboard.readText()")
        assert copied == make_incident().advice[0].command


def test_refreshes_itself_but_not_while_someone_writes(browser: Browser, address: str) -> None:
    """An open incident is read again after a while, unless the reader is in the middle of a note."""
    with looking(browser, address, INCIDENT) as look:
        look.page.clock.install()
        look.page.reload(wait_until="networkidle")
        look.page.get_by_label("Note").fill("half a sen")
        look.page.clock.run_for(60_000)
        assert look.page.get_by_label("Note").input_value() == "half a sen"
        with look.page.expect_navigation():
            look.page.get_by_label("Note").blur()
            look.page.clock.run_for(31_000)


def test_works_without_scripts(browser: Browser, address: str) -> None:
    """Without JavaScript the page says the same."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{INCIDENT}")
    assert "rag/reindex-28812345-h8kz2" in page.inner_text("main")
    assert page.locator("form button").is_visible()
    context.close()


@pytest.mark.parametrize("path", ["/", INCIDENT, "/docs"])
def test_fits_a_phone(browser: Browser, address: str, path: str) -> None:
    """On a narrow screen only tables and the picture scroll sideways, not the page."""
    with looking(browser, address, path, width=390) as look:
        assert look.page.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("path", ["/", INCIDENT, "/docs"])
def test_tables_and_headings_are_accessible(browser: Browser, address: str, path: str) -> None:
    """Headings skip no level, every header cell has a scope, every field a label, every picture a text."""
    with looking(browser, address, path) as look:
        levels = look.page.eval_on_selector_all("h1,h2,h3,h4", "all => all.map(each => Number(each.tagName[1]))")
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert look.page.locator("th:not([scope])").count() == 0
        assert look.page.locator("img:not([alt])").count() == 0
        unlabelled = "all => all.filter(each => !each.labels.length).length"
        assert look.page.eval_on_selector_all("main input, main textarea", unlabelled) == 0
