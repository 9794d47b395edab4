"""PagerDuty: Events API v2, one incident there for each group of alerts.

Source: developer.pagerduty.com/docs/events-api-v2/trigger-events (fields, severities, longest texts, answers).
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from correlator.delivery.errors import TransientError
from correlator.delivery.facts import cut
from correlator.delivery.http import Receiver
from correlator.delivery.notice import Notice
from correlator.delivery.receivers.told import (
    EXPLANATION,
    LINK,
    PLOT,
    alerts_of,
    causes_of,
    common_label,
    is_firing,
    name_of,
    summaries_of,
    title_of,
)
from correlator.delivery.receivers.webhook import headers_of

URL: Final = "https://events.pagerduty.com/v2/enqueue"
LONGEST_SUMMARY: Final = 1_024
MOST_ALERTS: Final = 50
_LONGEST_ALERT = 500
_CLIENT = "io-contention-correlator"
_SEVERITIES: Final = {
    "critical": "critical", "page": "critical", "emergency": "critical", "fatal": "critical",
    "error": "error", "high": "error", "major": "error",
    "warning": "warning", "warn": "warning", "minor": "warning", "medium": "warning",
    "info": "info", "informational": "info", "none": "info", "low": "info", "notice": "info",
}  # fmt: skip
_WORST_FIRST = ("critical", "error", "warning", "info")
_USUAL = "error"


def event_of(notice: Notice, routing_key: str) -> dict[str, Any]:
    """A trigger while any alert fires, else a resolve. An update triggers again: it goes into the same incident."""
    payload = notice.payload
    event = {"routing_key": routing_key, "dedup_key": dedup_key_of(notice)}
    if not is_firing(payload):
        return {**event, "event_action": "resolve"}
    causes = causes_of(payload)
    headline = f" — {causes[0].headline}" if causes else ""
    links = [
        {"href": each.annotations[key], "text": text}
        for each in causes
        for key, text in ((LINK, "incident"), (PLOT, "picture"))
        if key in each.annotations
    ]
    return {
        **event,
        "event_action": "trigger",
        "client": _CLIENT,
        **({"client_url": links[0]["href"]} if links else {}),
        "links": links,
        "payload": {
            "summary": cut(f"{title_of(payload)}{headline}", LONGEST_SUMMARY),
            "source": common_label(payload, "instance") or common_label(payload, "pod") or name_of(payload),
            "severity": severity_of(payload),
            "component": common_label(payload, "pod") or common_label(payload, "job"),
            "group": common_label(payload, "namespace"),
            "class": common_label(payload, "alertname"),
            "custom_details": {
                "causes": [{"cause": each.headline, **_told(each.annotations)} for each in causes],
                **_alerts(payload),
            },
        },
    }


def _told(annotations: Mapping[str, str]) -> Mapping[str, str]:
    return {"explanation": annotations[EXPLANATION]} if EXPLANATION in annotations else {}


def _alerts(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    told = list(summaries_of(payload))
    named = {
        "firing": [cut(said, _LONGEST_ALERT) for fires, said in told if fires][:MOST_ALERTS],
        "resolved": [cut(said, _LONGEST_ALERT) for fires, said in told if not fires][:MOST_ALERTS],
    }
    return {**named, "num_alerts": len(told)}


def severity_of(payload: Mapping[str, Any]) -> str:
    """The worst of those that fire, in PagerDuty's four words."""
    said = [
        str((each.get("labels") or {}).get("severity", "")).lower()
        for each in alerts_of(payload)
        if each.get("status", "firing") == "firing"
    ]
    known = {_SEVERITIES[each] for each in said if each in _SEVERITIES}
    return next((each for each in _WORST_FIRST if each in known), _USUAL)


def dedup_key_of(notice: Notice) -> str:
    """As Alertmanager's own integration makes it of a group: whoever moves over keeps the incidents that are open."""
    key = notice.payload.get("groupKey")
    return hashlib.sha256(key.encode()).hexdigest() if isinstance(key, str) and key else notice.group


class PagerDutyReceiver:
    """The routing key is read anew from its file for each event: it may be changed."""

    def __init__(self, name: str, receiver: Receiver, routing_key_file: Path, patience: timedelta) -> None:
        self.name = name
        self.patience = patience
        self._receiver = receiver
        self._routing_key_file = routing_key_file

    def send(self, body: bytes) -> None:
        """Send the event."""
        notice = Notice.unpacked(body)
        event = event_of(notice, self._routing_key())
        self._receiver.ask("POST", "", body=orjson.dumps(event), headers=headers_of(notice))

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()

    def _routing_key(self) -> str:
        try:
            return self._routing_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TransientError(f"{self._routing_key_file}: cannot be read ({type(error).__name__})") from error
