"""What each receiver is sent, letter by letter, and how its answers are taken."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError

from correlator.delivery.errors import DeliveryError, RefusedError, TransientError
from correlator.delivery.http import Receiver
from correlator.delivery.notice import Notice
from correlator.delivery.receivers.pagerduty import PagerDutyReceiver, event_of, severity_of
from correlator.delivery.receivers.slack import SlackReceiver, message_of
from correlator.delivery.receivers.templated import TemplatedReceiver
from correlator.delivery.receivers.webhook import WebhookReceiver
from correlator.sources.session import Access
from tests.alert_receivers import Fault, Held, garbage, receiver, slow, status

DAY = timedelta(days=1)
CAUSE = {
    "correlator_verdict": "contention",
    "correlator_suspects": "rag/reindex-x (97 %)",
    "correlator_confidence": "0.97",
    "correlator_explanation": "rag/reindex-x saturated n1/nvme0n1.",
    "correlator_link": "https://c.example/incidents/1",
    "correlator_plot": "https://c.example/api/v1/incidents/1/plot.png",
}


def alert(pod: str, *, firing: bool = True, cause: Mapping[str, str] = CAUSE, **labels: str) -> dict[str, Any]:
    """One alert with its cause."""
    return {
        "status": "firing" if firing else "resolved",
        "labels": {"alertname": "Slow", "namespace": "inference", "pod": pod, **labels},
        "annotations": {"summary": f"{pod} is slow", "runbook_url": "https://runbooks.example/slow", **cause},
        "startsAt": "2026-11-26T02:04:15Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "00c0ffee00c0ffee",
    }


def notice(*alerts: dict[str, Any], revision: int = 0, **changes: Any) -> Notice:  # noqa: ANN401 - JSON
    """What receivers are told of them."""
    told = alerts or (alert("vllm-0"),)
    payload = {
        "version": "4",
        "groupKey": '{}:{alertname="Slow"}',
        "receiver": "correlator",
        "status": "firing" if any(each["status"] == "firing" for each in told) else "resolved",
        "groupLabels": {"alertname": "Slow", "namespace": "inference"},
        "commonLabels": {"alertname": "Slow", "namespace": "inference"},
        "externalURL": "http://am:9093",
        "alerts": list(told),
        **changes,
    }
    return Notice(key="k" * 32, group="g" * 32, revision=revision, payload=payload)


def test_a_notice_is_packed_and_unpacked() -> None:
    """Nothing is lost on the way through the outbox."""
    assert Notice.unpacked(notice(revision=3).packed()) == notice(revision=3)


def test_slack_gets_blocks_with_culprit_and_links() -> None:
    """Header, cause, alerts and links; the text is what a phone shows."""
    assert message_of(notice()) == {
        "text": ":red_circle: [FIRING:1] Slow (inference) — contention: rag/reindex-x (97 %)",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "[FIRING:1] Slow (inference)"}},
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*contention: rag/reindex-x (97 %)*\nrag/reindex-x saturated n1/nvme0n1.",
                },
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "• vllm-0 is slow"}},
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": "<https://c.example/incidents/1|incident> · "
                        "<https://c.example/api/v1/incidents/1/plot.png|picture> · "
                        "<https://runbooks.example/slow|runbook> · <http://am:9093|Alertmanager>",
                    }
                ],
            },
        ],
    }


def test_slack_is_told_what_is_over_and_what_became_known() -> None:
    """Green, and as an update."""
    over = message_of(notice(alert("vllm-0", firing=False)))
    assert over["text"].startswith(":large_green_circle: [RESOLVED] Slow (inference)")
    assert over["blocks"][2]["text"]["text"] == "✓ vllm-0 is slow"
    assert message_of(notice(revision=1))["blocks"][0]["text"]["text"].startswith("Update: [FIRING:1]")


def test_slack_is_never_told_more_than_it_takes() -> None:
    """Whatever alerts say: lengths of blocks and of all together, no mention, no link of theirs."""
    long = {**CAUSE, "correlator_explanation": "<!channel>&" * 2_000, "correlator_suspects": "&" * 5_000}
    alerts = [
        alert(f"vllm-{each}", cause={**long, "correlator_confidence": str(each), "summary": "<&>" * 3_000})
        for each in range(300)
    ]
    message = message_of(notice(*alerts, externalURL="javascript:alert(1)", groupLabels={"alertname": "x" * 999}))
    texts = [each["text"]["text"] for each in message["blocks"] if each["type"] != "context"]
    assert len(texts[0]) <= 150
    assert all(0 < len(each) <= 3_000 for each in texts)
    assert len(json.dumps(message["blocks"])) < 13_000
    assert "<!" not in json.dumps(message)
    assert "javascript" not in json.dumps(message)
    assert texts[-1].endswith("and 295 more")


def test_slack_is_told_of_alerts_without_a_cause() -> None:
    """As Alertmanager would."""
    message = message_of(notice(alert("vllm-0", cause={})))
    assert message["text"] == ":red_circle: [FIRING:1] Slow (inference)"
    assert [each["type"] for each in message["blocks"]] == ["header", "section", "context"]


def test_pagerduty_is_triggered_with_the_culprit() -> None:
    """Every field that the Events API knows, in its words."""
    key = hashlib.sha256(b'{}:{alertname="Slow"}').hexdigest()
    event = event_of(notice(alert("vllm-0", severity="page", instance="n1:9100"), alert("vllm-1", firing=False)), "rk")
    assert event == {
        "routing_key": "rk",
        "dedup_key": key,
        "event_action": "trigger",
        "client": "io-contention-correlator",
        "client_url": "https://c.example/incidents/1",
        "links": [
            {"href": "https://c.example/incidents/1", "text": "incident"},
            {"href": "https://c.example/api/v1/incidents/1/plot.png", "text": "picture"},
        ],
        "payload": {
            "summary": "[FIRING:1] Slow (inference) — contention: rag/reindex-x (97 %)",
            "source": "Slow (inference)",
            "severity": "critical",
            "component": "",
            "group": "inference",
            "class": "Slow",
            "custom_details": {
                "causes": [
                    {"cause": "contention: rag/reindex-x (97 %)", "explanation": "rag/reindex-x saturated n1/nvme0n1."}
                ],
                "firing": ["vllm-0 is slow"],
                "resolved": ["vllm-1 is slow"],
                "num_alerts": 2,
            },
        },
    }
    assert event_of(notice(alert("vllm-0", firing=False)), "rk") == {
        "routing_key": "rk",
        "dedup_key": key,
        "event_action": "resolve",
    }
    assert event_of(notice(groupKey=""), "rk")["dedup_key"] == "g" * 32


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        (["warning"], "warning"),
        (["none", "Critical"], "critical"),
        (["page"], "critical"),
        ([], "error"),
        (["purple"], "error"),
        (["purple", "info"], "info"),
    ],
)
def test_pagerduty_severity_is_the_worst_of_what_fires(said: list[str], severity: str) -> None:
    """What it does not know counts as an error, and what is over not at all."""
    alerts = [alert("a", severity=each) for each in said] or [alert("a")]
    assert severity_of(notice(*alerts, alert("b", firing=False, severity="critical")).payload) == severity


def test_pagerduty_takes_no_more_than_half_a_megabyte() -> None:
    """However many alerts there are; a summary has 1,024 characters."""
    event = event_of(notice(*(alert(f"vllm-{'x' * 2_000}{each}") for each in range(500))), "rk")
    assert len(json.dumps(event)) < 512_000
    assert len(event["payload"]["summary"]) <= 1_024


@pytest.fixture(scope="module")
def server() -> Iterator[Held]:
    """A receiver."""
    with receiver() as held:
        yield held


@pytest.fixture
def held(server: Held) -> Held:
    """It, as if new."""
    server.script.clear()
    server.requests.clear()
    server.always, server.answer = None, b"ok"
    return server


Make = Callable[[Receiver, Path], Any]


def _secret(folder: Path, text: str) -> Path:
    path = folder / "secret"
    path.write_text(text)
    return path


MAKES: Mapping[str, Make] = {
    "webhook": lambda http, _: WebhookReceiver("r", http, DAY),
    "slack": lambda http, _: SlackReceiver("r", http, "", DAY),
    "pagerduty": lambda http, folder: PagerDutyReceiver("r", http, _secret(folder, "rk\n"), DAY),
    "http": lambda http, _: TemplatedReceiver("r", http, "{{ title }}", "PUT", "text/plain", DAY),
}


def of(kind: str, held: Held, folder: Path, timeout: float = 5.0) -> Any:  # noqa: ANN401 - one of the receivers
    """A receiver of a kind."""
    return MAKES[kind](Receiver(held.url, Access(read_timeout_seconds=timeout), {}), folder)


@pytest.mark.parametrize("kind", MAKES)
def test_all_are_sent_the_key(kind: str, held: Held, tmp_path: Path) -> None:
    """Sent twice, it is the same to the last byte."""
    made = of(kind, held, tmp_path)
    made.send(notice().packed())
    made.send(notice().packed())
    made.close()
    one, other = held.requests
    assert (one.key, one.headers["Correlator-Revision"]) == ("k" * 32, "0")
    assert (one.body, one.headers) == (other.body, other.headers)
    if kind == "webhook":
        assert one.json() == notice().payload
    if kind == "pagerduty":
        assert one.json()["routing_key"] == "rk"
    if kind == "http":
        assert (one.body, one.headers["Content-Type"]) == (b"[FIRING:1] Slow (inference)", "text/plain")


@pytest.mark.parametrize("kind", MAKES)
@pytest.mark.parametrize(
    ("fault", "failure", "asked"),
    [
        (status(500), TransientError, 0),
        (status(429, retry_after="7"), TransientError, 7),
        (status(503, retry_after="Thu, 26 Nov 2020 02:00:00 GMT"), TransientError, 0),
        (status(403), TransientError, 0),
        (status(400), RefusedError, 0),
        (status(302, location="http://elsewhere"), RefusedError, 0),
        (garbage, TransientError, 0),
        (slow(1.5), TransientError, 0),
    ],
    ids=["500", "429", "503 with a date", "403", "400", "302", "garbage", "slow"],
)
def test_answers_are_told_apart(
    kind: str, fault: Fault, failure: type[DeliveryError], asked: float, held: Held, tmp_path: Path
) -> None:
    """What may pass is tried again, as late as asked for; what will never be taken is not."""
    held.script = [fault]
    made = of(kind, held, tmp_path, timeout=0.3)
    with pytest.raises(failure) as failed:
        made.send(notice().packed())
    if isinstance(failed.value, TransientError):
        assert failed.value.retry_after_seconds == asked
    made.close()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b'{"ok": true}', None),
        (b'{"ok": false, "error": "invalid_blocks"}', RefusedError),
        (b'{"ok": false, "error": "channel_not_found"}', TransientError),
        (b'{"ok": false, "error": "token_revoked"}', TransientError),
        (b'{"ok": false}', TransientError),
        (b"<html>a portal</html>", TransientError),
        (b"[]", TransientError),
    ],
)
def test_what_post_message_says_counts(
    answer: bytes, failure: type[DeliveryError] | None, held: Held, tmp_path: Path
) -> None:
    """Its status is always 200. What is about us or the channel somebody will put right."""
    token = _secret(tmp_path, "xoxb-1\n")
    made = SlackReceiver("r", Receiver(held.url, Access(bearer_token_file=token), {}), "#oncall", DAY)
    held.answer = answer
    if failure is None:
        made.send(notice().packed())
    else:
        with pytest.raises(failure):
            made.send(notice().packed())
    made.close()
    (request,) = held.requests
    assert request.headers["Authorization"] == "Bearer xoxb-1"
    assert request.json() == {"channel": "#oncall", **message_of(notice())}


def test_a_secret_address_is_never_said(held: Held, tmp_path: Path) -> None:
    """It is read anew from its file each time, and no message names it."""
    file = _secret(tmp_path, f"{held.url}/T000/SECRET?token=1\n")
    made = SlackReceiver("r", Receiver(file, Access(read_timeout_seconds=1), {}), "", DAY)
    made.send(notice().packed())
    assert held.requests[0].path == "/hook/T000/SECRET?token=1"
    for fault in (status(500), status(404), garbage):
        held.script = [fault]
        with pytest.raises(DeliveryError) as failed:
            made.send(notice().packed())
        assert "SECRET" not in str(failed.value)
        assert str(file) in str(failed.value)
    for said in ("http://127.0.0.1:1/SECRET", "SECRET", "http://[SECRET"):
        file.write_text(said)
        with pytest.raises(TransientError) as failed:
            made.send(notice().packed())
        assert "SECRET" not in str(failed.value)
    file.unlink()
    with pytest.raises(TransientError, match="secret"):
        made.send(notice().packed())
    made.close()


def rendered(template: str, told: Notice | None = None) -> str:
    """What a template makes."""
    made = TemplatedReceiver("r", Receiver("http://r", Access(), {}), template, "POST", "application/json", DAY)
    return made.rendered(told or notice()).decode()


def test_a_template_sees_the_payload() -> None:
    """Its keys, and what we make of it; `tojson` quotes."""
    template = (
        '{"text": {{ (title ~ " " ~ causes[0].headline) | tojson }}, "state": {{ status | tojson }}, '
        '"pods": [{% for each in alerts %}{{ each.labels.pod | tojson }}{{ "," if not loop.last }}{% endfor %}], '
        '"id": "{{ key }}.{{ revision }}", "none": "{{ nothing }}"}'
    )
    assert json.loads(rendered(template, notice(alert('"quoted"\\'), alert("b")))) == {
        "text": "[FIRING:2] Slow (inference) contention: rag/reindex-x (97 %)",
        "state": "firing",
        "pods": ['"quoted"\\', "b"],
        "id": f"{'k' * 32}.0",
        "none": "",
    }


@pytest.mark.parametrize(
    "template",
    [
        "{{ alerts[0].__class__.__mro__ }}",
        "{{ alerts.append(1) }}",
        "{% for a in range(10000000) %}x{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ nothing.of.this }}",
        "{{ 'x' * 2000000 }}",
    ],
)
def test_a_template_that_fails_is_refused(template: str) -> None:
    """It stays in its sandbox, and the alert becomes a dead letter that may be tried again with a better one."""
    with pytest.raises(RefusedError, match="template"):
        rendered(template)


def test_alerts_are_no_templates() -> None:
    """What an alert says is never run."""
    assert rendered("{{ alerts[0].labels.pod }}", notice(alert("{{ 1 + 1 }}"))) == "{{ 1 + 1 }}"


def test_a_template_that_cannot_be_read_is_refused_at_the_start() -> None:
    """With what is wrong."""
    with pytest.raises(TemplateError):
        rendered("{% for %}")
