"""What a notification comes to in a few words: for receivers that show text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from correlator.alerting.annotations import NONE_ACCUSED
from correlator.alerting.loops import KEYS

FIRING: Final = "firing"
VERDICT, SUSPECTS, _CONFIDENCE, EXPLANATION, LINK, PLOT = KEYS
_SUMMARIES: Final = ("summary", "message", "title", "description")


@dataclass(frozen=True, slots=True)
class Cause:
    """What is known of one cause, and of how many alerts it is the cause."""

    annotations: Mapping[str, str]
    alerts: int

    @property
    def headline(self) -> str:
        """The verdict, and who is accused."""
        verdict = self.annotations[VERDICT].replace("_", " ")
        suspects = self.annotations.get(SUSPECTS, NONE_ACCUSED)
        return verdict if suspects == NONE_ACCUSED else f"{verdict}: {suspects}"


def alerts_of(payload: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Its alerts."""
    alerts: Sequence[Mapping[str, Any]] = payload["alerts"]
    return alerts


def is_firing(payload: Mapping[str, Any]) -> bool:
    """Whether any of its alerts fires."""
    alerts = alerts_of(payload)
    return any(map(_fires, alerts)) if alerts else _fires(payload)


def _fires(told: Mapping[str, Any]) -> bool:
    return bool(told.get("status", FIRING) == FIRING)


def title_of(payload: Mapping[str, Any]) -> str:
    """As Alertmanager's own default title: `[FIRING:2] Name (labels of the group)`."""
    firing = sum(_fires(each) for each in alerts_of(payload))
    status = f"FIRING:{firing}" if firing else "RESOLVED"
    return f"[{status}] {name_of(payload)}"


def name_of(payload: Mapping[str, Any]) -> str:
    """The alert's name, and what else the group has in common."""
    labels = _common(payload, "labels")
    grouped = payload.get("groupLabels") or {}
    rest = " ".join(str(value) for key, value in grouped.items() if key != "alertname")
    name = str(labels.get("alertname") or grouped.get("alertname") or "alerts")
    return f"{name} ({rest})" if rest else name


def _common(payload: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """What all alerts have in common; of an only one all."""
    alerts = alerts_of(payload)
    if len(alerts) == 1:
        return alerts[0].get(what) or {}
    return payload.get(f"common{what.capitalize()}") or {}


def common_label(payload: Mapping[str, Any], name: str) -> str:
    """A label that all alerts share; "" where they do not."""
    return str(_common(payload, "labels").get(name, ""))


def causes_of(payload: Mapping[str, Any]) -> Sequence[Cause]:
    """The different causes, those of most alerts first."""
    found: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for alert in alerts_of(payload):
        annotations = alert.get("annotations") or {}
        if VERDICT in annotations:
            told = {key: str(annotations[key]) for key in KEYS if key in annotations}
            found.setdefault(tuple(told.values()), []).append(told)
    causes = [Cause(each[0], len(each)) for each in found.values()]
    return sorted(causes, key=lambda each: -each.alerts)


def summaries_of(payload: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Of each alert whether it fires, and what its own annotations say of it first."""
    for alert in alerts_of(payload):
        annotations, labels = alert.get("annotations") or {}, alert.get("labels") or {}
        said = next((str(annotations[key]) for key in _SUMMARIES if annotations.get(key)), "")
        yield _fires(alert), said or ", ".join(f"{key}={value}" for key, value in labels.items())
