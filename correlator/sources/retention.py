"""How long a Prometheus keeps its data, as it says itself."""

import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")


def retention_seconds(runtime: Any) -> float | None:  # noqa: ANN401 - JSON of an unknown server
    """The seconds in `storageRetention` ("15d", "15d or 10GiB") of `/api/v1/status/runtimeinfo`; None if not told."""
    told = runtime.get("storageRetention") if isinstance(runtime, dict) else None
    if not isinstance(told, str):
        return None
    for word in told.split():
        if _DURATION.fullmatch(word):
            return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(word))
    return None
