"""Fingerprints, by the published hash; tests/integration compares them with a real Alertmanager's."""

from correlator.alerting.fingerprint import fingerprint


def test_it_is_the_hash_of_the_sorted_labels() -> None:
    """The first is FNV-1a's own offset; the second is prometheus/common's test of a label set."""
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"name": "garland, briggs", "fear": "love is not enough"}) == f"{5799056148416392346:016x}"


def test_order_and_empty_labels_do_not_count() -> None:
    """Alertmanager drops labels without a value."""
    assert fingerprint({"b": "2", "a": "1", "c": ""}) == fingerprint({"a": "1", "b": "2"})


def test_names_and_values_are_told_apart() -> None:
    """By the separator between them."""
    assert len({fingerprint(each) for each in ({"a": "bc"}, {"ab": "c"}, {"abc": "x"}, {"a": "b", "c": ""})}) == 4
