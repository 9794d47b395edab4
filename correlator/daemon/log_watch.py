"""Follows incidents and asks for their logs, in a thread of the web process: no cycle ever waits for it.

It reads the store's log of events as anybody may, asks Loki, and writes what it said beside the incident. What it has
to do follows from the store alone, so that a restart forgets nothing; doing it twice changes nothing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from correlator.daemon.credentials import access_of
from correlator.daemon.reading import LateIncidents
from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.logs.asking import Asking, LogReader, unanswered
from correlator.logs.client import Loki
from correlator.logs.look import Look, look_of
from correlator.model.incident import Incident
from correlator.model.logs import LogEvidence
from correlator.model.source import SourceError
from correlator.settings import Settings

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
SETTLE_SECONDS = 15.0
"""How long after its span a look begins: agents send their lines in batches."""

MOST_WAITING = 200
"""Incidents that may wait for Loki; where more come, the oldest is told why nobody looked."""

ATTEMPTS = 3
SHORTEST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0
LOOK_BACK = timedelta(hours=6)
"""Incidents detected so long ago are looked at after a start, where nobody did."""

Ask = Callable[[Look, datetime], LogEvidence]


@dataclass(slots=True)
class _Waiting:
    due: float
    attempts: int = 0


class LogWatch:
    """Looks once when an incident opened, again when another is accused, and once more when it is over."""

    def __init__(
        self, incidents: LateIncidents, ask: Ask, cluster: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._incidents = incidents
        self._ask = ask
        self._cluster = cluster
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._stopping = threading.Event()
        self._sequence: int | None = None
        self._waiting: dict[str, _Waiting] = {}  # the oldest first
        self._pause_seconds = 0.0
        self._not_before = 0.0
        self._problem = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the question in hand; a thread that still waits for Loki does not hold up the end."""
        self._stopping.set()
        self._thread.join(1.0)

    def turn(self) -> None:
        """Hear what happened, and look at what is due, the newest first. Raises StoreError."""
        self._hear()
        for identity in list(reversed(self._waiting)):
            now = self._clock()
            if self._stopping.is_set() or now < self._not_before:
                return
            if self._waiting[identity].due <= now:
                self._attend(identity, now)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except StoreError as error:
                self._trouble(f"the store does not answer: {error}")
                self._stopping.wait(SHORTEST_PAUSE_SECONDS)
            self._stopping.wait(POLL_SECONDS)

    def _hear(self) -> None:
        if self._sequence is None:
            newest = self._incidents.last_sequence()
            since = datetime.fromtimestamp(self._clock(), UTC) - LOOK_BACK
            known = self._incidents.search(IncidentQuery(cluster=self._cluster, since=since), limit=MOST_WAITING)
            for incident in reversed(known.items):
                self._await(incident)
            self._sequence = newest
        while events := self._incidents.events_after(self._sequence):
            for event in events:
                self._await(event.incident)
            self._sequence = events[-1].sequence

    def _await(self, incident: Incident) -> None:
        if incident.cluster != self._cluster:
            return
        waiting = self._waiting.setdefault(incident.id, _Waiting(0.0))
        waiting.due = max(waiting.due, look_of(incident).until + SETTLE_SECONDS)
        if len(self._waiting) > MOST_WAITING:
            self._give_up(next(iter(self._waiting)))

    def _attend(self, identity: str, now: float) -> None:
        incident = self._incidents.get(identity)
        look = None if incident is None else look_of(incident)
        if look is None or not look.is_news(self._incidents.logs(identity)):
            del self._waiting[identity]
            return
        asked_at = datetime.fromtimestamp(now, UTC)
        try:
            evidence = self._answer(look, asked_at)
        except SourceError as error:
            self._failed(identity, error)
            self._incidents.keep_logs(identity, unanswered(look, asked_at, str(error)))
            return
        self._incidents.keep_logs(identity, evidence)
        del self._waiting[identity]
        self._pause_seconds = 0.0
        self._well()

    def _answer(self, look: Look, asked_at: datetime) -> LogEvidence:
        """What is said; whatever else an answer makes happen is a failure like any other, and ends nothing."""
        try:
            return self._ask(look, asked_at)
        except SourceError:
            raise
        except Exception as error:
            log.exception("looking at logs failed")
            raise SourceError(f"the answer could not be used: {type(error).__name__}", retriable=False) from error

    def _failed(self, identity: str, error: SourceError) -> None:
        """Plan the next attempt; after any failure all wait for a while, the longer the more there were."""
        waiting = self._waiting[identity]
        waiting.attempts += 1
        self._pause_seconds = min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, 2 * self._pause_seconds))
        self._not_before = self._clock() + self._pause_seconds
        if waiting.attempts >= ATTEMPTS or not error.retriable:
            del self._waiting[identity]
        self._trouble(str(error))

    def _give_up(self, identity: str) -> None:
        del self._waiting[identity]
        incident = self._incidents.get(identity)
        if incident is not None and self._incidents.logs(identity) is None:
            asked_at = datetime.fromtimestamp(self._clock(), UTC)
            reason = f"not asked: more than {MOST_WAITING} incidents waited for Loki"
            self._incidents.keep_logs(identity, unanswered(look_of(incident), asked_at, reason))

    def _trouble(self, problem: str) -> None:
        if problem != self._problem:
            log.warning("no logs as evidence", reason=problem)
        self._problem = problem

    def _well(self) -> None:
        if self._problem:
            log.info("logs are read again", after=self._problem)
        self._problem = ""


def log_watch_of(settings: Settings, url: str, incidents: LateIncidents) -> LogWatch:
    """A watch that asks the Loki at `url` as the settings say."""
    loki = settings.loki
    access = access_of(loki, loki.timeout.total_seconds())
    asking = Asking(
        error_pattern=loki.error_pattern,
        namespace_label=loki.namespace_label,
        pod_label=loki.pod_label,
        max_lines=loki.max_lines,
        line_length=loki.line_length,
    )
    reader = LogReader(Loki(url, access, loki.tenant, loki.max_bytes), asking)
    return LogWatch(incidents, reader.look, settings.cluster)
