"""The charts: what they show, and that zoom and hover are one over all panels and in the address."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, expect

from correlator.incidents.lifecycle import TransitionKind
from correlator.picture import style
from tests.factories import STARTED, make_incident
from tests.integration.page.looking import Look, looking, serving
from tests.integration.page.states import EPISODE, INCIDENT, one_cause
from tests.unit.web.fakes import make_state

ALL = "01:44:15 to 02:24:00 UTC"
PART = f"{INCIDENT}?from=2026-11-23T02:00:00Z&to=2026-11-23T02:10:00Z"
PALETTE = """names => Object.fromEntries(names.map(name => {
    const probe = document.createElement("i");
    probe.style.color = `var(--curve-${name})`;
    document.body.append(probe);
    const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    return [name, "#" + [red, green, blue].map(part => part.toString(16).padStart(2, "0")).join("")];
}))"""
STACK = """async evidence => {
    const {shownIn, upperEdges, sum} = await import("/static/charts/curves.js");
    const shown = shownIn(evidence, "device_time", ["a/guilty"]);
    return {labels: shown.curves.map(each => each.label), colours: shown.curves.map(each => each.colour),
            edges: upperEdges(shown.curves), sum: sum([[1, null, null], [2, 3, null]])};
}"""


def asked_range(look: Look) -> dict[str, list[str]]:
    """What the address says of the zoom."""
    return parse_qs(urlsplit(look.page.url).query)


def shown_range(look: Look) -> Locator:
    """What the page says of the zoom."""
    return look.page.locator(".range")


def drag(look: Look, panel: str, begin: float, end: float) -> None:
    """Drag over a part of a panel, from and to a share of its width."""
    place = look.page.locator(f'[data-panel="{panel}"] .u-over')
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    look.page.mouse.move(box["x"] + begin * box["width"], y)
    look.page.mouse.down()
    look.page.mouse.move(box["x"] + end * box["width"], y, steps=4)
    look.page.mouse.up()


def test_dragging_zooms_all_panels_and_the_address(browser: Browser, address: str) -> None:
    """What is dragged over in one panel is what all show, and stands in the address; a reload shows the same."""
    with looking(browser, address, INCIDENT) as look:
        expect(shown_range(look)).to_have_text(ALL)
        drag(look, "latency", 0.25, 0.75)
        expect(shown_range(look)).not_to_have_text(ALL)
        seen = shown_range(look).inner_text()
        assert re.fullmatch(r"01:54:\d\d to 02:14:\d\d UTC", seen)
        asked = asked_range(look)
        assert [asked["from"][0][11:19], asked["to"][0][11:19]] == [seen[:8], seen[12:20]]
        look.page.reload()
        look.wait()
        expect(shown_range(look)).to_have_text(seen)
        look.page.locator('[data-panel="queue"] .u-over').dblclick()
        expect(shown_range(look)).to_have_text(ALL)
        assert asked_range(look) == {}
        assert look.faults == []


def test_link_to_a_view_can_be_sent(browser: Browser, address: str) -> None:
    """Whoever opens the copied link sees the same part; nonsense in it shows all."""
    with looking(browser, address, PART) as look:
        expect(shown_range(look)).to_have_text("02:00:00 to 02:10:00 UTC")
        look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        look.page.get_by_role("button", name="Copy link to this view").click()
        expect(look.page.get_by_role("button", name="Copied")).to_be_visible()
        assert look.page.evaluate("navigator.clipboard.readText()") == f"{address}{PART}"
        look.page.goto(f"{address}{INCIDENT}?from=nonsense&to=9999-99-99")
        look.wait()
        expect(shown_range(look)).to_have_text(ALL)
        assert look.faults == []


def test_hovering_reads_all_panels_at_one_moment(browser: Browser, address: str) -> None:
    """The cursor in one panel shows the values of that moment in all."""
    with looking(browser, address, INCIDENT) as look:
        look.page.locator('[data-panel="ttft"] .u-over').hover(position={"x": 900, "y": 40})
        for panel in ("ttft", "latency", "queue", "device_time"):
            value = look.page.locator(f'[data-panel="{panel}"] .legend b').first
            expect(value).to_have_text(re.compile(r"\d.* (ms|s|s/s)|\d+"))
        expect(look.page.locator(".moment")).to_have_text(re.compile(r"at 02:\d\d:\d\d UTC"))
        look.page.mouse.move(5, 5)
        expect(look.page.locator(".moment")).to_have_text("")
        assert {*look.page.locator(".legend b").all_inner_texts()} == {""}


def test_keyboard_reads_and_zooms(browser: Browser, address: str) -> None:
    """Arrows read value by value, aloud; plus zooms, Page Down moves on, Escape shows all."""
    with looking(browser, address, INCIDENT) as look:
        keys, readout = look.page.keyboard, look.page.locator(".readout")
        look.page.locator(".panels").focus()
        keys.press("ArrowRight")
        expect(readout).to_have_text(
            re.compile(r"^01:44:15 UTC\. Time to first token: p95 \d.* ms, .*Device time taken")
        )
        keys.press("Shift+ArrowRight")
        expect(readout).to_have_text(re.compile("^01:46:45 UTC"))
        keys.press("ArrowLeft")
        expect(readout).to_have_text(re.compile("^01:46:30 UTC"))
        assert readout.get_attribute("role") == "status"
        keys.press("+")
        expect(shown_range(look)).to_have_text("01:54:11 to 02:14:04 UTC")
        keys.press("PageDown")
        expect(shown_range(look)).to_have_text("02:04:07 to 02:24:00 UTC")
        keys.press("Escape")
        expect(shown_range(look)).to_have_text(ALL)


def test_new_evidence_is_drawn_where_the_reader_looks(browser: Browser) -> None:
    """What an update brings is drawn in the same charts, and the zoom stays."""
    store = one_cause(1, 0)
    with serving(make_state(incidents=store)) as address, looking(browser, address, PART) as look:
        look.page.locator("#live[data-state='live']").wait_for()
        with look.page.expect_response(lambda answer: answer.url.endswith("/evidence")):
            later = replace(make_incident(), updated_at=STARTED + timedelta(minutes=20))
            store.happen(TransitionKind.UPDATED, later)
        expect(shown_range(look)).to_have_text("02:00:00 to 02:10:00 UTC")
        assert look.page.locator(".panel canvas").count() == 4
        assert look.faults == []


def test_episode_shows_all_victims_over_one_axis(browser: Browser, address: str) -> None:
    """One panel a victim above those of the volume, zoomed as one."""
    with looking(browser, address, EPISODE) as look:
        titles = look.page.locator(".panel h3").all_inner_texts()
        assert titles[:3] == ["inference/vllm-7c9f4-x2x8q", "inference/vllm-1", "inference/vllm-2"]
        assert len(titles) == 6
        drag(look, "latency", 0.5, 0.75)
        expect(shown_range(look)).to_have_text(re.compile("02:04:.. to 02:14:.. UTC"))


def test_evidence_that_cannot_be_read_is_said(browser: Browser, address: str) -> None:
    """Where the curves cannot be had the page says so, and has the figures."""
    with looking(browser, address, "/docs") as look:
        look.page.route("**/evidence", lambda route: route.fulfill(status=503, body="{}"))
        look.page.goto(f"{address}{INCIDENT}")
        look.wait()
        expect(look.page.locator(".readout")).to_contain_text("could not be read")
        expect(look.page.get_by_text("The curves as numbers")).to_be_visible()


def test_colours_are_those_of_the_picture(browser: Browser, address: str) -> None:
    """On light paper chart and picture show the same things in the same colours."""
    names = {
        "blue": style.BLUE, "sky": style.SKY, "green": style.GREEN, "orange": style.ORANGE,
        "vermilion": style.VERMILION, "purple": style.PURPLE, "ink": style.INK, "muted": style.MUTED,
        "faint": style.FAINT, "others": style.OTHERS, "nobody": style.NOBODY, "warning": style.WARNING_INK,
        **{f"bystander-{rank}": colour for rank, colour in enumerate(style.BYSTANDERS, 1)},
    }  # fmt: skip
    with looking(browser, address) as look:
        assert look.page.evaluate(PALETTE, list(names)) == {name: colour.lower() for name, colour in names.items()}


def test_stack_adds_up(browser: Browser, address: str) -> None:
    """The accused on top of bystanders and the victim; what was not seen is a gap, and counts nothing."""
    curve = {"name": "device_time", "unit": "ratio"}
    evidence = {
        "times": ["2026-11-23T02:00:00Z", "2026-11-23T02:00:15Z"],
        "series": [
            {**curve, "role": "suspect", "label": "a/guilty", "values": [4, 5]},
            {**curve, "role": "unattributed", "label": "unattributed", "values": [1, 1]},
            {**curve, "role": "victim_io", "label": "v/v", "values": [0.5, None]},
            *({**curve, "role": "suspect", "label": f"b/{rank}", "values": [rank, None]} for rank in range(8)),
        ],
    }
    with looking(browser, address) as look:
        stack = look.page.evaluate(STACK, evidence)
    assert stack["labels"] == [
        "the victim itself", *(f"b/{rank}" for rank in (7, 6, 5, 4, 3, 2)), "2 others", "nobody accounts for",
        "a/guilty (accused)",
    ]  # fmt: skip
    assert (stack["colours"][0], stack["colours"][-1]) == ("sky", "vermilion")
    assert stack["edges"][-1] == [0.5 + 27 + 1 + 1 + 4, 6]
    assert stack["edges"][0] == [0.5, None]
    assert stack["sum"] == [3, 3, None]
