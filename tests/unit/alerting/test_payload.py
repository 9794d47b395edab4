"""What Alertmanager posts: read with tolerance, passed on with nothing changed but annotations."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.alerting.fingerprint import fingerprint
from correlator.alerting.payload import PayloadError, annotated, parse

POSTED = json.loads("""
{"receiver": "correlator", "status": "firing", "version": "4", "groupKey": "{}:{alertname=\\"Slow\\"}",
 "truncatedAlerts": 0, "externalURL": "http://am-0:9093", "groupLabels": {"alertname": "Slow"},
 "commonLabels": {"alertname": "Slow"}, "commonAnnotations": {"runbook_url": "https://r"},
 "notification_reason": "first", "routeLabels": {"team": "infra"},
 "alerts": [
  {"status": "firing", "labels": {"alertname": "Slow", "pod": "vllm-0"}, "annotations": {"summary": "0", "runbook_url": "https://r"},
   "startsAt": "2026-11-26T02:04:15.123456789Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p", "fingerprint": "00c0ffee00c0ffee"},
  {"status": "resolved", "labels": {"alertname": "Slow", "pod": "vllm-1"}, "annotations": {"summary": "1", "runbook_url": "https://r"},
   "startsAt": "2026-11-26T03:04:15+01:00", "endsAt": "2026-11-26T02:09:15Z", "generatorURL": "http://p", "fingerprint": "00c0ffee00c0ffef", "later": [1]}]}
""")  # noqa: E501 - as it is posted


def posted(**changes: Any) -> bytes:  # noqa: ANN401 - JSON
    """The body, changed; None leaves a key out."""
    document = {**POSTED, **changes}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


def alert(number: int = 0, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """One of its alerts, changed; None leaves a key out."""
    told = {**POSTED["alerts"][number], **changes}
    return {key: value for key, value in told.items() if value is not None}


def test_alerts_are_read() -> None:
    """Status, times and fingerprints; a firing alert has no end, whatever Go writes."""
    notification = parse(posted())
    firing, resolved = notification.alerts
    assert (firing.is_firing, firing.ends_at, firing.fingerprint) == (True, None, "00c0ffee00c0ffee")
    assert firing.starts_at == datetime(2026, 11, 26, 2, 4, 15, 123456, UTC)
    assert (resolved.is_firing, resolved.starts_at) == (False, datetime(2026, 11, 26, 2, 4, 15, tzinfo=UTC))
    assert resolved.ends_at == datetime(2026, 11, 26, 2, 9, 15, tzinfo=UTC)
    assert notification.is_firing


def test_annotations_are_added_and_nothing_else_is_changed() -> None:
    """Unknown keys stay; what all alerts say alike is common; a second alert without news stays as it was."""
    added = {"correlator_verdict": "contention", "correlator_suspects": "rag/x (97 %)"}
    both = annotated(parse(posted()), [added, {**added, "correlator_suspects": "rag/y (91 %)"}])
    assert both["alerts"][0] == alert(annotations={**alert()["annotations"], **added})
    assert both["alerts"][1]["later"] == [1]
    assert both["commonAnnotations"] == {"runbook_url": "https://r", "correlator_verdict": "contention"}
    kept = ("notification_reason", "routeLabels", "groupKey", "version", "externalURL", "commonLabels", "status")
    assert {key: both[key] for key in kept} == {key: POSTED[key] for key in kept}
    one = annotated(parse(posted()), [added, {}])
    assert one["alerts"][1] == POSTED["alerts"][1]
    assert one["commonAnnotations"] == POSTED["commonAnnotations"]
    assert annotated(parse(posted()), [{}, {}]) == POSTED


def test_annotations_that_are_there_stay() -> None:
    """Whoever said something first is not overruled."""
    document = annotated(
        parse(posted(alerts=[alert(annotations={"correlator_verdict": "mine"})])), [{"correlator_verdict": "load"}]
    )
    assert document["alerts"][0]["annotations"] == {"correlator_verdict": "mine"}


@pytest.mark.parametrize("key", sorted(set(POSTED) - {"alerts"}))
def test_missing_keys_are_done_without(key: str) -> None:
    """All but the alerts themselves."""
    assert len(parse(posted(**{key: None})).alerts) == 2


@pytest.mark.parametrize("key", sorted(POSTED["alerts"][0]))
def test_missing_keys_of_an_alert_are_done_without(key: str) -> None:
    """Without a status the end tells, without a fingerprint the labels."""
    notification = parse(posted(alerts=[alert(0, **{key: None}), alert(1, **{key: None})]))
    assert [each.is_firing for each in notification.alerts] == [True, False]
    if key == "fingerprint":
        assert notification.alerts[0].fingerprint == fingerprint({"alertname": "Slow", "pod": "vllm-0"})


def test_nothing_but_alerts_is_enough() -> None:
    """Another sender than Alertmanager may know no more than labels."""
    notification = parse(b'{"alerts": [{"labels": {"pod": "vllm-0"}}]}')
    assert notification.is_firing
    assert notification.alerts[0].labels == {"pod": "vllm-0"}
    assert annotated(notification, [{"correlator_verdict": "load"}])["alerts"][0]["annotations"] == {
        "correlator_verdict": "load"
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", ""),
        (b"not JSON", ""),
        (b"[]", "alerts"),
        (b'{"status": "firing"}', "alerts"),
        (b'{"alerts": {}}', "alerts"),
        (b'{"alerts": [1]}', "alerts.0"),
        (posted(alerts=[alert(), alert(labels=[])]), ""),
        (posted(alerts=[alert(), alert(labels=["pod"])]), "alerts.1.labels"),
        (posted(alerts=[alert(annotations="none")]), "alerts.0.annotations"),
        (b'{"alerts": [{"labels": {"a": "\xff"}}]}', ""),
    ],
)
def test_what_is_no_webhook_is_refused_and_the_place_named(body: bytes, where: str) -> None:
    """Empty labels are labels."""
    if b'"labels": []' in body:
        assert parse(body).alerts[1].labels == {}
        return
    with pytest.raises(PayloadError) as refused:
        parse(body)
    assert refused.value.where == where


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("status", "labels", "annotations", "startsAt", "endsAt", "fingerprint", "generatorURL")
ALERTS = st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4) | JSON, max_size=3)


@given(alerts=ALERTS, rest=st.dictionaries(st.sampled_from(sorted(POSTED)), JSON, max_size=4))
def test_nothing_crashes_it(alerts: list[Any], rest: dict[str, Any]) -> None:
    """Whatever comes is read, and passed on as it was, or refused as no webhook."""
    document = {**rest, "alerts": alerts}
    try:
        notification = parse(json.dumps(document).encode())
    except PayloadError:
        return
    assert annotated(notification, [{} for _ in alerts]) == document


def test_two_alertmanagers_that_say_the_same_are_known() -> None:
    """Their own address, the end of an alert and the order of alerts differ; group and content do not."""
    one = parse(posted())
    swapped = [alert(1, endsAt="2026-11-26T02:09:16.5Z"), alert()]
    other = parse(posted(externalURL="http://am-1:9093", alerts=swapped, truncatedAlerts=1))
    assert (other.group, other.content) == (one.group, one.content)


@pytest.mark.parametrize(
    "changed",
    [
        posted(alerts=[alert()]),
        posted(alerts=[alert(), alert(1, status="firing")]),
        posted(alerts=[alert(startsAt="2026-11-26T02:04:16Z"), alert(1)]),
        posted(alerts=[alert(fingerprint="00c0ffee00c0ff00"), alert(1)]),
    ],
)
def test_another_state_is_no_double(changed: bytes) -> None:
    """Other alerts, another status, an alert that fires anew."""
    assert parse(changed).group == parse(posted()).group
    assert parse(changed).content != parse(posted()).content


def test_groups_are_apart() -> None:
    """By group key and receiver; without a key by the group's labels."""
    bodies = [
        posted(),
        posted(receiver="other"),
        posted(groupKey="{}:{}"),
        posted(groupKey=None),
        posted(groupKey=None, groupLabels={"alertname": "Other"}),
    ]
    assert len({parse(each).group for each in bodies}) == len(bodies)
