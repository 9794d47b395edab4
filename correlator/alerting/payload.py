"""What Alertmanager posts to a webhook, version 4: read with tolerance, told on with nothing changed but annotations.

Source: Alertmanager's docs/configuration.md (`<webhook_config>`), notify/webhook/webhook.go, template/template.go. Keys
that are not known are kept, keys that are missing are done without.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from correlator.alerting.fingerprint import fingerprint
from correlator.alerting.loops import KEYS

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
_FINGERPRINT = re.compile(r"[0-9A-Za-z_-]{1,64}")
_FIRST_YEAR = 1970
"""Go writes an instant that is not set as one of the year 1."""


class PayloadError(Exception):
    """A body that is no webhook of Alertmanager; `where` names the place, such as `alerts.3.labels`; "": the whole."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `ends_at` is None while it fires, and both are where nobody told."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    is_firing: bool
    starts_at: datetime | None
    ends_at: datetime | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What was posted, whole in `document`. `is_firing`: any of its alerts is.

    `group` stands for receiver and group key, `content` for which alerts are in which state since when: two
    Alertmanagers that say the same say the same `group` and `content`. Both are 32 hexadecimal digits.
    """

    document: Mapping[str, Any]
    alerts: tuple[Alert, ...]
    is_firing: bool
    group: str
    content: str


def parse(body: bytes) -> Notification:
    """Read a body. Raises PayloadError for what is no webhook, and for nothing else."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PayloadError(f"expected JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("alerts"), list):
        raise PayloadError("expected an object with a list of alerts, as Alertmanager posts it to a webhook", "alerts")
    alerts = tuple(_alert(each, number, document) for number, each in enumerate(document["alerts"]))
    is_firing = any(each.is_firing for each in alerts) if alerts else document.get("status") != RESOLVED
    return Notification(
        document=document, alerts=alerts, is_firing=is_firing, group=_group(document), content=_content(alerts)
    )


def _alert(told: object, number: int, document: Mapping[str, Any]) -> Alert:
    if not isinstance(told, dict):
        raise PayloadError("expected an object for each alert", f"alerts.{number}")
    labels = _texts(told, "labels", number)
    ends_at = _instant(told.get("endsAt"))
    status = told.get("status") or (RESOLVED if ends_at else document.get("status", FIRING))
    named = told.get("fingerprint")
    return Alert(
        labels=labels,
        annotations=_texts(told, "annotations", number),
        is_firing=status != RESOLVED,
        starts_at=_instant(told.get("startsAt")),
        ends_at=None if status != RESOLVED else ends_at,
        fingerprint=named if isinstance(named, str) and _FINGERPRINT.fullmatch(named) else fingerprint(labels),
    )


def _texts(told: Mapping[str, Any], key: str, number: int) -> Mapping[str, str]:
    found = told.get(key) or {}
    if not isinstance(found, dict):
        raise PayloadError(f"expected an object with {key}", f"alerts.{number}.{key}")
    return {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in found.items()}


def _instant(told: object) -> datetime | None:
    """None for what is no instant, or is none that was set."""
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    if at is None or at.year < _FIRST_YEAR:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _group(document: Mapping[str, Any]) -> str:
    """Without a group key, labels of the group stand in: what is sent for a group is sent in order."""
    key = document.get("groupKey") or document.get("groupLabels") or ""
    return digest([document.get("receiver"), key])


def _content(alerts: Sequence[Alert]) -> str:
    """When an alert ended does not count: two Prometheus, and so two Alertmanagers, seldom agree on that."""
    return digest(sorted([each.fingerprint, each.is_firing, str(each.starts_at)] for each in alerts))


def digest(value: object) -> str:
    """32 hexadecimal digits that stand for a JSON value."""
    told = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()[:32]


def annotated(notification: Notification, added: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The document with annotations added to each alert; nothing else differs.

    What all alerts say alike stands in `commonAnnotations` as well, as Alertmanager has it. Annotations that are there
    already stay as they are.
    """
    alerts = [
        {**told, "annotations": {**more, **(told.get("annotations") or {})}} if more else told
        for told, more in zip(notification.document["alerts"], added, strict=True)
    ]
    document = {**notification.document, "alerts": alerts}
    common = _common(alerts) if any(added) else {}
    if common:
        document["commonAnnotations"] = {**common, **(document.get("commonAnnotations") or {})}
    return document


def _common(alerts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    told = [each.get("annotations") or {} for each in alerts]
    return {key: told[0][key] for key in KEYS if key in told[0] and all(each.get(key) == told[0][key] for each in told)}
