"""Loki's answers, taken apart with suspicion: only what was asked for and makes sense is kept.

Formats: `matrix`, `streams` and the list of labels in Loki's HTTP API (docs/sources/reference/loki-http-api.md).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import orjson

from correlator.logs.look import BUCKET_SECONDS
from correlator.logs.queries import LabelNames
from correlator.model.source import SourceError

Pod: TypeAlias = tuple[str, str]
Counts: TypeAlias = Mapping[Pod, Mapping[int, int]]
"""Lines by namespace and pod, and by the end of their bucket in epoch seconds."""

_LARGEST_COUNT = 10**12
_NANOSECOND_DIGITS = 20


def read_labels(body: bytes) -> frozenset[str]:
    """Names of labels; raises SourceError on anything else."""
    data = _data(body)
    if data is None:  # Loki leaves it out where there are no streams
        return frozenset()
    if not isinstance(data, list):
        raise _odd("a list of labels was expected")
    return frozenset(name for name in data if isinstance(name, str))


def read_counts(body: bytes, names: LabelNames, first: int, last: int) -> Counts:
    """Counts of the buckets that end from `first` to `last`; raises SourceError on what is no matrix of counts."""
    counts: dict[Pod, dict[int, int]] = {}
    for series in _result(body, "matrix"):
        labels = series.get("metric")
        if not isinstance(labels, dict):
            raise _odd("a series without labels")
        pod = str(labels.get(names.namespace, "")), str(labels.get(names.pod, ""))
        of_pod = counts.setdefault(pod, {})
        for at, value in _pairs(series):
            end = _number(at)
            if end % BUCKET_SECONDS == 0 and first <= end <= last:
                of_pod[int(end)] = of_pod.get(int(end), 0) + _count(value)
    return counts


def read_lines(body: bytes, start: int, end: int, limit: int) -> tuple[tuple[int, str], ...]:
    """The oldest `limit` lines in [start, end) of all streams, with epoch nanoseconds; raises SourceError."""
    found: list[tuple[int, str]] = []
    for stream in _result(body, "streams"):
        for at, line in _pairs(stream):
            if not isinstance(line, str):
                raise _odd("a line that is no text")
            if start * 10**9 <= (moment := _nanoseconds(at)) < end * 10**9:
                found.append((moment, line))
    return tuple(sorted(found)[:limit])


def _result(body: bytes, kind: str) -> Iterator[dict[str, Any]]:
    data = _data(body)
    if not isinstance(data, dict) or data.get("resultType") != kind or not isinstance(data.get("result"), list):
        raise _odd(f"a {kind} was expected")
    for each in data["result"]:
        if not isinstance(each, dict):
            raise _odd(f"a {kind} holds objects")
        yield each


def _data(body: bytes) -> object:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _odd("JSON was expected") from error
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise _odd("no success was reported")
    return answer.get("data")


def _pairs(series: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    """Times with values; structured metadata, a third member where it is sent, is passed over."""
    values = series.get("values")
    if not isinstance(values, list):
        raise _odd("a series without values")
    for pair in values:
        if not isinstance(pair, list) or len(pair) < 2:  # noqa: PLR2004 - a pair
            raise _odd("a value without its time")
        yield pair[0], pair[1]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _odd("a time that is no number")
    return float(value)


def _nanoseconds(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _NANOSECOND_DIGITS:
        return int(value)
    raise _odd("a line without its time")


def _count(value: object) -> int:
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number <= _LARGEST_COUNT:
        raise _odd("a count that is none")
    return round(number)


def _odd(what: str) -> SourceError:
    return SourceError(f"Loki's answer is not what its API promises: {what}", retriable=False)
