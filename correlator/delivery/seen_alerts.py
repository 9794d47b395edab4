"""The alerts that came by lately: by their fingerprint it is found out what they were about."""

import threading
from collections.abc import Iterable

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.fingerprint import fingerprint

MOST = 10_000


class SeenAlerts:
    """As many as `most`, those seen last. Nothing is kept over a restart. Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._alerts: dict[frozenset[tuple[str, str]], AlertSeen] = {}
        self._hashed: dict[str, frozenset[tuple[str, str]]] = {}

    def remember(self, alerts: Iterable[AlertSeen]) -> None:
        """Keep them; of one that came before what is said now counts."""
        with self._lock:
            for alert in alerts:
                key = frozenset(alert.labels.items())
                self._alerts.pop(key, None)
                self._alerts[key] = alert
            while len(self._alerts) > self._most:
                del self._alerts[next(iter(self._alerts))]

    def find(self, sought: str) -> AlertSeen | None:
        """The alert of a fingerprint. They are hashed when somebody asks: it takes longer than passing them on."""
        with self._lock:
            known = set(self._hashed.values())
            self._hashed |= {fingerprint(dict(key)): key for key in self._alerts.keys() - known}
            self._hashed = {each: key for each, key in self._hashed.items() if key in self._alerts}
            key = self._hashed.get(sought)
            return None if key is None else self._alerts[key]
