"""The page while things happen: what it takes in, what it leaves alone, and what it says when nobody answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Browser, expect

from correlator.incidents.lifecycle import TransitionKind
from correlator.model.incident import State
from correlator.web.state import WebState
from tests.factories import STARTED, make_incident, make_victim
from tests.integration.page.looking import Look, looking, serving
from tests.integration.page.states import INCIDENT, one_cause
from tests.snapshots import make_snapshot, make_volume_now
from tests.unit.web.fakes import FakeIncidents, make_state

LIVE = "#live[data-state='live']"


MORPHS = """async () => {
    const {morph} = await import("/static/morph.js");
    let state = 20261126;
    const random = below => (state = state * 48271 % 2147483647) % below;
    const grow = depth => {
        const node = document.createElement(["p", "li", "div"][random(3)]);
        if (random(2)) node.dataset.key = "k" + random(6);
        if (random(2)) node.className = "c" + random(3);
        const keys = new Set();
        for (let rank = random(6); depth && rank > 0; rank--) {
            const child = random(3) ? grow(depth - 1) : document.createTextNode("t" + random(4));
            const key = child.dataset?.key;
            if (!key || !keys.has(key)) node.append(child);
            keys.add(key);
        }
        return node;
    };
    const unlike = [];
    for (let turn = 0; turn < 500; turn++) {
        const [old, fresh] = ["main", "main"].map(name => {
            const top = document.createElement(name);
            top.append(...grow(3).childNodes);
            return top;
        });
        const before = old.outerHTML;
        morph(old, fresh);
        old.normalize();
        fresh.normalize();
        if (!old.isEqualNode(fresh)) unlike.push([before, fresh.outerHTML, old.outerHTML]);
    }
    return unlike;
}"""


@contextmanager
def followed(browser: Browser, state: WebState, path: str = "/") -> Iterator[Look]:
    """A page that has its stream."""
    with serving(state) as address, looking(browser, address, path) as look:
        look.page.locator(LIVE).wait_for()
        yield look


def test_new_incident_appears_and_is_said(browser: Browser) -> None:
    """What opens stands on the page without a reload, and is read out."""
    store = one_cause(1, 0)
    with followed(browser, make_state(incidents=store)) as look:
        look.page.evaluate("window.same = true")
        other = make_incident(
            id="beef", episode_id="beef", victim=make_victim(pod="tgi-0"), explanation="It waits. Long."
        )
        store.happen(TransitionKind.OPENED, other)
        expect(look.page.locator("h1")).to_have_text("2 open incidents")
        expect(look.page.locator("article", has_text="inference/tgi-0")).to_be_visible()
        expect(look.page.locator("#said")).to_have_text("Incident opened: It waits")
        assert look.page.evaluate("window.same")
        assert look.faults == []


def test_incident_changes_in_place(browser: Browser) -> None:
    """Focus, scroll, what is typed, what is unfolded and what is selected stay; only what is new changes."""
    store = one_cause(1, 0)
    with followed(browser, make_state(incidents=store), INCIDENT) as look:
        page = look.page
        page.get_by_text("Say who did it, or more").click()
        page.get_by_label("Note").fill("half a sen")
        page.get_by_label("Note").focus()
        page.get_by_text("The curves as numbers").evaluate("each => each.parentElement.open = true")
        page.evaluate("scrollTo(0, 300)")
        canvas = page.locator(".panel canvas").first.element_handle()
        resolved = replace(
            make_incident(),
            state=State.RESOLVED,
            ended_at=STARTED + timedelta(minutes=9),
            updated_at=STARTED + timedelta(minutes=9),
        )
        store.happen(TransitionKind.RESOLVED, resolved)
        expect(page.locator(".facts")).to_contain_text("resolved")
        assert page.get_by_label("Note").input_value() == "half a sen"
        assert page.evaluate("document.activeElement.id") == "note"
        assert page.evaluate("scrollY") == 300
        assert page.locator("details.numbers").evaluate("each => each.open")
        assert canvas.evaluate("each => each.isConnected")
        assert look.faults == []


def test_what_concerns_another_incident_changes_nothing(browser: Browser) -> None:
    """A page of one incident is not read again for the sake of others."""
    store = one_cause(1, 0)
    with followed(browser, make_state(incidents=store), INCIDENT) as look:
        asked: list[str] = []
        look.page.on("request", lambda request: asked.append(request.url))
        store.happen(TransitionKind.OPENED, make_incident(id="beef", episode_id="beef"))
        store.happen(TransitionKind.UPDATED, replace(make_incident(), explanation="It is worse now."))
        expect(look.page.locator(".lead")).to_have_text("It is worse now.")
        assert len([url for url in asked if url.endswith(INCIDENT)]) == 1


def test_new_step_brings_new_figures(browser: Browser) -> None:
    """Volumes and victims follow the engine's steps, though nothing happens to any incident."""
    newest = [make_snapshot()]
    state = replace(make_state(incidents=FakeIncidents()), snapshot=lambda: newest[0])
    with followed(browser, state, "/volumes/n1/nvme0n1") as look:
        later = STARTED + timedelta(minutes=7)
        newest[0] = make_snapshot(at=later, volumes=(make_volume_now(queue_depth=77.0),))
        expect(look.page.locator(".facts")).to_contain_text("77")
        expect(look.page.locator("main time").first).to_have_attribute("datetime", "2026-11-23T02:11:15Z")


def test_list_that_grows_keeps_its_rows(browser: Browser) -> None:
    """A row that moves down because of a newer one is still the same row, with the focus in it."""
    store = one_cause(1, 3)
    with followed(browser, make_state(incidents=store)) as look:
        link = look.page.locator('tr[data-key="past0"] th a')
        link.focus()
        row = look.page.locator('tr[data-key="past0"]').element_handle()
        store.happen(TransitionKind.OPENED, make_incident(id="beef", episode_id="beef"))
        expect(look.page.locator('tr[data-key="beef"]')).to_be_visible()
        assert row.evaluate("each => each.isConnected")
        assert link.evaluate("each => each === document.activeElement")


def test_lost_connection_is_said_and_mended(browser: Browser) -> None:
    """While the daemon is away the page says since when, and catches up when it is back."""
    store = one_cause(1, 0)
    away = threading.Event()
    state = replace(make_state(incidents=store), stopping=away.is_set)
    with followed(browser, state) as look:
        page = look.page
        page.context.set_offline(True)
        away.set()
        expect(page.locator("#live")).to_contain_text("Connection lost at")
        assert page.locator("#live").get_attribute("role") == "status"
        store.happen(TransitionKind.OPENED, make_incident(id="beef", episode_id="beef"))
        away.clear()
        page.context.set_offline(False)
        page.locator(LIVE).wait_for()
        expect(page.locator("h1")).to_have_text("2 open incidents")


def test_page_that_nobody_sees_holds_no_connection(browser: Browser) -> None:
    """Hidden it closes its stream, seen again it opens one and catches up: a browser has six connections to a host."""
    store = one_cause(1, 0)
    with followed(browser, make_state(incidents=store)) as look:
        show = (
            "hidden => { Object.defineProperty(document, 'hidden', {value: Boolean(hidden), configurable: true}); "
            "document.dispatchEvent(new Event('visibilitychange')); }"
        )
        with look.page.expect_event("requestfailed", lambda request: "/stream" in request.url):
            look.page.evaluate(show, "hidden")
        store.happen(TransitionKind.OPENED, make_incident(id="beef", episode_id="beef"))
        look.page.evaluate(show, "")
        expect(look.page.locator("h1")).to_have_text("2 open incidents")


def test_any_page_becomes_any_other(browser: Browser, address: str) -> None:
    """Whatever stood there before, what was rendered anew is what stands there after: 500 pairs of random trees."""
    with looking(browser, address, "/docs") as look:
        assert look.page.evaluate(MORPHS) == []
