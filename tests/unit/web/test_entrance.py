"""Who is let in, to what, how often, and under which name."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from correlator.access import Links, RateLimiter, Scope, Sessions, Token, Tokens, new_token
from correlator.web.door import Door, Locks, network_of
from tests.unit.web.fakes import make_client, make_state

KEY = b"k" * 32
INCIDENT = "/incidents/c0ffee5eed"
PLOT = "/api/v1/incidents/c0ffee5eed/plot.svg"
NOTE = {"verdict_right": True}
FEEDBACK = "/api/v1/incidents/c0ffee5eed/feedback"
WEBHOOK = "/api/v1/alertmanager/webhook"


class House:
    """An application with tokens for reading, writing and both; `revoke` forgets one."""

    def __init__(self, door: Door | None = None) -> None:
        made = {name: new_token(name, scopes) for name, scopes in SCOPES.items()}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        self.known: dict[str, Token] = {name: token for name, (_, token) in made.items()}
        self.links = Links(KEY)
        locks = Locks(
            tokens=lambda: Tokens(tuple(self.known.values())),
            sessions=Sessions(KEY, timedelta(hours=1)),
            links=self.links,
        )
        self.state = replace(make_state(), door=replace(door or Door(), locks=locks))
        self.client = make_client(self.state)

    def bearing(self, name: str) -> dict[str, str]:
        """The header with a token."""
        return {"authorization": f"Bearer {self.secrets[name]}"}

    def in_browser(self, name: str, following: str = "/") -> TestClient:
        """A client that has logged in."""
        client = make_client(self.state)
        answer = client.post("/login", data={"token": self.secrets[name], "next": following})
        assert answer.status_code == 303, answer.text
        return client


SCOPES = {"reader": [Scope.READ], "writer": [Scope.WRITE], "both": [Scope.READ, Scope.WRITE]}


@pytest.fixture
def house() -> House:
    """With tokens, and no limit."""
    return House()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/incidents",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/",
        INCIDENT,
        PLOT,
        "/prometheus/api/v1/labels",
        "/nowhere",
        "//api/v1/incidents",
        "/static/../metrics",
    ],
)
def test_nothing_is_told_without_a_token(house: House, path: str) -> None:
    """Every path, known or not, asks who is there, in a way that clients of HTTP understand."""
    answer = house.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/login", "/static/style.css"])
def test_health_and_login_are_open(house: House, path: str) -> None:
    """What keeps us running has no token, and the login could not be shown otherwise."""
    assert house.client.get(path).status_code == 200


def test_the_login_tells_nothing_of_what_is_watched(house: House) -> None:
    """Neither the source nor the version."""
    page = house.client.get("/login").text
    assert house.state.status().source not in page
    assert house.state.status().version not in page


@pytest.mark.parametrize(("name", "reads", "writes"), [("reader", 200, 403), ("writer", 403, 200), ("both", 200, 200)])
def test_a_token_does_what_it_is_for(house: House, name: str, reads: int, writes: int) -> None:
    """Neither scope includes the other; queries by POST are reading."""
    headers = house.bearing(name)
    assert house.client.get("/api/v1/incidents", headers=headers).status_code == reads
    assert house.client.post("/prometheus/api/v1/labels", headers=headers).status_code == reads
    assert house.client.post("/api/v1/explain", json={"victim": "a/b"}, headers=headers).status_code == reads
    answer = house.client.post(FEEDBACK, json=NOTE, headers=headers)
    assert answer.status_code == writes
    if writes == 403:
        assert "no scope write" in answer.json()["detail"]


def test_what_is_posted_or_delivered_again_is_for_writers(house: House) -> None:
    """Past the door there is no store here, which is a 503; who may only look is stopped before."""
    for path in ("/api/v1/deliveries/x/retry", WEBHOOK, "/api/v2/alerts", "/alertmanager/api/v2/alerts"):
        assert house.client.post(path, json=[], headers=house.bearing("reader")).status_code == 403
        assert house.client.post(path, json=[], headers=house.bearing("writer")).status_code not in {401, 403}
    assert house.client.get("/api/v1/deliveries", headers=house.bearing("reader")).status_code == 503
    assert house.client.get("/api/v1/deliveries", headers=house.bearing("writer")).status_code == 403


def test_a_path_that_is_unknown_today_is_for_writing(house: House) -> None:
    """What is added later does not slip under the scope for reading by being forgotten."""
    assert house.client.post("/api/v9/new", headers=house.bearing("reader")).status_code == 403
    assert house.client.delete("/api/v1/incidents", headers=house.bearing("reader")).status_code == 403


def test_a_browser_is_led_to_the_login_and_back(house: House) -> None:
    """Who follows a link without a session signs in and is where they wanted to be."""
    asked = house.client.get(f"{INCIDENT}?from=1&to=2", headers={"accept": "text/html"})
    assert asked.status_code == 303
    assert asked.headers["location"] == "/login?next=%2Fincidents%2Fc0ffee5eed%3Ffrom%3D1%26to%3D2"
    form = house.client.get(asked.headers["location"])
    assert 'value="/incidents/c0ffee5eed?from=1&amp;to=2"' in form.text
    token = house.secrets["reader"]
    answer = house.client.post("/login", data={"token": token, "next": f"{INCIDENT}?from=1&to=2"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{INCIDENT}?from=1&to=2")
    page = house.client.get(INCIDENT)
    assert page.status_code == 200
    assert "Sign out" in page.text
    assert token not in str(answer.headers)


def test_a_session_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    """HttpOnly and SameSite always; Secure and bound to the host under TLS."""
    data = {"token": house.secrets["reader"]}
    cookie = house.client.post("/login", data=data).headers["set-cookie"]
    assert cookie.startswith("correlator_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    over_tls = TestClient(house.client.app, base_url="https://testserver", follow_redirects=False)
    cookie = over_tls.post("/login", data=data).headers["set-cookie"]
    assert cookie.startswith("__Host-correlator_session=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert over_tls.get("/").status_code == 200


def test_a_session_ends_with_its_token_or_by_signing_out(house: House) -> None:
    """A token that is revoked takes its sessions with it; signing out makes the browser forget."""
    browser = house.in_browser("reader")
    other = house.in_browser("both")
    del house.known["reader"]
    assert browser.get("/").status_code == 401
    assert other.get("/").status_code == 200
    assert other.post("/logout").headers["location"] == "/login"
    assert other.get("/").status_code == 401


def test_a_session_has_the_scopes_of_its_token(house: House) -> None:
    """The form of somebody who may only read is refused; a token that may not read begins no session."""
    assert house.in_browser("both").post(f"{INCIDENT}/feedback", data={"verdict_right": "yes"}).status_code == 303
    assert house.in_browser("reader").post(f"{INCIDENT}/feedback", data={"verdict_right": "yes"}).status_code == 403
    refused = house.client.post("/login", data={"token": house.secrets["writer"]})
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
    assert "not for reading" in refused.text


@pytest.mark.parametrize("token", ["", "wrong", "' OR 1=1 --", "\x00", "ü"])
def test_a_wrong_token_begins_nothing(house: House, token: str) -> None:
    """The form is shown again, and says so."""
    answer = house.client.post("/login", data={"token": token, "next": "/docs"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "not known here" in answer.text
    assert 'value="/docs"' in answer.text


@pytest.mark.parametrize(
    "following", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "/a\r\nx: y", "/\t/evil"]
)
def test_the_login_leads_nowhere_else(house: House, following: str) -> None:
    """A link to our login must not end on another site, nor write a header."""
    answer = house.client.post("/login", data={"token": house.secrets["reader"], "next": following})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_another_site_cannot_use_a_session(house: House) -> None:
    """What a foreign page sends in somebody's name is refused, whatever the path, also to end or begin a session."""
    browser = house.in_browser("both")
    foreign: list[dict[str, str]] = [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
        {"sec-fetch-site": "same-site"},
    ]
    for headers in foreign:
        assert browser.post(FEEDBACK, json=NOTE, headers=headers).status_code == 403
        assert browser.post("/logout", headers=headers).status_code == 403
        assert browser.post("/login", data={"token": house.secrets["both"]}, headers=headers).status_code == 403
    assert browser.post(FEEDBACK, json=NOTE, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_signed_link_opens_one_picture_to_anybody(house: House) -> None:
    """It opens what was signed and nothing else, and only for reading; who has a token needs no link."""
    soon, past = (datetime.now(UTC) + timedelta(minutes=sign) for sign in (5, -5))
    link = house.links.signed(PLOT, soon)
    assert house.client.get(link).headers["content-type"] == "image/svg+xml"
    assert house.client.head(link).status_code in {200, 405}
    assert house.client.post(link).status_code == 403
    assert house.client.get(f"{link}&x=1").status_code == 403
    assert house.client.get(link.replace("plot.svg", "evidence")).status_code == 403
    ended = house.links.signed(PLOT, past)
    answer = house.client.get(ended)
    assert (answer.status_code, answer.json()["detail"]) == (403, "this link has ended, or is not as it was sent")
    assert house.client.get(ended, headers=house.bearing("reader")).status_code == 200
    assert house.in_browser("reader").get(ended).status_code == 200


def test_a_report_brings_its_picture_with_it(house: House) -> None:
    """Markdown in a wiki loads the picture without a session."""
    report = house.client.get(f"{PLOT.rpartition('/')[0]}/report?format=markdown", headers=house.bearing("reader")).text
    (link,) = re.findall(r"\(http://testserver(/[^)]*plot\.png[^)]*)\)", report)
    assert house.client.get(link).headers["content-type"] == "image/png"


def test_without_tokens_everybody_may_do_everything() -> None:
    """As before, and a link that was signed once still opens."""
    client = make_client()
    assert client.get("/").status_code == 200
    assert client.post(FEEDBACK, json=NOTE).status_code == 200
    assert client.get(Links(KEY).signed(PLOT, datetime.now(UTC))).status_code == 200
    assert client.get("/login").headers["location"] == "/"
    assert "Sign out" not in client.get("/").text


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    """429 with Retry-After, for that token alone; health and alerts are answered all the same."""
    house = House(Door(limiter=RateLimiter(100, lambda: 0.0)))
    for _ in range(100):
        assert house.client.get("/api/v1/incidents", headers=house.bearing("reader")).status_code == 200
    refused = house.client.get("/api/v1/incidents", headers=house.bearing("reader"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert house.client.get("/-/healthy").status_code == 200
    assert house.client.get("/api/v1/incidents", headers=house.bearing("both")).status_code == 200
    for _ in range(300):
        assert house.client.post(WEBHOOK, headers=house.bearing("writer")).status_code != 429


def test_who_guesses_is_slowed_down() -> None:
    """A wrong token counts as many requests of its address, at the login too; a right one is still let in."""
    house = House(Door(limiter=RateLimiter(660, lambda: 0.0)))
    wrong = {"authorization": "Bearer wrong"}
    assert [house.client.get("/api/v1/incidents", headers=wrong).status_code for _ in range(9)] == [401] * 9
    assert house.client.post("/login", data={"token": "wrong"}).status_code == 401
    assert house.client.get("/api/v1/incidents", headers=wrong).status_code == 429
    assert house.client.post("/login", data={"token": "wrong"}).status_code == 429
    assert house.client.get("/api/v1/incidents", headers=house.bearing("reader")).status_code == 200


def test_an_alert_is_never_refused_for_its_size_as_the_senders_fault() -> None:
    """Alertmanager gives up on what is answered with 4xx: a notification that is too large gets 503."""
    client = make_client(replace(make_state(), door=Door(largest_alerts_bytes=2_000_000)))
    refused = client.post(WEBHOOK, content=b" " * 2_000_001)
    assert (refused.status_code, refused.json()["detail"]) == (503, "the body is larger than 2000000 bytes")
    assert "larger" not in client.post(WEBHOOK, content=b" " * 1_500_000).text
    assert client.post("/api/v2/alerts", content=b" " * 2_000_001).status_code == 413
    assert client.post(FEEDBACK, content=b" " * 1_500_000).status_code == 413


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9920", 200),
        ("127.0.0.1", 200),
        ("[::1]:9920", 200),
        ("correlator.example", 200),
        ("evil.example:9920", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_a_name_that_is_not_ours_leads_nowhere(host: str, status: int) -> None:
    """A site whose name points here (DNS rebinding) reads nothing; health does not mind names."""
    client = make_client(replace(make_state(), door=Door(hosts=frozenset({"localhost", "correlator.example"}))))
    assert client.get("/api/v1/incidents", headers={"host": host}).status_code == status
    assert client.get("/-/healthy", headers={"host": host}).status_code == 200


def test_addresses_that_one_host_chooses_are_one_client() -> None:
    """Of IPv6 the first half counts; IPv4 within IPv6 is IPv4."""
    assert network_of("2001:db8::1:2:3:4") == network_of("2001:db8::9:9:9:9") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("testclient") == "testclient"
