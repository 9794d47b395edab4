"""Signed links, sessions and the key behind them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from correlator.access import AccessError, Links, Scope, Sessions, Tokens, new_token, signing_key

KEY = b"k" * 32
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLOT = "/api/v1/incidents/a%20b/plot.png"


def opens(key: bytes, link: str, *, path: str | None = None, now: datetime = NOW, expires: str | None = None) -> bool:
    """Whether a link opens at a time, as it is or changed."""
    parts = urlsplit(link)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    links = Links(key, clock=lambda: now)
    return links.opens(path or unquote(parts.path), expires or query["expires"], query["signature"])


def test_a_signed_link_opens_its_path_until_its_end() -> None:
    """It opens before its end, not at it; the same moment gives the same link, so that it can be sent again."""
    links = Links(KEY)
    link = links.signed(PLOT, NOW + HOUR)
    assert opens(KEY, link)
    assert opens(KEY, link, now=NOW + HOUR - timedelta(seconds=1))
    assert not opens(KEY, link, now=NOW + HOUR)
    assert link == links.signed(PLOT, NOW + HOUR)
    assert urlsplit(link).path == PLOT
    assert Links(KEY, HOUR, lambda: NOW).shared(PLOT) == link


def test_a_changed_link_does_not_open() -> None:
    """Neither another path, nor a later end, nor the signature of another key."""
    links = Links(KEY)
    link = links.signed(PLOT, NOW + HOUR)
    assert not opens(KEY, link, path="/api/v1/incidents")
    assert not opens(KEY, link, expires=str(int((NOW + 2 * HOUR).timestamp())))
    for expires in ("", "-1", "1e9", "²"):
        assert not links.opens(PLOT, expires, "x")
    assert not opens(b"l" * 32, link)


@pytest.mark.parametrize("path", ["plot.png", "https://evil.example/", "/api/v1/incidents?limit=1", "/a#b"])
def test_only_a_path_of_ours_is_signed(path: str) -> None:
    """A query would be signed for ever new answers."""
    with pytest.raises(ValueError, match="without a query"):
        Links(KEY).signed(path, NOW)


def test_a_session_lives_as_long_as_its_token() -> None:
    """It has the token's scopes as they are now, and ends when the token's line is deleted."""
    _, token = new_token("ada", [Scope.READ])
    _, other = new_token("bob", [Scope.READ])
    sessions = Sessions(KEY, HOUR)
    cookie = sessions.begin(token)
    assert sessions.token_of(cookie, Tokens((other, token))) == token
    assert sessions.token_of(cookie, Tokens((other,))) is None
    assert token.digest not in cookie


def test_a_session_ends_and_cannot_be_made_up() -> None:
    """Neither with another key, nor with a link's signature, nor after its time."""
    _, token = new_token("ada", [Scope.READ])
    tokens = Tokens((token,))
    cookie = Sessions(KEY, HOUR).begin(token)
    assert Sessions(b"l" * 32, HOUR).token_of(cookie, tokens) is None
    assert Sessions(KEY, -HOUR).token_of(cookie, tokens) is None
    for made_up in ("", "x", cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), cookie.partition(".")[0]):
        assert Sessions(KEY, HOUR).token_of(made_up, tokens) is None


def test_the_key_comes_from_a_file_that_nobody_can_guess(tmp_path: Path) -> None:
    """The same file the same key, whatever ends its line; without one a new key each time; a short one is refused."""
    file = tmp_path / "key"
    file.write_text("0123456789abcdef" * 4)
    key = signing_key(file)
    file.write_text("0123456789abcdef" * 4 + "\n")
    assert signing_key(file) == key
    assert signing_key(None) != signing_key(None)
    file.write_text("hunter2")
    with pytest.raises(AccessError, match="at least 32 random characters"):
        signing_key(file)
    with pytest.raises(AccessError, match="No such file"):
        signing_key(tmp_path / "gone")
