"""The records of one kind of object as the API told them, and those that went not long ago."""

import threading
from collections.abc import Iterable
from math import inf
from typing import Generic, TypeVar

R = TypeVar("R")

MOST_GONE = 50_000
"""Records of deleted objects that are kept; beyond, the oldest are forgotten."""


class Table(Generic[R]):
    """Records by uid. Written by one thread, read by another.

    `gone` maps the uid of what was deleted within the last `keep_seconds` to its last record and when that was seen:
    the steps before that moment still speak of it. `version` changes with every change.
    """

    def __init__(self, keep_seconds: float) -> None:
        self._keep_seconds = keep_seconds
        self._lock = threading.Lock()
        self._records: dict[str, R] = {}
        self._gone: dict[str, tuple[R, float]] = {}
        self.version = 0

    def __len__(self) -> int:
        return len(self._records)

    def found(self, uid: str) -> tuple[R, float] | None:
        """The record of an object, of one that went too, with the instant at which it did; None when there is none."""
        known = self._records.get(uid)
        return self._gone.get(uid) if known is None else (known, inf)

    def held(self) -> tuple[list[R], list[tuple[R, float]]]:
        """All records, and those of deleted objects with the instant; copies."""
        with self._lock:
            return list(self._records.values()), list(self._gone.values())

    def keep(self, uid: str, record: R) -> R:
        """The record that is already held where it is equal to this one: a list taken anew then needs no room."""
        known = self._records.get(uid)
        return known if known is not None and known == record else record

    def replace(self, records: dict[str, R], at: float) -> None:
        """Take a whole list, which is the table's from now on: what is not in it went at `at` at the latest."""
        with self._lock:
            missing = [uid for uid in self._records if uid not in records]
            if not missing and all(self._records.get(uid) is record for uid, record in records.items()):
                return
            for uid in missing:
                self._gone[uid] = (self._records[uid], at)
            self._records = records
            self._revive(records)
            self._forget(at)
            self.version += 1

    def put(self, uid: str, record: R) -> None:
        """Take one record that is new or changed."""
        with self._lock:
            if self._records.get(uid) == record:
                return
            self._records[uid] = record
            self._revive([uid])
            self.version += 1

    def drop(self, uid: str, at: float) -> None:
        """An object was deleted at `at`; one that is not known is passed over."""
        with self._lock:
            record = self._records.pop(uid, None)
            if record is not None:
                self._gone[uid] = (record, at)
                self._forget(at)
                self.version += 1

    def _revive(self, uids: Iterable[str]) -> None:
        if self._gone:
            for uid in uids:
                self._gone.pop(uid, None)

    def _forget(self, at: float) -> None:
        """Deletions come in the order of time, and so the oldest stand first."""
        surplus = len(self._gone) - MOST_GONE
        over: list[str] = []
        for uid, (_, when) in self._gone.items():
            if len(over) >= surplus and when >= at - self._keep_seconds:
                break
            over.append(uid)
        for uid in over:
            del self._gone[uid]
