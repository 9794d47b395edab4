"""The incidents that an alert may belong to, at hand: no alert waits for the store."""

import threading
from collections.abc import Callable, Iterable

import structlog

from correlator.alerting.enrichment import Enricher
from correlator.daemon.reading import LateIncidents
from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.model.incident import Incident, State

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
PAUSE_SECONDS = 5.0
MOST_RESOLVED = 500
"""Beside those that are open: an alert that began to fire longer ago than these reach back is told nothing."""


class KnownIncidents:
    """Follows the store from `start` to `stop`; while that fails, what was known last is known still."""

    def __init__(
        self,
        incidents: LateIncidents,
        cluster: str,
        make: Callable[[Iterable[Incident]], Enricher],
        most_resolved: int = MOST_RESOLVED,
    ) -> None:
        self._incidents = incidents
        self._cluster = cluster
        self._make = make
        self._most_resolved = most_resolved
        self._known: dict[str, Incident] = {}
        self._sequence: int | None = None
        self._enricher = make(())
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="known-incidents", daemon=True)

    @property
    def enricher(self) -> Enricher:
        """Over what is known now."""
        return self._enricher

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(1.0)

    def turn(self) -> None:
        """Hear what happened. Raises StoreError."""
        changed = self._begin() if self._sequence is None else self._hear(self._sequence)
        if changed:
            resolved = [each.id for each in self._known.values() if each.state is State.RESOLVED]
            for identity in resolved[: max(0, len(resolved) - self._most_resolved)]:
                del self._known[identity]
            self._enricher = self._make(tuple(self._known.values()))

    def _begin(self) -> bool:
        newest = self._incidents.last_sequence()
        resolved = IncidentQuery(cluster=self._cluster, state=State.RESOLVED)
        found = [
            *self._incidents.search(resolved, limit=self._most_resolved).items,
            *self._incidents.every(IncidentQuery(cluster=self._cluster, state=State.OPEN)),
        ]
        self._known = {each.id: each for each in sorted(found, key=lambda each: each.updated_at)}
        self._sequence = newest
        return True

    def _hear(self, sequence: int) -> bool:
        """Whether anything happened; what happened last stands last."""
        changed = False
        while events := self._incidents.events_after(sequence):
            for incident in (event.incident for event in events):
                if incident.cluster == self._cluster:
                    self._known.pop(incident.id, None)
                    self._known[incident.id] = incident
                    changed = True
            self._sequence = sequence = events[-1].sequence
        return changed

    def _run(self) -> None:
        said = ""
        while not self._stopping.is_set():
            try:
                self.turn()
            except StoreError as error:
                if str(error) != said:
                    log.warning("alerts are told what was known last: the store does not answer", reason=str(error))
                said = str(error)
                self._stopping.wait(PAUSE_SECONDS)
            except Exception:
                log.exception("incidents cannot be followed")
                self._stopping.wait(PAUSE_SECONDS)
            else:
                said = ""
                self._stopping.wait(POLL_SECONDS)
