"""What the settings make of the door."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from correlator.access import Scope, new_token
from correlator.alerting.enrichment import Enricher
from correlator.alerting.subject import LabelNames
from correlator.daemon.door import door_of, sharing_of, sign_path_of
from correlator.settings import load_settings
from correlator.web.door import Door
from tests.factories import make_incident

MONTH = timedelta(days=30)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def tokens_file(tmp_path: Path) -> str:
    """A file with one token."""
    file = tmp_path / "tokens"
    file.write_text(new_token("ada", [Scope.READ])[1].line)
    return str(file)


def door(**flags: Any) -> Door:  # noqa: ANN401 - settings of any kind
    """The door of these settings of `web`, and perhaps an external address."""
    external = {"sinks": {"external_url": flags.pop("external_url", None)}}
    return door_of(load_settings(flags={"web": flags, **external}))


def test_by_itself_the_door_is_open_and_knows_its_name() -> None:
    """No token, a limit, and only names that no other site can have."""
    made = door()
    assert made.locks is None
    assert made.limiter is not None
    assert made.hosts == frozenset({"localhost"})
    assert door(requests_per_minute=0).limiter is None


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"external_url": "https://correlator.example/x"}, {"localhost", "correlator.example"}),
        ({"host_names": ["a.example"]}, {"localhost", "a.example"}),
        ({"listen": "0.0.0.0:1", "allow_non_loopback": True}, None),
        ({"listen": "0.0.0.0:1", "allow_non_loopback": True, "host_names": ["a.example"]}, {"localhost", "a.example"}),
    ],
)
def test_names_are_those_that_are_known(flags: dict[str, Any], expected: set[str] | None) -> None:
    """What is open to other machines has names that only its owner knows: unless they are set any will do."""
    assert door(**flags).hosts == expected


def test_with_tokens_any_name_will_do(tokens_file: str) -> None:
    """A browser has no session under a foreign one."""
    assert door(tokens_file=tokens_file).hosts is None


def test_links_are_signed_where_a_token_is_asked_for(tokens_file: str, tmp_path: Path) -> None:
    """Also after a restart with the same key; and not at all where everybody may look."""
    assert sign_path_of(door())("/plot.png", NOW) == "/plot.png"
    assert door().shared("/plot.png") == "/plot.png"
    assert door(tokens_file=tokens_file).shared("/plot.png").startswith("/plot.png?expires=")
    (tmp_path / "key").write_text("0123456789abcdef" * 4)
    with_key = {"tokens_file": tokens_file, "signing_key_file": str(tmp_path / "key")}
    first, second = (sign_path_of(door(**with_key))("/plot.png", NOW) for _ in range(2))
    assert first == second != sign_path_of(door(tokens_file=tokens_file))("/plot.png", NOW)


def test_a_notification_brings_its_picture_with_it(tokens_file: str) -> None:
    """The annotation of an alert has a link that opens, the same each time; a plain one where no token is asked for."""
    for made in (door(tokens_file=tokens_file), door()):
        enricher = Enricher([make_incident()], LabelNames(), "https://x.example/c", share=sharing_of(made, MONTH))
        labels = {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
        first, second = (enricher.of(labels, None).annotations["correlator_plot"] for _ in range(2))
        assert first == second
        path, _, query = first.removeprefix("https://x.example/c").partition("?")
        assert path == "/api/v1/incidents/c0ffee5eed/plot.png"
        assert query.startswith("expires=") if made.locks else query == ""
