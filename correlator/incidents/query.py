"""Which incidents are asked for, and where a page ends."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from correlator.incidents.errors import InvalidQueryError
from correlator.model.finding import Verdict
from correlator.model.incident import State

Item = TypeVar("Item")

LARGEST_PAGE = 500
_CURSOR = re.compile(r"(-?\d{1,18})\.([0-9a-zA-Z_-]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentQuery:
    """What the incidents asked for have in common; None asks for nothing.

    `pod` and `namespace` are the victim's. `suspect` is a `namespace/pod`, a pod or a workload (`Job/reindex`) among
    the suspects, accused or not; a node that is one answers to its name. `node` is the victim's or its volume's,
    `volume` an id or a name. `since <= detected_at < until`.
    """

    state: State | None = None
    verdict: Verdict | None = None
    cluster: str | None = None
    namespace: str | None = None
    pod: str | None = None
    suspect: str | None = None
    node: str | None = None
    volume: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_confidence: float | None = None

    def __post_init__(self) -> None:
        """Refuse what has no answer."""
        for name in ("since", "until"):
            at: datetime | None = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise InvalidQueryError(name, "an instant with its time zone is expected")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise InvalidQueryError("min_confidence", f"a number from 0 to 1 is expected, not {self.min_confidence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeQuery:
    """What the episodes asked for have in common. `since` and `until` bound when their first incident was detected."""

    state: State | None = None
    verdict: Verdict | None = None
    cluster: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what has no answer."""
        IncidentQuery(since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of what was asked for, newest first. `next_cursor` asks for what follows; None: nothing does."""

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a list, which stays where it is while newer items arrive."""

    detected_us: int
    id: str

    def encode(self) -> str:
        """An opaque, URL-safe cursor."""
        return base64.urlsafe_b64encode(f"{self.detected_us}.{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        """The inverse of `encode`; raises InvalidQueryError on anything else."""
        try:
            plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            plain = ""
        parts = _CURSOR.fullmatch(plain)
        if parts is None:
            raise InvalidQueryError("cursor", "a next_cursor of an earlier answer is expected")
        return cls(int(parts[1]), parts[2])


def checked_limit(limit: int) -> int:
    """The number of items on a page; raises InvalidQueryError outside 1 … LARGEST_PAGE."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidQueryError("limit", f"a number from 1 to {LARGEST_PAGE} is expected, not {limit}")
    return limit
