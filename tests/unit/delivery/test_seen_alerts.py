"""Alerts that came by."""

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.fingerprint import fingerprint
from correlator.delivery.seen_alerts import SeenAlerts
from tests.factories import STARTED


def one(number: int, *, starts: bool = True) -> AlertSeen:
    """An alert of its own."""
    return AlertSeen({"alertname": "Slow", "pod": f"vllm-{number}"}, STARTED if starts else None, None)


def test_an_alert_is_found_by_its_fingerprint() -> None:
    """As it came in last."""
    seen = SeenAlerts()
    seen.remember([one(1, starts=False), one(2)])
    assert seen.find(fingerprint(one(2).labels)) == one(2)
    seen.remember([one(1), one(3)])
    assert seen.find(fingerprint(one(1).labels)) == one(1)
    assert seen.find(fingerprint(one(3).labels)) == one(3)
    assert seen.find("0" * 16) is None


def test_only_the_last_ones_are_kept() -> None:
    """Those that came again count as new; also of those that were asked for before."""
    seen = SeenAlerts(most=3)
    seen.remember(one(number) for number in range(3))
    assert seen.find(fingerprint(one(1).labels))
    seen.remember([one(0), one(3)])
    found = [number for number in range(4) if seen.find(fingerprint(one(number).labels))]
    assert found == [0, 2, 3]


def test_what_cannot_be_spelt_is_not_kept() -> None:
    """Half of a surrogate pair; its neighbours are."""
    seen = SeenAlerts()
    seen.remember([AlertSeen({"alertname": "\ud800"}, None, None), one(1)])
    assert seen.find(fingerprint(one(1).labels)) == one(1)
