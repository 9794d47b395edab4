"""What we said ourselves is not said again."""

import pytest

from correlator.alerting.loops import KEYS, is_own


def test_alerts_of_our_rules_are_our_own() -> None:
    """By the prefix of their name."""
    assert is_own({"alertname": "CorrelatorStorageContention"}, {})


@pytest.mark.parametrize("key", [*KEYS, "correlator_enriched"])
def test_what_was_enriched_is_not_enriched_again(key: str) -> None:
    """By the proxy, and then once more by the webhook."""
    assert is_own({"alertname": "SlowFirstTokens"}, {key: "x"})


def test_anybody_may_keep_us_away_by_a_label() -> None:
    """As an annotation would."""
    assert is_own({"alertname": "SlowFirstTokens", "correlator_enriched": "no"}, {})


def test_other_alerts_are_not_ours() -> None:
    """Nor those that only speak of a correlator."""
    assert not is_own({"alertname": "SlowFirstTokens", "job": "correlator"}, {"summary": "correlator_verdict"})
    assert not is_own({}, {})
