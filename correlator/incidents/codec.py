"""Incidents, episodes and evidence as JSON: what is published is what is stored.

Instants are RFC 3339 in UTC with a `Z`; NaN and infinity become null. Decoding validates, so that a damaged or foreign
document is a ValueError and never half an incident.
"""

import math
import zlib
from typing import Any, TypeAlias, TypeVar

import orjson
from pydantic import TypeAdapter

from correlator.model.finding import Evidence
from correlator.model.incident import Episode, Feedback, Incident
from correlator.model.logs import LogEvidence

Document: TypeAlias = Incident | Episode | Evidence | Feedback | LogEvidence
Value = TypeVar("Value", bound=Document)

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # made at first use: they cost milliseconds
LEVEL = 6  # zlib's default: JSON of curves shrinks eight to ten times, and more effort gains a few percent


def to_json(value: Document) -> bytes:
    """The published form, with the model's field names."""
    return orjson.dumps(value, option=OPTIONS)


def to_document(value: Document) -> dict[str, Any]:
    """The published form as plain JSON values."""
    document: dict[str, Any] = orjson.loads(to_json(value))
    return document


def incident_json(incident: Incident) -> bytes:
    """One incident as published: by REST, `backtest --output json`, webhooks and the stream."""
    return to_json(incident)


def from_json(kind: type[Value], data: bytes | str) -> Value:
    """The inverse of `to_json`; raises ValueError on anything else. Fields it does not know are passed over."""
    return _adapter(kind).validate_json(data)


def pack(value: Incident | Evidence | LogEvidence) -> bytes:
    """Compressed JSON, for the store. Raises ValueError for a probability that is no number: it would not be read."""
    if isinstance(value, Incident):
        _refuse_nan(value)
    return zlib.compress(to_json(value), LEVEL)


def unpack(kind: type[Value], data: bytes) -> Value:
    """The inverse of `pack`; raises ValueError on anything else."""
    try:
        return from_json(kind, zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"no compressed {kind.__name__}: {error}") from error


def _refuse_nan(incident: Incident) -> None:
    confidences = [incident.confidence, *(suspect.confidence for suspect in incident.suspects)]
    if not all(math.isfinite(confidence) for confidence in confidences):
        raise ValueError(f"incident {incident.id}: a confidence is not a finite number")


def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        adapter = _ADAPTERS[kind] = TypeAdapter(kind)
    return adapter
