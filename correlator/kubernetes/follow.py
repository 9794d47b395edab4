"""Follows one kind of object: lists it page by page, watches what changes, and begins anew where that breaks.

The server keeps the history of changes for about five minutes. After that it answers 410, as an HTTP status or as an
event of the watch, and the list is taken anew. A watch ends when the server ends it, when nothing at all has arrived
for longer than it was to last (the other end is gone and nobody said so), or when it says what cannot be read.
"""

import random
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from correlator.kubernetes.connection import METADATA, METADATA_LIST, WHOLE, Transport
from correlator.kubernetes.errors import AbsentError, ApiError, BusyError, GoneError, RefusedError
from correlator.kubernetes.pace import USUAL, Pace
from correlator.kubernetes.resources import Resource
from correlator.kubernetes.table import Table

log = structlog.get_logger(__name__)

MOST_TRIES_OF_A_LIST = 4
"""A list whose continue token expires is begun anew with pages of twice the size, so often at once."""


_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(slots=True)
class State:
    """How a follower is doing; written by its thread, read by others.

    `confirmed_at` is when the API last said something (epoch seconds), None before the first whole list; `problem` is
    what is wrong, `is_refused` that we may not read, `is_unknown` that nobody knows who we are; `is_absent` that the
    cluster knows no such objects.
    """

    confirmed_at: float | None = None
    has_tried: bool = False
    problem: str = ""
    is_refused: bool = False
    is_unknown: bool = False
    is_absent: bool = False
    lists: int = 0
    events: int = 0
    odd: int = 0


class Follower:
    """Keeps a table equal to what the API has. `run` until `stop`; `clock` tells epoch seconds."""

    def __init__(
        self,
        resource: Resource,
        table: Table[Any],
        connect: Callable[[], Transport],
        clock: Callable[[], float],
        rng: random.Random,
        pace: Pace = USUAL,
    ) -> None:
        """`told` may be set to what is to be called after each list and watch, failed ones too."""
        self.resource = resource
        self.table = table
        self.state = State()
        self._connect = connect
        self._clock = clock
        self._rng = rng
        self._pace = pace
        self.told: Callable[[], None] = lambda: None
        self._stopping = threading.Event()
        self._transport: Transport | None = None
        self._failures = 0
        self._last_kind: type[ApiError] | None = None
        self._version = ""  # of the newest list or event; empty: a list is due
        self._relist_at = 0.0

    def stop(self) -> None:
        """End `run` soon, from any thread."""
        self._stopping.set()
        transport = self._transport
        if transport is not None:
            transport.close()

    def run(self) -> None:
        """List, watch, and try again, until stopped."""
        while not self._stopping.is_set():
            pause = self.turn()
            self.state.has_tried = True
            self.told()
            if pause:
                self._stopping.wait(pause)

    def turn(self) -> float:
        """One list or one watch; returns the seconds to wait before the next."""
        try:
            transport = self._transport = self._transport or self._connect()
            if self._version and self._clock() < self._relist_at:
                return self._watch(transport)
            self._list(transport)
        except ApiError as error:
            return self._failed(error)
        except Exception as error:  # one kind of object must not end for good what follows it
            log.exception("following failed", objects=self.resource.name)
            self._version = ""
            return self._failed(ApiError(f"{type(error).__name__}: {error}"))
        return 0.0

    def _list(self, transport: Transport) -> None:
        """Take a whole list."""
        records: dict[str, Any] = {}
        self.state.odd = 0
        self._version = self._pages(transport, records)
        self.table.replace(records, self._clock())
        self.state.lists += 1
        self._relist_at = self._clock() + self._pace.relist * self._rng.uniform(0.8, 1.2)
        self._confirmed()

    def _pages(self, transport: Transport, records: dict[str, Any]) -> str:
        """All pages into `records`; returns the version of the list. Raises GoneError where tokens keep expiring."""
        limit, token, tries = self._pace.page, "", 1
        while not self._stopping.is_set():
            query: dict[str, str | int] = {"limit": limit, **({"continue": token} if token else {})}
            try:
                page = transport.get(self.resource.path, query, METADATA_LIST if self.resource.metadata_only else WHOLE)
            except GoneError:
                if not token or tries >= MOST_TRIES_OF_A_LIST:
                    raise
                records.clear()
                self.state.odd = 0
                limit, token, tries = 2 * limit, "", tries + 1
                continue
            token = self._take_page(page, records)
            if not token:
                return _version_of(page, self.resource)
            del page  # before the next one is read: two at once need twice the room
        raise ApiError("stopped")

    def _take_page(self, page: dict[str, Any], records: dict[str, Any]) -> str:
        """Records of a page; returns the token of the next."""
        items, meta = page.get("items"), page.get("metadata")
        if items is None and page.get("kind", "").endswith("List"):
            items = ()
        if not isinstance(items, list | tuple) or not isinstance(meta, dict):
            raise ApiError(f"{self.resource.path}: the answer is no list")
        for item in items:
            try:
                uid = self.resource.uid(item)
            except _UNREADABLE as error:
                raise ApiError(f"{self.resource.path}: an object without a uid") from error
            record = self._read(item)
            if record is not None:
                records[uid] = self.table.keep(uid, record)
        token = meta.get("continue")
        return token if isinstance(token, str) else ""

    def _watch(self, transport: Transport) -> float:
        """Take changes until the watch ends; returns how long to wait where it ended at once and told nothing."""
        began, before = self._clock(), self.state.events
        seconds = self._rng.randint(*self._pace.watch)
        query: dict[str, str | int] = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": seconds,
        }
        accept = METADATA if self.resource.metadata_only else WHOLE
        with closing(transport.lines(self.resource.path, query, accept, seconds + self._pace.grace)) as lines:
            for line in lines:
                if line.strip():
                    self._take_event(line)
                if self._stopping.is_set():
                    return 0.0
        self._confirmed()
        self._failures = 0
        told_nothing = self.state.events == before and self._clock() - began < self._pace.short_watch
        return self._pace.short_watch * self._rng.uniform(0.5, 1.0) if told_nothing else 0.0

    def _take_event(self, line: bytes) -> None:
        """One change, a bookmark or an error. What cannot be read makes a new list due: it may have been a change."""
        try:
            event = orjson.loads(line)
            kind, item = event["type"], event["object"]
            if kind == "ERROR":
                raise self._error(item)
            version = item["metadata"]["resourceVersion"]
            if not isinstance(version, str) or not version:
                raise TypeError("an event without a version")
            if kind != "BOOKMARK":
                self._change(kind, item)
        except _UNREADABLE as error:
            self._version = ""
            raise ApiError(f"{self.resource.path}: an event cannot be read: {error}") from error
        self._version = version
        self.state.events += 1
        self._failures = 0
        self._confirmed()

    def _change(self, kind: str, item: dict[str, Any]) -> None:
        uid = self.resource.uid(item)
        if kind == "DELETED":
            self.table.drop(uid, self._clock())
        elif kind in {"ADDED", "MODIFIED"}:
            record = self._read(item)
            if record is None:
                self.table.drop(uid, self._clock())
            else:
                self.table.put(uid, record)
        else:
            raise ValueError(f"unknown type {kind!r}")

    def _read(self, item: dict[str, Any]) -> Any | None:  # noqa: ANN401 - whatever the resource reads
        """The record of an object; None for one that cannot be read, which is left out."""
        try:
            return self.resource.read(item)
        except _UNREADABLE:
            self.state.odd += 1
            return None

    def _error(self, status: dict[str, Any]) -> ApiError:
        """What an event of type ERROR says: the watch is over."""
        code, message = status.get("code"), status.get("message", "")
        said = f"{self.resource.path}: the watch says {code}: {message}"
        return GoneError(said) if code == 410 else BusyError(said)  # noqa: PLR2004 - HTTP's number for gone

    def _confirmed(self) -> None:
        state = self.state
        if state.problem:
            log.info("the Kubernetes API answers again", objects=self.resource.name)
        state.confirmed_at = self._clock()
        state.problem, state.is_refused, state.is_unknown, state.is_absent = "", False, False, False

    def _failed(self, error: ApiError) -> float:
        """Note what went wrong; returns how long to wait."""
        if self._stopping.is_set():
            return 0.0
        if isinstance(error, AbsentError) and not self.resource.is_optional:
            error = ApiError(str(error))
        self._failures += 1
        pause = self._pace.pause(error, self._failures, self._rng)
        state = self.state
        state.is_absent = isinstance(error, AbsentError)
        state.is_refused = isinstance(error, RefusedError)
        state.is_unknown = isinstance(error, RefusedError) and error.is_unknown
        if isinstance(error, GoneError | AbsentError):
            self._version = ""
        if isinstance(error, RefusedError) and error.is_unknown:
            self._reconnect()
        if state.is_absent:
            state.problem = ""
            self.table.replace({}, self._clock())
            return pause
        if isinstance(error, GoneError) and self._failures == 1:
            return pause
        if not state.problem or self._last_kind is not type(error):
            log.warning("the Kubernetes API does not answer", objects=self.resource.name, reason=str(error))
        state.problem, self._last_kind = str(error), type(error)
        return pause

    def _reconnect(self) -> None:
        """Read the credentials anew with the next turn."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _version_of(page: dict[str, Any], resource: Resource) -> str:
    version = page["metadata"].get("resourceVersion")
    if not isinstance(version, str) or not version:
        raise ApiError(f"{resource.path}: the list has no version")
    return version
