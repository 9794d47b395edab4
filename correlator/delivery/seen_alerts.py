"""The alerts that came by lately: by their fingerprint it is found out what they were about."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import orjson

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.fingerprint import fingerprint

MOST = 10_000


class SeenAlerts:
    """As many as `most`, those seen last. Nothing is kept over a restart. Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._times: dict[str, tuple[datetime | None, datetime | None]] = {}  # by labels as JSON: a tenth of objects
        self._labels: dict[str, str] = {}  # by fingerprint, of those that somebody's question came after

    def remember(self, alerts: Iterable[AlertSeen]) -> None:
        """Keep them; of one that came before what is said now counts."""
        with self._lock:
            for alert in alerts:
                with suppress(orjson.JSONEncodeError):  # half a character: no Alertmanager has such an alert
                    labels = orjson.dumps(alert.labels, option=orjson.OPT_SORT_KEYS).decode()  # the bytes keep 4 kB
                    self._times.pop(labels, None)
                    self._times[labels] = alert.starts_at, alert.ends_at
            while len(self._times) > self._most:
                del self._times[next(iter(self._times))]

    def find(self, sought: str) -> AlertSeen | None:
        """The alert of a fingerprint.

        They are hashed when somebody asks, since that takes longer than passing them on, and without the lock.
        """
        with self._lock:
            hashed = {each: labels for each, labels in self._labels.items() if labels in self._times}
            fresh = self._times.keys() - set(hashed.values())
        hashed |= {fingerprint(orjson.loads(labels)): labels for labels in fresh}
        with self._lock:
            self._labels = hashed
            labels = hashed.get(sought, "")
            times = self._times.get(labels)
        return None if times is None else AlertSeen(orjson.loads(labels), *times)
