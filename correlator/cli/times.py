"""T and S on the command line: instants and durations."""

import re
from datetime import UTC, datetime, timedelta

from correlator.settings import parse_duration

_EPOCH = re.compile(r"\d+(\.\d+)?")
_EXPECTED = "expected RFC 3339 (2026-11-23T02:04:00Z), epoch seconds, a time ago (-2h) or now"


def parse_instant(text: str, now: float) -> float:
    """Epoch seconds of RFC 3339, epoch seconds, a duration with a sign, or `now`. Raises ValueError."""
    if text == "now":
        return now
    if _EPOCH.fullmatch(text):
        return float(text)
    if text[:1] in {"-", "+"}:
        sign = -1 if text[0] == "-" else 1
        return now + sign * parse_duration(text[1:]).total_seconds()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_EXPECTED) from error
    if instant.tzinfo is None:
        raise ValueError(f"{_EXPECTED}: {text} has no time zone, such as Z")
    return instant.timestamp()


def parse_step(text: str) -> int:
    """Whole seconds of a duration such as 15s. Raises ValueError."""
    duration = parse_duration(text)
    if duration < timedelta(seconds=1) or duration.microseconds:
        raise ValueError("expected whole seconds, such as 15s")
    return int(duration.total_seconds())


def spoken(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
