"""Incidents as lines in Loki: `POST /loki/api/v1/push` (Loki's docs/sources/reference/loki-http-api.md).

A line that was sent before is the same to the last byte and has the same time, so that Loki keeps one of them.
"""

import gzip
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import orjson

from correlator.delivery.errors import RefusedError, TransientError
from correlator.delivery.facts import facts_of
from correlator.delivery.http import Receiver
from correlator.delivery.sink import Parcel
from correlator.incidents.instants import microseconds
from correlator.incidents.lifecycle import Event

PATH: Final = "/loki/api/v1/push"
_HEADERS: Final = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
_BLOCKED = 260
"""What Loki says instead of an error while it takes nothing: a success to HTTP, and not stored."""


class LokiSink:
    """Tells a Loki. `labels` are those of the one stream; `has_metadata`: Loki takes structured metadata."""

    name = "loki"
    patience = timedelta(hours=24)

    def __init__(self, receiver: Receiver, labels: Mapping[str, str], *, has_metadata: bool) -> None:
        self._receiver = receiver
        self._labels = dict(labels)
        self._has_metadata = has_metadata

    def prepare(self, event: Event) -> Sequence[Parcel]:
        """One entry of one stream."""
        incident = event.incident
        stream = {"app": "correlator", **({"cluster": incident.cluster} if incident.cluster else {}), **self._labels}
        metadata = {"incident_id": incident.id, "event": event.kind.value, "sequence": str(event.sequence)}
        entry = [f"{microseconds(event.at)}000", orjson.dumps(facts_of(event)).decode(), metadata]
        return [Parcel(incident.id, orjson.dumps({"streams": [{"stream": stream, "values": [entry]}]}))]

    def send(self, body: bytes) -> None:
        """Push it."""
        sent = gzip.compress(body if self._has_metadata else _without_metadata(body), mtime=0)
        try:
            status, _ = self._receiver.ask("POST", PATH, body=sent, headers=_HEADERS)
        except RefusedError as error:
            if self._has_metadata and "structured metadata" in str(error):
                raise TransientError(f"{error}; it can do without: sinks.loki.structured_metadata") from error
            raise
        if status == _BLOCKED:
            raise TransientError(f"Loki answered {_BLOCKED}: it takes nothing at present")

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()


def _without_metadata(body: bytes) -> bytes:
    push = orjson.loads(body)
    for stream in push["streams"]:
        stream["values"] = [entry[:2] for entry in stream["values"]]
    return orjson.dumps(push)
