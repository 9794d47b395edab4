"""What a reader does on the page: filter, say right or wrong, copy a command."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, expect

from correlator.model.incident import Feedback
from tests.factories import make_incident
from tests.integration.page.looking import looking, serving
from tests.integration.page.states import INCIDENT, one_cause
from tests.unit.web.fakes import make_state

ROWS = 'section[aria-labelledby="incidents"] tbody tr'


def test_filters_stand_in_the_address(browser: Browser, address: str) -> None:
    """What is chosen is in the address, without the fields that ask for nothing, and a chip takes it away again."""
    with looking(browser, address) as look:
        page = look.page
        page.get_by_text("Filter", exact=True).click()
        page.get_by_label("Verdict").select_option("load")
        page.locator("select[name=state]").select_option("resolved")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(lambda url: "verdict=load" in url)
        look.wait()
        assert parse_qs(urlsplit(page.url).query) == {"state": ["resolved"], "verdict": ["load"]}
        assert page.locator(ROWS).count() == 20
        assert {*page.locator(f"{ROWS} td:nth-of-type(2)").all_inner_texts()} == {"Load"}
        page.get_by_role("link", name="Remove the filter Verdict").click()
        page.wait_for_url(lambda url: "verdict" not in url)
        look.wait()
        assert page.locator(ROWS).count() == 25
        assert look.faults == []


def test_culprit_leads_to_all_it_was_suspected_of(browser: Browser, address: str) -> None:
    """From an incident one click shows every other one in which the same pod was a suspect."""
    with looking(browser, address, INCIDENT) as look:
        look.follow(look.page.locator(".facts").get_by_role("link", name="rag/reindex-28812345-h8kz2"), "/")
        assert parse_qs(urlsplit(look.page.url).query) == {"suspect": ["rag/reindex-28812345-h8kz2"]}
        assert look.page.locator(ROWS).count() == 23


def test_pages_lead_to_the_end_and_back(browser: Browser, address: str) -> None:
    """Older leads through all incidents without one twice; Newest leads back."""
    with looking(browser, address) as look:
        seen = look.page.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.key)")
        while look.page.get_by_role("link", name="Older").count():
            before = look.page.url
            look.page.get_by_role("link", name="Older").click()
            look.page.wait_for_url(lambda url, before=before: url != before)  # type: ignore[misc]
            look.wait()
            seen += look.page.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.key)")
        assert len(seen) == len(set(seen)) == 63
        look.page.get_by_role("link", name="Newest").click()
        expect(look.page.get_by_role("link", name="Newest")).to_have_count(0)


def test_feedback_in_place(browser: Browser) -> None:
    """From the incident one click keeps it; it is shown and said, the page stays where it is."""
    store = one_cause(1, 0)
    with serving(make_state(incidents=store)) as address, looking(browser, address, INCIDENT) as look:
        look.page.evaluate("window.same = true")
        look.page.get_by_role("button", name="Right", exact=True).click()
        expect(look.page.locator(".said")).to_contain_text("the verdict is right")
        expect(look.page.locator("#said")).to_have_text("Kept: the verdict is right.")
        assert look.page.evaluate("window.same")
        assert look.page.get_by_role("button", name="Right", exact=True).evaluate(
            "each => each === document.activeElement"
        )
        kept = store.get("c0ffee5eed")
        assert kept is not None
        assert kept.feedback is not None
        assert (kept.feedback.verdict_right, kept.feedback.culprits, kept.feedback.note) == (True, (), "")
        assert look.faults == []


def test_feedback_with_culprits_and_note(browser: Browser) -> None:
    """Who did it and why can be said as well; what cannot be kept is said and nothing typed is lost."""
    store = one_cause(1, 0)
    with serving(make_state(incidents=store)) as address, looking(browser, address, INCIDENT) as look:
        page = look.page
        page.get_by_text("Say who did it, or more").click()
        page.get_by_label("Who did it").fill("nonsense")
        page.get_by_label("Note").fill("it was the <b>backup</b>")
        page.get_by_role("button", name="Wrong").click()
        expect(page.locator("[data-said]")).to_contain_text("Not kept: body culprits.0: expected namespace/pod")
        assert page.get_by_label("Note").input_value() == "it was the <b>backup</b>"
        page.get_by_label("Who did it").fill("ops/backup-7")
        page.get_by_role("button", name="Wrong").click()
        said = page.locator(".said")
        expect(said).to_contain_text("the verdict is wrong; culprits: ops/backup-7. “it was the <b>backup</b>”")
        assert page.get_by_label("Note").input_value() == ""


def test_feedback_without_scripts(browser: Browser) -> None:
    """The same one click works without JavaScript."""
    store = one_cause(1, 0)
    with serving(make_state(incidents=store)) as address:
        with looking(browser, address, INCIDENT, scripts=False) as look:
            look.page.get_by_role("button", name="Wrong").click()
            look.page.wait_for_url("**#feedback")
            assert "the verdict is wrong" in look.page.locator(".said").inner_text()
        kept = store.get("c0ffee5eed")
        assert kept is not None
        assert isinstance(kept.feedback, Feedback)
        assert not kept.feedback.verdict_right


def test_command_is_copied_by_keyboard(browser: Browser, address: str) -> None:
    """The button beside a command copies exactly it, says so on itself and aloud, and keeps the focus."""
    with looking(browser, address, INCIDENT) as look:
        look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        look.page.get_by_role("button", name="Copy", exact=True).press("Enter")
        expect(look.page.get_by_role("button", name="Copied")).to_be_focused()
        expect(look.page.locator("#said")).to_have_text("Copied")
        assert look.page.evaluate("navigator.clipboard.readText()") == make_incident().advice[0].command


def test_command_is_copied_over_plain_http(browser: Browser, address: str) -> None:
    """Where the browser has no clipboard for the page, the command is copied all the same."""
    with looking(browser, address, INCIDENT) as look:
        look.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        button = look.page.get_by_role("button", name="Copy", exact=True)
        button.click()
        expect(look.page.get_by_role("button", name="Copied")).to_be_focused()
        look.page.get_by_text("Say who did it, or more").click()
        look.page.get_by_label("Note").focus()
        look.page.keyboard.press("Control+V")
        assert look.page.get_by_label("Note").input_value() == make_incident().advice[0].command
