"""What is asked: parameters from the URL and from a form at once, as Go reads them, and their values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Final
from urllib.parse import parse_qsl

import promql_parser
from starlette.requests import Request

from correlator.web.prometheus.errors import ApiError, invalid

FORM: Final = "application/x-www-form-urlencoded"
FARTHEST_SECONDS: Final = 1e15

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Form:
    """Values by name; those of the body come before those of the URL."""

    values: Mapping[str, Sequence[str]]

    def all(self, name: str) -> Sequence[str]:
        """Every value, such as of `match[]`."""
        return self.values.get(name, ())

    def text(self, name: str) -> str:
        """The first value; empty where there is none."""
        return next(iter(self.all(name)), "")

    def instant_ms(self, name: str, otherwise: int | None = None) -> int:
        """Milliseconds since 1970, from seconds or RFC 3339; `otherwise` where it is missing. Raises ApiError."""
        text = self.text(name)
        if not text and otherwise is not None:
            return otherwise
        seconds = _number(text)
        if seconds is not None and abs(seconds) < FARTHEST_SECONDS:
            return round(seconds * 1000)
        found = _RFC3339.fullmatch(text)
        try:
            if found and seconds is None:
                return _instant_ms(*found.groups())
        except ValueError:
            pass  # such as a 30 February
        place = "" if otherwise is None else f"Invalid time value for '{name}': "
        raise invalid(name, f'{place}cannot parse "{text}" to a valid timestamp')

    def duration(self, name: str) -> timedelta:
        """From seconds or a text such as 1m30s. Raises ApiError."""
        text = self.text(name)
        try:
            seconds = _number(text)
            if seconds is not None:
                return timedelta(seconds=seconds)
            return promql_parser.parse_duration(text)
        except ValueError:
            raise invalid(name, f'cannot parse "{text}" to a valid duration') from None
        except OverflowError:
            raise invalid(name, f'cannot parse "{text}" to a valid duration. It overflows int64') from None

    def limit(self) -> int | None:
        """How many items at most; None: all. Raises ApiError."""
        text = self.text("limit")
        if not text:
            return None
        if not re.fullmatch(r"[+-]?\d{1,18}", text):
            raise ApiError("bad_data", "limit must be a number")
        if int(text) < 0:
            raise invalid("limit", "limit must be non-negative")
        return int(text) or None


async def read_form(request: Request) -> Form:
    """The parameters of a request. Raises ApiError for a body that is no text."""
    values: dict[str, list[str]] = {}
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    try:
        body = (await request.body()).decode() if is_form and request.method == "POST" else ""
    except UnicodeDecodeError:
        raise ApiError("bad_data", "error parsing form values: the body is not UTF-8") from None
    for source in (body, request.url.query):
        for name, value in parse_qsl(source, keep_blank_values=True):
            values.setdefault(name, []).append(value)
    return Form(values)


def _number(text: str) -> float | None:
    """A finite number as Go reads one; None otherwise."""
    try:
        value = float(text) if "_" not in text and text == text.strip() else None
    except ValueError:
        return None
    return value if value is not None and isfinite(value) else None


def _instant_ms(moment: str, fraction: str | None, zone: str) -> int:
    at = datetime.fromisoformat(f"{moment}{zone.replace('Z', '+00:00')}")
    return int(at.timestamp()) * 1000 + int((fraction or "0").ljust(3, "0")[:3])
