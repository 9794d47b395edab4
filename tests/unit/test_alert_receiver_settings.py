"""Settings of the receivers of alerts: what each kind needs, and what is said where it is missing."""

from pathlib import Path
from typing import Any

import pytest

from correlator.daemon.alert_receivers import receivers_of
from correlator.daemon.errors import CompositionError
from correlator.settings import SettingsError, WebhookSettings, load_settings

FILE = "/etc/correlator/secret"
URL = "http://receiver:8080/hook"


def webhook(**receivers: dict[str, Any]) -> WebhookSettings:
    """Settings with these."""
    return load_settings(flags={"alerting": {"webhook": {"receivers": receivers}}}).alerting.webhook


@pytest.mark.parametrize(
    "given",
    [
        {"url": URL},
        {"url_file": FILE, "headers": {"X-Tenant": "a"}},
        {"kind": "slack", "url_file": FILE},
        {"kind": "slack", "channel": "#oncall", "bearer_token_file": FILE},
        {"kind": "slack", "channel": "#oncall", "bearer_token_file": FILE, "url": URL},
        {"kind": "pagerduty", "routing_key_file": FILE},
        {"kind": "http", "url": URL, "template": "{{ title }}", "method": "PUT", "content_type": "text/plain"},
    ],
)
def test_what_is_enough(given: dict[str, Any]) -> None:
    """Nothing is asked of a receiver at the start."""
    (made,) = receivers_of(webhook(r=given))
    assert made.name == "alerts/r"
    made.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "webhook"}, "url or url_file"),
        ({"url": URL, "url_file": FILE}, "not both"),
        ({"url": "receiver:8080"}, "a URL such as"),
        ({"url": URL, "kind": "carrier pigeon"}, "'webhook', 'slack', 'pagerduty' or 'http'"),
        ({"kind": "slack"}, "url or url_file"),
        ({"kind": "slack", "channel": "#oncall"}, "bearer_token_file"),
        ({"kind": "pagerduty"}, "routing_key_file"),
        ({"kind": "http", "url": URL}, "template"),
        ({"kind": "http", "url": URL, "template": "x", "template_file": FILE}, "one of template and template_file"),
        ({"url": URL, "template": "x"}, "none elsewhere"),
        ({"url": URL, "headers": {"X-A": "a\r\nX-B: b"}}, "HTTP headers"),
        ({"url": URL, "username": "u"}, "password_file"),
        ({"url": URL, "timeout": "0s"}, "longer than nothing"),
        ({"url": URL, "urls": URL}, "did you mean alerting.webhook.receivers.r.url"),
    ],
)
def test_what_is_missing_or_too_much_is_said(given: dict[str, Any], said: str) -> None:
    """With its path."""
    with pytest.raises(SettingsError) as refused:
        webhook(r=given)
    assert str(refused.value).startswith("alerting.webhook.receivers.r")
    assert said in str(refused.value)


def test_an_address_that_may_be_a_secret_is_not_said() -> None:
    """Not where it is at fault either."""
    with pytest.raises(SettingsError) as refused:
        webhook(r={"url": "https://hooks.slack.com/services/T0/SECRET?x=1"})
    assert "SECRET" not in str(refused.value)


def test_names_are_names() -> None:
    """They become labels of metrics."""
    with pytest.raises(SettingsError, match="names of letters"):
        webhook(**{"a/b": {"url": URL}})


def test_what_is_watched_is_kept() -> None:
    """Nobody can be told of what was deleted."""
    with pytest.raises(SettingsError, match="retention longer"):
        load_settings(flags={"alerting": {"webhook": {"retention": "1m"}}})


def test_templates_are_read_at_the_start(tmp_path: Path) -> None:
    """One that is missing or none stops it, with the path."""
    file = tmp_path / "body.j2"
    for text, said in ((None, "template_file: cannot be read"), ("{% for %}", "expected a Jinja template")):
        if text is not None:
            file.write_text(text)
        with pytest.raises(CompositionError, match=rf"^alerting\.webhook\.receivers\.r\.template.*{said[-20:]}"):
            receivers_of(webhook(r={"kind": "http", "url": URL, "template_file": str(file)}))
    file.write_text("{{ title }}")
    (made,) = receivers_of(webhook(r={"kind": "http", "url": URL, "template_file": str(file)}))
    made.close()
