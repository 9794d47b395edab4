"""The store's read side for a web process that must answer even while the store cannot be opened."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from correlator.incidents.lifecycle import Event
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Page
from correlator.incidents.reader import Incidents
from correlator.model.finding import Evidence, Verdict
from correlator.model.incident import Episode, Feedback, Incident, Moment
from correlator.model.logs import LogEvidence
from correlator.model.series import Labels, Matcher, SeriesMatrix
from correlator.timeseries.reader import KeptSeries


class _Closable(Protocol):
    def close(self) -> None:
        """Give back what was opened."""
        ...


Opened = TypeVar("Opened", bound=_Closable)


class Late(Generic[Opened]):
    """Something that is opened when first needed, and tried again as long as that fails."""

    def __init__(self, opening: Callable[[], Opened]) -> None:
        self._opening = opening
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    def get(self) -> Opened:
        """It, opened. Raises what opening raises."""
        with self._lock:
            if self._opened is None:
                self._opened = self._opening()
            return self._opened

    def close(self) -> None:
        """Give back what was opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


class LateIncidents:
    """Opens the store when first needed, and tries again as long as that fails. Every method may raise StoreError."""

    def __init__(self, location: str | Path, opening: Callable[[str | Path], Incidents] = Incidents.open) -> None:
        self._late = Late(partial(opening, location))
        self._opened = self._late.get
        self.close = self._late.close

    def search(
        self, query: IncidentQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Incident]:
        """A page of incidents, newest first."""
        return self._opened().search(query, limit=limit, cursor=cursor)

    def every(self, query: IncidentQuery | None = None) -> Iterator[Incident]:
        """All incidents asked for, newest first."""
        return self._opened().every(query)

    def get(self, identity: str) -> Incident | None:
        """One incident."""
        return self._opened().get(identity)

    def evidence(self, identity: str) -> Evidence | None:
        """The series behind an incident."""
        return self._opened().evidence(identity)

    def logs(self, identity: str) -> LogEvidence | None:
        """What logs say of an incident."""
        return self._opened().logs(identity)

    def keep_logs(self, identity: str, logs: LogEvidence) -> bool:
        """Keep what logs say of an incident."""
        return self._opened().keep_logs(identity, logs)

    def episodes(
        self, query: EpisodeQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Episode]:
        """A page of episodes, newest first."""
        return self._opened().episodes(query, limit=limit, cursor=cursor)

    def episode(self, identity: str) -> Episode | None:
        """One episode."""
        return self._opened().episode(identity)

    def events_after(self, sequence: int, *, limit: int = 100) -> Sequence[Event]:
        """What happened after a sequence, oldest first."""
        return self._opened().events_after(sequence, limit=limit)

    def moments(self, identity: str) -> Sequence[Moment]:
        """What happened to one incident, oldest first."""
        return self._opened().moments(identity)

    def last_sequence(self) -> int:
        """The sequence of the newest event."""
        return self._opened().last_sequence()

    def counts(self, cluster: str | None = None) -> Mapping[Verdict, int]:
        """Incidents ever opened, by verdict."""
        return self._opened().counts(cluster)

    def add_feedback(self, identity: str, feedback: Feedback) -> Incident | None:
        """Keep what a person said."""
        return self._opened().add_feedback(identity, feedback)


class LateSeries:
    """The kept series of a cluster: opened when first needed, as incidents are. Every method may raise StoreError."""

    def __init__(self, location: str | Path, cluster: str) -> None:
        self._late = Late(partial(KeptSeries.open, location, cluster))
        self._opened = self._late.get
        self.close = self._late.close

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesMatrix:
        """The series that match, with every cycle of the span."""
        return self._opened().select(matchers, start_ms, end_ms)

    def label_sets(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Labels]:
        """The labels of the matching series that had a value within the span."""
        return self._opened().label_sets(matchers, start_ms, end_ms)
