"""Answers as JSON straight from the model's values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from fastapi import Response
from pydantic import BaseModel

Item = TypeVar("Item")

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


class Listing(BaseModel, Generic[Item]):
    """What every list answers; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None = None


def encode(value: object) -> bytes:
    """JSON with the model's field names; instants are RFC 3339 with Z, NaN and infinity are null."""
    return orjson.dumps(value, option=_OPTIONS)


def answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer. It goes around FastAPI's validation of responses: a large snapshot is encoded in milliseconds."""
    return Response(encode(value), status, headers, "application/json")


def listing(items: Sequence[Any], next_cursor: str | None = None) -> Response:
    """A page of a list."""
    return answer({"items": items, "next_cursor": next_cursor})


class SnapshotListing(Listing[Item], Generic[Item]):
    """A list that speaks of one moment: the step `at`."""

    at: datetime


def snapshot_listing(at: datetime, items: Sequence[Any]) -> Response:
    """All there is at a step, on one page."""
    return answer({"at": at, "items": items, "next_cursor": None})
