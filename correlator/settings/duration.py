"""Durations as people write them: `15s`, `1m`, `2h`, `7d`. A bare number is refused: it does not say its unit."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_MILLISECONDS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_WHOLE = re.compile(r"(?:\d+(?:ms|[smhdw]))+")
_PART = re.compile(r"(\d+)(ms|[smhdw])")
_LONGEST_MILLISECONDS = 100 * 365 * _MILLISECONDS["d"]


def parse_duration(value: object) -> timedelta:
    """`15s`, `1h30m` or `10ms` as a duration; ValueError for anything else, bare numbers included."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("expected a duration with its unit, such as 15s, 1m, 2h or 7d")
    milliseconds = sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(value))
    if milliseconds > _LONGEST_MILLISECONDS:
        raise ValueError("expected a duration of a hundred years or less")
    return timedelta(milliseconds=milliseconds)


def format_duration(value: timedelta) -> str:
    """The shortest spelling with one unit; `parse_duration` reads it back to the millisecond."""
    total = round(value / timedelta(milliseconds=1))
    if not total:
        return "0s"
    unit, size = next((unit, size) for unit, size in _MILLISECONDS.items() if total % size == 0 and total >= size)
    return f"{total // size}{unit}"


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("expected a duration longer than nothing")
    return value


def _whole_seconds(value: timedelta) -> timedelta:
    if value < timedelta(seconds=1) or value.microseconds:
        raise ValueError("expected whole seconds, such as 15s")
    return value


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), AfterValidator(_positive), PlainSerializer(format_duration)
]
DurationOrNone = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
WholeSeconds = Annotated[Duration, AfterValidator(_whole_seconds)]
