"""`/metrics` for whoever scrapes: what only a cycle changes is written and packed once for all who ask until the next.

What changes by the clock, the daemon's own state, is a few lines that are written anew for each request.
"""

import struct
import threading
import zlib
from dataclasses import dataclass, field, replace
from typing import Final

from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.model import incident as model
from correlator.model.snapshot import Snapshot
from correlator.publish.exposition import exposed, negotiated
from correlator.publish.samples import Stored
from correlator.publish.synthetic import is_fresh, of_itself, readings
from correlator.web.routers.health import reasons_against
from correlator.web.state import WebState

LEVEL: Final = 1  # labels get as small as with the highest level within a fifth, in a fifth of the time
FORMS_KEPT: Final = 4

_RAW: Final = -zlib.MAX_WBITS
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_GZIP_END: Final = struct.Struct("<II")


class Written:
    """Text, packed when first somebody takes gzip so that more may follow in the same stream."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._checksum = zlib.crc32(plain)
        self._deflated: bytes | None = None

    def with_end(self, end: bytes) -> bytes:
        """All of it as gzip, with an end that is packed alone."""
        if self._deflated is None:
            deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, _RAW)
            self._deflated = deflate.compress(self.plain) + deflate.flush(zlib.Z_FULL_FLUSH)
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, _RAW)
        checksum, size = zlib.crc32(end, self._checksum), len(self.plain) + len(end)
        tail = deflate.compress(end) + deflate.flush() + _GZIP_END.pack(checksum, size & 0xFFFF_FFFF)
        return b"".join((_GZIP_HEAD, self._deflated, tail))


@dataclass(slots=True)
class Scrapes:
    """What was written of the newest cycle, by content type."""

    _snapshot: Snapshot | None = None
    _of: tuple[object, ...] = ()
    _written: dict[str, Written] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, state: WebState, accept: str, *, takes_gzip: bool) -> tuple[str, bytes]:
        """Content type and body."""
        status, form = replace(state.status(), problems=reasons_against(state)), negotiated(accept)
        end = exposed(of_itself(status), status.cluster, form) + form.end
        snapshot, sequence = state.snapshot(), _sequence(state)
        of = (sequence, is_fresh(status), status.cluster)
        with self._lock:
            if snapshot is not self._snapshot or of != self._of or sequence is None:
                self._snapshot, self._of, self._written = snapshot, of, {}
            written = self._written.get(form.content_type)
            if written is None:
                stored = None if sequence is None else _stored(state, status.cluster)
                values = readings(snapshot, stored, is_fresh=is_fresh(status))
                written = Written(exposed(values, status.cluster, form))
                if stored is not None and len(self._written) < FORMS_KEPT:
                    self._written[form.content_type] = written
            return form.content_type, written.with_end(end) if takes_gzip else written.plain + end


def open_in(cluster: str) -> IncidentQuery:
    """The open incidents of one cluster: a shared store knows those of others too."""
    return IncidentQuery(state=model.State.OPEN, cluster=cluster)


def _sequence(state: WebState) -> int | None:
    """How far the log of incidents is; None where the store does not answer."""
    try:
        return state.incidents.last_sequence()
    except StoreError:
        return None


def _stored(state: WebState, cluster: str) -> Stored | None:
    try:
        opened = tuple(state.incidents.every(open_in(cluster)))
        return Stored(open_incidents=opened, totals=state.incidents.counts(cluster))
    except StoreError:
        return None
