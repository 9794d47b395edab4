"""Signing in with a browser."""

from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Browser

from correlator.access import Links, Scope, Sessions, Token, Tokens, new_token
from correlator.web.door import Door, Locks
from tests.integration.page.looking import looking, serving
from tests.unit.web.fakes import make_state

INCIDENT = "/incidents/c0ffee5eed"
KEY = b"k" * 32


def door(*tokens: Token) -> Door:
    """One that asks for these tokens."""
    locks = Locks(tokens=lambda: Tokens(tokens), sessions=Sessions(KEY, timedelta(hours=1)), links=Links(KEY))
    return Door(locks=locks)


def test_a_person_signs_in_reads_says_and_signs_out(browser: Browser) -> None:
    """From a link in a chat over the login to the incident, live; a word on it is kept; then nothing is shown again."""
    secret, token = new_token("ada", list(Scope))
    with serving(replace(make_state(), door=door(token))) as address, looking(browser, address, INCIDENT) as look:
        page = look.page
        assert page.url.endswith("/login?next=%2Fincidents%2Fc0ffee5eed")
        page.get_by_label("Token").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}{INCIDENT}")
        look.wait()
        page.locator("#live[data-state=live]").wait_for()
        page.get_by_role("button", name="Right", exact=True).click()
        page.get_by_text("Kept: the verdict is right.").first.wait_for()
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{address}/login")
        page.goto(f"{address}{INCIDENT}")
        assert page.get_by_label("Token").is_visible()
        assert look.faults == []


def test_a_wrong_token_is_said_where_it_was_asked_for(browser: Browser) -> None:
    """Without scripts as well; the field is at hand again, and the way goes on to where it was going."""
    secret, token = new_token("ada", [Scope.READ])
    state = replace(make_state(), door=door(token))
    with serving(state) as address, looking(browser, address, INCIDENT, scripts=False) as look:
        look.page.get_by_label("Token").fill("wrong")
        look.page.get_by_role("button", name="Sign in").click()
        assert "not known here" in look.page.get_by_role("alert").inner_text()
        look.page.get_by_label("Token").fill(secret)
        look.page.get_by_role("button", name="Sign in").click()
        look.page.wait_for_url(f"{address}{INCIDENT}")
