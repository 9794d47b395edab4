"""What an API server demands of Events: the checks of events.k8s.io/v1 for new and for changed ones.

They follow what pkg/apis/core/validation/events.go of Kubernetes demands.
"""

import re
from datetime import datetime
from typing import Any

Object = dict[str, Any]
_PATH = re.compile(r"/apis/events\.k8s\.io/v1/namespaces/([a-z0-9-]+)/events")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_LONGEST = {"action": 128, "reason": 128, "reportingInstance": 128}
_FOREVER = ("regarding", "related", "reason", "note", "type", "eventTime", "action", "reportingController")


def events_path(path: str) -> str | None:
    """The namespace whose Events a path is; None: another path."""
    found = _PATH.fullmatch(path)
    return None if found is None else found[1]


def checked_event(event: Object, namespace: str) -> str:
    """Why a new Event is refused; empty: it is not."""
    meta, regarding = event["metadata"], event["regarding"]
    for key, longest in _LONGEST.items():
        if not 0 < len(event.get(key, "").encode()) <= longest:
            return f"{key}: required, at most {longest} characters"
    checks = {
        "metadata.name": len(meta["name"]) <= 253 and _SUBDOMAIN.fullmatch(meta["name"]),
        "metadata.namespace": meta["namespace"] == namespace == regarding.get("namespace"),
        "eventTime": _MICRO_TIME.fullmatch(event.get("eventTime", "")),
        "type": event.get("type") in {"Normal", "Warning"},
        "note": len(event.get("note", "").encode()) <= 1024,
        "reportingController": _QUALIFIED.fullmatch(event.get("reportingController", "")),
        "regarding.uid": regarding.get("uid"),
        "deprecated fields": not any(key.startswith("deprecated") for key in event),
        "series": "series" not in event or not _series(event),
    }
    return next((f"{key}: Invalid value" for key, is_right in checks.items() if not is_right), "")


def checked_patch(old: Object, new: Object) -> str:
    """Why a changed Event is refused."""
    changed = [key for key in _FOREVER if old.get(key) != new.get(key)]
    return f"{changed[0]}: field is immutable" if changed else _series(new)


def _series(event: Object) -> str:
    series = event.get("series") or {}
    if series.get("count", 0) < 2:
        return "series.count: should be at least 2"
    if not _MICRO_TIME.fullmatch(series.get("lastObservedTime", "")):
        return "series.lastObservedTime: required"
    datetime.fromisoformat(series["lastObservedTime"])
    return ""
