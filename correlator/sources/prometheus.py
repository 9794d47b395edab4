"""Frames from a Prometheus, and from what speaks its API: Thanos, Mimir, VictoriaMetrics."""

import math
import re
import time
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from prometheus_api_client import PrometheusConnect

from correlator.catalog.narrowing import narrowed
from correlator.model.frame import BlindSpot, Frame, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from correlator.sources.answer import Answer, read_json
from correlator.sources.assembly import Identities
from correlator.sources.clock import ClockWatch
from correlator.sources.fetching import Fetch, Progress
from correlator.sources.intervals import (
    LOOKBACK_SECONDS,
    beat_of,
    beats_of,
    groups_of,
    newest_beats,
    slowest,
    update_interval,
)
from correlator.sources.joining import joined
from correlator.sources.presence import Presence
from correlator.sources.probing import SignalState
from correlator.sources.retention import retention_seconds
from correlator.sources.servers import (
    NEWEST_TOO,
    QUERY_PARAMETERS,
    UNKNOWN,
    Server,
    hidden_seconds,
    recognised,
    replica_parameters,
)
from correlator.sources.session import (
    Access,
    NoConnectionError,
    PrometheusSession,
    SafeRetry,
    authorization,
    received,
    split_credentials,
)
from correlator.sources.staleness import known_rows, mask_stale

PARALLELISM = 4
_INTERVALS_HOLD_SECONDS = 60
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class PrometheusSource:
    """A Source on the HTTP API of a Prometheus.

    Values are those of range queries at the steps: a counter is its raw total. All questions are reads, repeated
    where that is safe. For one thread at a time.
    """

    def __init__(self, url: str, access: Access | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells our own time, to compare the server's with. Raises SourceError on what is no base URL."""
        self._access = access or Access()
        self._url, credentials = split_credentials(url)
        self._session = PrometheusSession(self._access)
        self._connect = PrometheusConnect(
            self._url,
            auth=authorization(self._access, credentials),
            session=self._session,
            retry=SafeRetry.of(self._access),
            method="POST",
        )
        self._clock = ClockWatch(clock, self._server_time)
        self._held: tuple[object, Mapping[Signal, int]] = (None, {})
        self._identities: dict[Hashable, Identities] = {}
        self._presence = Presence(self._metric_names)
        self._retention: float | None = None
        self._hidden: float | None = None
        self._server: Server | None = None
        self._matchers = [(label, re.escape(value)) for label, value in self._access.match.items()]
        self._parameters = {**QUERY_PARAMETERS, **replica_parameters(self._access.replica_labels)}

    @property
    def name(self) -> str:
        """The URL without user information."""
        return self._url

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def span(self, now: float) -> tuple[float, float]:
        """From `now` less the server's retention to `now` less what it hides of the newest past.

        From 0 where the server does not tell its retention. VictoriaMetrics hides the newest 30 s unless told
        otherwise: a step that is asked for earlier would have no values, and some a while later.
        """
        return max(0.0, now - self._known_retention()), now - self._known_hidden()

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """The update interval of each signal around `at`, on the ladder 1, 2, 5, 10, 15, 20, 30, 60 s.

        Signals of one heartbeat share its interval; those of one exporter without heartbeat share theirs; of several
        suppliers the slowest counts. Left out are signals whose exporter has no data within the hour before `at`.
        Raises SourceError, at the first connection that fails.
        """
        return slowest(self._intervals(signals, at))

    def _intervals(self, signals: Sequence[Signal], at: float) -> Mapping[Signal, int]:
        hour = Grid.covering(int(at) - LOOKBACK_SECONDS, int(at), 1)
        groups = groups_of(self._presence.of(signals, hour))
        found = self._each(lambda group: self._group_interval(group, at), list(groups.values()))
        refusals = [interval for interval in found if isinstance(interval, SourceError)]
        if refusals and len(refusals) == len(found):
            raise refusals[0]
        return {
            signal: interval
            for group, interval in zip(groups.values(), found, strict=True)
            if isinstance(interval, int)
            for signal in group
        }

    def fetch(self, signals: Sequence[Signal], grid: Grid, progress: Progress | None = None) -> Frames:
        """All signals on the grid, with NaN where their target's heartbeat stands still.

        `progress` counts steps times signals. Raises SourceError when no signal at all was answered.
        """
        if not grid.count:
            return Frames(grid, {signal.name: Frame.empty(signal.name, grid) for signal in signals})
        fetch = Fetch(self._ask, self._presence.of(signals, grid), grid, self._identities, progress)
        fetch.run(PARALLELISM)
        intervals, unknown = self._held_intervals(signals, grid.last)
        answered = fetch.frames()
        frames = {signal: answered.get(signal, Frame.empty(signal.name, grid)) for signal in signals}
        by_name = joined(signals, mask_stale(frames, intervals))
        quality = (*fetch.quality(), *unknown, *self._clock.quality())
        return Frames(grid, {name: known_rows(frame) for name, frame in by_name.items()}, slowest(intervals), quality)

    def probe(self, signals: Sequence[Signal], at: float) -> tuple[SignalState, ...]:
        """What there is of each signal at `at`; where the server refuses, `error` has the reason."""
        intervals = self._intervals(signals, at)
        heartbeats = {signal.name: signal for signal in signals}
        heartbeats_of = {(signal.exporter, signal.name): signal for signal in signals}
        present = set(self._presence.of(signals, Grid(int(at), 1, 1)))

        def state(signal: Signal) -> SignalState:
            if signal not in present:
                return SignalState(signal=signal.name, series=0)
            heart = heartbeats_of.get((signal.exporter, signal.heartbeat)) or heartbeats.get(signal.heartbeat, signal)
            return self._state(signal, heart, intervals.get(signal), at)

        return tuple(self._each(state, signals))

    def clock_difference_seconds(self) -> float:
        """The server's clock less ours; raises SourceError."""
        return self._clock.difference_seconds()

    def named(self) -> "Mapping[str, PrometheusSource]":
        """Itself: the only one has no name."""
        return {"": self}

    def require_answer(self) -> None:
        """Raises SourceError where nobody answers."""
        answer = self._asked_time()
        stamp = float(answer.times[0])
        hidden = hidden_seconds(stamp, float(answer.values[0]))
        self._hidden = hidden + max(0.0, self._clock.ours() - stamp) if hidden else 0.0  # it hides by its own clock

    def server(self) -> Server:
        """Who answers; of kind `other` where nothing tells. Raises SourceError where nobody answers for now."""
        if self._server is None:
            try:
                answered = self._session.request("GET", f"{self._url}/api/v1/status/buildinfo", auth=self._connect.auth)
                self._server = recognised(read_json(received(answered)).get("data"), answered.headers)
            except SourceError as error:
                if error.retriable:
                    raise
                self._server = UNKNOWN
        return self._server

    def ask_now(self, query: str, at: float) -> Answer:
        """The answer to any query at one instant. Raises SourceError."""
        return self._ask(query, Grid(int(at), 1, 1))

    def _ask(self, query: str, grid: Grid) -> Answer:
        answer: Answer = self._connect.custom_query_range(
            narrowed(query, self._matchers),
            start_time=datetime.fromtimestamp(grid.start, UTC),
            end_time=datetime.fromtimestamp(grid.last, UTC),
            step=str(grid.step),
            # the server stops soon after we stopped waiting; were it first, its 503 would be worth a repetition
            params={**self._parameters, "timeout": f"{self._access.read_timeout_seconds + 1:g}s"},
        )
        return answer

    def _each(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        with ThreadPoolExecutor(PARALLELISM, thread_name_prefix="ask") as pool:
            return list(pool.map(work, items))

    def _held_intervals(self, signals: Sequence[Signal], at: int) -> tuple[Mapping[Signal, int], tuple[BlindSpot, ...]]:
        """The intervals, asked for once in a minute of steps; what could not be found out is a blind spot."""
        key = (at // _INTERVALS_HOLD_SECONDS, tuple(signals))
        if self._held[0] != key:
            try:
                self._held = (key, self._intervals(signals, at))
            except SourceError as error:
                names = sorted({signal.heartbeat for signal in signals if signal.heartbeat})
                return {}, tuple(BlindSpot(name, f"unknown: no update interval: {error}") for name in names)
        return self._held[1], ()

    def _group_interval(self, group: Sequence[Signal], at: float) -> int | SourceError | None:
        refused: SourceError | None = None
        for beat in beats_of(group):
            try:
                interval = update_interval(self._ask, beat, at)
            except NoConnectionError:
                raise
            except SourceError as error:
                refused = error
                continue
            if interval is not None:
                return interval
        return refused

    def _state(self, signal: Signal, heart: Signal, interval: int | None, at: float) -> SignalState:
        try:
            counted = self._ask(f"count({signal.query})", Grid(int(at), 1, 1))
            series = int(counted.values[0]) if counted.values.size else 0
            beat = beat_of(heart) if series else None
            newest = newest_beats(self._ask, beat, at) if beat else {}
        except SourceError as error:
            return SignalState(signal=signal.name, series=0, error=str(error))
        return SignalState(
            signal=signal.name,
            series=series,
            interval=interval if series else None,
            newest_age_seconds=at - max(newest.values()) if newest else None,
        )

    def _known_hidden(self) -> float:
        """0 while nobody answers."""
        if self._hidden is None:
            try:
                self.require_answer()
            except SourceError:
                return 0.0
        return self._hidden or 0.0

    def _known_retention(self) -> float:
        if self._retention is None:
            try:
                self._retention = self._asked_retention()
            except SourceError as error:
                if error.retriable:
                    return math.inf
                self._retention = math.inf  # VictoriaMetrics and Mimir do not tell it
        return self._retention

    def _metric_names(self, start: int, end: int) -> Collection[str] | None:
        url = f"{self._url}/api/v1/label/__name__/values"
        options = {"params": {**self._access.parameters, "start": start, "end": end}, "auth": self._connect.auth}
        told = read_json(received(self._session.request("GET", url, **options))).get("data")
        return told if isinstance(told, list) else None

    def _server_time(self) -> float:
        return float(self._asked_time().times[0])  # of VictoriaMetrics the value lies half a minute back, not the stamp

    def _asked_time(self) -> Answer:
        answer: Answer = self._connect.custom_query("time()", params=dict(NEWEST_TOO))
        if not answer.values.size:
            raise SourceError(f"{self._url} does not tell its time", retriable=False)
        return answer

    def _asked_retention(self) -> float:
        answered = self._session.request("GET", f"{self._url}/api/v1/status/runtimeinfo", auth=self._connect.auth)
        return retention_seconds(read_json(received(answered)).get("data")) or math.inf
