"""Bodies on their way to an Alertmanager: annotations come in, everything else stays."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.alerting.annotate import annotate, instant
from correlator.alerting.enrichment import Enricher
from correlator.alerting.loops import KEYS
from correlator.alerting.subject import LabelNames
from tests.factories import STARTED, make_incident

ENRICHER = Enricher([make_incident()], LabelNames(), "https://correlator.example")
SLOW = {"alertname": "Slow", "namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
STARTS = STARTED.isoformat()
NUMBERS = '{"a": 1.0, "b": 1e2, "c": 123456789012345678901234567890, "d": -0, "e": 1.10, "f": 5e-324, "g": 1E+400}'


def alert(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - a change may be of any field
    """One that the incident fits."""
    return {
        "labels": SLOW,
        "annotations": {"summary": "slow"},
        "startsAt": STARTS,
        "generatorURL": "http://p/g",
        **changes,
    }


def without_ours(body: bytes) -> Any:  # noqa: ANN401 - whatever is JSON
    """What a body says, numbers as they are written, our annotations left out."""
    said = json.loads(body, parse_int=lambda digits: ("int", digits), parse_float=lambda digits: ("float", digits))
    for each in said:
        if isinstance(each, dict) and isinstance(each.get("annotations"), dict):
            each["annotations"] = {key: value for key, value in each["annotations"].items() if key not in KEYS}
    return said


def test_annotations_are_added_behind_those_that_are_there() -> None:
    """All six of them."""
    (passed,) = json.loads(annotate(json.dumps([alert()]).encode(), ENRICHER).body)
    assert list(passed["annotations"]) == ["summary", *KEYS]
    assert passed["annotations"]["correlator_suspects"] == "rag/reindex-28812345-h8kz2 (97 %)"


def test_everything_else_stays_as_it_was_written() -> None:
    """Digits, unknown keys and their order; an alert of others stands beside."""
    one = json.dumps(alert(endsAt="2026-11-23T02:10:00.123456789Z"))
    body = f'[{one[:-1]}, "new": {NUMBERS}}}, {{"labels": {{}}}}]'.encode()
    annotated = annotate(body, ENRICHER)
    assert annotated.enriched == 1
    assert without_ours(annotated.body) == without_ours(body)
    assert list(json.loads(annotated.body)[0]) == list(json.loads(body)[0])
    assert b"1E+400" in annotated.body
    assert b"123456789012345678901234567890" in annotated.body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4), st.dictionaries(st.text(), st.text()))
def test_whatever_comes_along_comes_through(others: list[dict[str, Any]], annotations: dict[str, str]) -> None:
    """Any JSON beside the keys that we know, any annotations, any neighbours."""
    known = {"labels", "annotations", "startsAt", "endsAt"}
    extended = [alert(**{key: value for key, value in each.items() if key not in known}) for each in others]
    body = json.dumps([alert(annotations=annotations), *extended, *others]).encode()
    annotated = annotate(body, ENRICHER)
    assert annotated.enriched == 1 + len(others)
    assert without_ours(annotated.body) == without_ours(body)


@pytest.mark.parametrize(
    "unmatched",
    [
        alert(labels={"alertname": "Other"}),
        alert(labels={**SLOW, "alertname": "CorrelatorContention"}),
        alert(annotations={"correlator_verdict": "load"}),
        alert(startsAt="2020-01-01T00:00:00Z"),
        alert(startsAt="yesterday"),
        alert(startsAt=17),
        alert(labels={**SLOW, "code": 7}),
        alert(labels=None),
        alert(annotations=["x"]),
        "an alert",
    ],
)
def test_a_body_without_anything_to_say_stays_the_same_bytes(unmatched: object) -> None:
    """Our own alerts, those of others, and what makes no sense: that is the Alertmanager's to say."""
    body = json.dumps([unmatched], indent=3).encode()
    assert annotate(body, ENRICHER).body is body


def test_a_strange_alert_does_not_cost_its_neighbours_their_annotations() -> None:
    """It goes along."""
    body = json.dumps([alert(), alert(startsAt="yesterday"), None]).encode()
    annotated = annotate(body, ENRICHER)
    assert annotated.enriched == 1
    assert without_ours(annotated.body) == without_ours(body)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"labels": {"namespace": "inference"}, "startsAt": "2026-11-23T02:04:15Z", "x": "\\ud800"}]',
        b"",
        b"{}",
        b"[",
        b"\xff",
        b"null",
        b'[{"a": NaN}]',
        b"[" * 100_000,
        b"[1e5",
        b"[]x",
    ],
)
def test_what_is_no_array_of_alerts_is_refused(body: bytes) -> None:
    """And so passed on as it came."""
    with pytest.raises(ValueError, match=r"."):
        annotate(body, ENRICHER)


def test_alerts_that_came_by_are_told() -> None:
    """All but our own, with their times."""
    body = json.dumps([alert(endsAt="0001-01-01T00:00:00Z"), alert(labels={"alertname": "CorrelatorX"})]).encode()
    (seen,) = annotate(body, ENRICHER).alerts
    assert (seen.labels, seen.starts_at, seen.ends_at) == (SLOW, STARTED, None)


def test_the_same_alert_gets_the_same_bytes() -> None:
    """From either Prometheus of a pair, to either Alertmanager."""
    body = json.dumps([alert()]).encode()
    assert annotate(body, ENRICHER).body == annotate(body, ENRICHER).body


def test_instants_are_read_as_go_writes_them() -> None:
    """With nanoseconds; its zero time is none."""
    assert instant("2026-11-23T02:04:15.123456789Z") == datetime(2026, 11, 23, 2, 4, 15, 123456, tzinfo=UTC)
    assert instant("2026-11-23T03:04:15+01:00") == STARTED
    assert instant("0001-01-01T00:00:00Z") is None
    assert instant(None) is None
