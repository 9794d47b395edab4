"""Alerts on their way from Prometheus to Alertmanager: annotations are added, everything else stays as it was.

The body is the array of `POST /api/v2/alerts`. Numbers keep their digits, keys their order, unknown keys their values;
of a key that comes twice the last counts, as for Alertmanager. A body that nothing is added to stays the same to the
last byte.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import orjson

from correlator.alerting.enrichment import Enricher
from correlator.alerting.loops import is_own


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """An alert as it came in; None where it did not say when it began or will end."""

    labels: Mapping[str, str]
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Annotated:
    """The body to pass on, the alerts in it that are not our own, and how many were annotated."""

    body: bytes
    alerts: Sequence[AlertSeen]
    enriched: int


def annotate(body: bytes, enricher: Enricher) -> Annotated:
    """Add what is known of each alert; one that makes no sense stays. Raises ValueError for what is no JSON array."""
    alerts = _read(body)
    seen: list[AlertSeen] = []
    enriched = 0
    for alert in alerts:
        read = _alert(alert)
        if read is None or is_own(read.labels, alert.get("annotations") or {}):
            continue
        seen.append(read)
        added = enricher.of(read.labels, read.starts_at, read.ends_at).annotations
        if added:
            alert["annotations"] = {**(alert.get("annotations") or {}), **added}
            enriched += 1
    return Annotated(_written(alerts) if enriched else body, seen, enriched)


def _alert(alert: object) -> AlertSeen | None:
    """What is needed of one; None where it cannot be understood."""
    if not isinstance(alert, dict) or not isinstance(alert.get("annotations"), dict | None):
        return None
    labels = alert.get("labels")
    if not isinstance(labels, dict) or not set(map(type, labels.values())) <= {str}:
        return None
    try:
        return AlertSeen(labels, instant(alert.get("startsAt")), instant(alert.get("endsAt")))
    except ValueError:
        return None


def instant(value: object) -> datetime | None:
    """An RFC 3339 instant; None for none, and for Go's zero time. Raises ValueError for anything else."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"expected an instant, not {value!r}")  # noqa: TRY004 - what came in is at fault, not the code
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"expected an instant with its time zone, not {value!r}")
    if at.year == 1:
        return None
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _read(body: bytes) -> list[Any]:
    try:
        alerts = json.loads(
            body,
            parse_int=orjson.Fragment,
            parse_float=orjson.Fragment,
            parse_constant=_refuse,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(alerts, list):
        raise ValueError("expected an array of alerts")  # noqa: TRY004 - what came in is at fault, not the code
    return alerts


def _written(alerts: Sequence[object]) -> bytes:
    try:
        return orjson.dumps(alerts)
    except orjson.JSONEncodeError as error:  # half of a surrogate pair, which JSON can spell and UTF-8 cannot
        raise ValueError(f"cannot be written again: {error}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
