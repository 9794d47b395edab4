"""Frames from a Prometheus, and from what speaks its API: Thanos, Mimir, VictoriaMetrics."""

import time
from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TypeVar

from correlator.model.frame import BlindSpot, Frame, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from correlator.sources.answer import Answer
from correlator.sources.assembly import Identities
from correlator.sources.clock import ClockWatch
from correlator.sources.fetching import Fetch, Progress
from correlator.sources.intervals import (
    LOOKBACK_SECONDS,
    beat_of,
    beats_of,
    beats_told,
    groups_of,
    newest_beats,
    slowest,
    update_interval,
)
from correlator.sources.joining import joined
from correlator.sources.presence import Presence
from correlator.sources.probing import SignalState
from correlator.sources.questions import Questions
from correlator.sources.servers import Server
from correlator.sources.session import Access, NoConnectionError
from correlator.sources.staleness import known_rows, mask_stale

PARALLELISM = 4
_INTERVALS_HOLD_SECONDS = 60
_MINUTES_HELD = 4
NO_BEATS: Mapping[str, Mapping[str, float]] = MappingProxyType({})
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class PrometheusSource:
    """A Source on the HTTP API of a Prometheus.

    Values are those of range queries at the steps: a counter is its raw total. All questions are reads, repeated
    where that is safe. For one thread at a time.
    """

    def __init__(self, url: str, access: Access | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells our own time, to compare the server's with. Raises SourceError on what is no base URL."""
        self._questions = Questions(url, access or Access())
        self._ask = self._questions.ask
        self._clock = ClockWatch(clock, self._questions.time)
        self._held: dict[int, dict[str, int | None]] = {}  # by minute, of each group of signals
        self._identities: dict[Hashable, Identities] = {}
        self._presence = Presence(self._questions.metric_names)

    @property
    def name(self) -> str:
        """The URL without user information."""
        return self._questions.url

    def close(self) -> None:
        """Give back the connections."""
        self._questions.session.close()

    def span(self, now: float) -> tuple[float, float]:
        """From `now` less the server's retention to `now` less what it hides of the newest past.

        From 0 where the server does not tell its retention. VictoriaMetrics hides the newest 30 s unless told
        otherwise: a step that is asked for earlier would have no values, and some a while later.
        """
        return max(0.0, now - self._questions.retention()), now - self._questions.hidden(self._clock.ours())

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """The update interval of each signal around `at`, on the ladder 1, 2, 5, 10, 15, 20, 30, 60 s.

        Signals of one heartbeat share its interval; those of one exporter without heartbeat share theirs; of several
        suppliers the slowest counts. Left out are signals whose exporter has no data within the hour before `at`.
        Raises SourceError, at the first connection that fails.
        """
        return slowest(self._intervals(signals, at))

    def _intervals(
        self,
        signals: Sequence[Signal],
        at: float,
        known: MutableMapping[str, int | None] | None = None,
        beats: Mapping[str, Mapping[str, float]] = NO_BEATS,
    ) -> Mapping[Signal, int]:
        """As `intervals`; groups that are `known` are not asked for, and those that are found out become so.

        `beats` are the newest samples' times at `at` by heartbeat, where they were fetched already.
        """
        hour = Grid.covering(int(at) - LOOKBACK_SECONDS, int(at), 1)
        groups = groups_of(self._presence.of(signals, hour))
        told: MutableMapping[str, int | None] = {} if known is None else known
        asked = [name for name in groups if name not in told]
        found = self._each(lambda name: self._group_interval(groups[name], at, beats), asked)
        refusals = [interval for interval in found if isinstance(interval, SourceError)]
        if refusals and len(refusals) == len(groups):
            raise refusals[0]
        answers = zip(asked, found, strict=True)
        told.update((name, interval) for name, interval in answers if not isinstance(interval, SourceError))
        return {signal: interval for name, group in groups.items() if (interval := told.get(name)) for signal in group}

    def fetch(self, signals: Sequence[Signal], grid: Grid, progress: Progress | None = None) -> Frames:
        """All signals on the grid, with NaN where their target's heartbeat stands still.

        `progress` counts steps times signals. Raises SourceError when no signal at all was answered.
        """
        if not grid.count:
            return Frames(grid, {signal.name: Frame.empty(signal.name, grid) for signal in signals})
        fetch = Fetch(self._ask, self._presence.of(signals, grid), grid, self._identities, progress)
        fetch.run(PARALLELISM)
        answered = fetch.frames()
        intervals, unknown = self._held_intervals(signals, grid.last, beats_told(answered))
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
        self._questions.learn_hidden(self._clock.ours())

    def server(self) -> Server:
        """Who answers; of kind `other` where nothing tells. Raises SourceError where nobody answers for now."""
        return self._questions.server()

    def ask_now(self, query: str, at: float) -> Answer:
        """The answer to any query at one instant. Raises SourceError."""
        return self._ask(query, Grid(int(at), 1, 1))

    def _each(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        with ThreadPoolExecutor(PARALLELISM, thread_name_prefix="ask") as pool:
            return list(pool.map(work, items))

    def _held_intervals(
        self, signals: Sequence[Signal], at: int, beats: Mapping[str, Mapping[str, float]]
    ) -> tuple[Mapping[Signal, int], tuple[BlindSpot, ...]]:
        """The intervals, asked for once in a minute of steps; what could not be found out is a blind spot."""
        minute = at // _INTERVALS_HOLD_SECONDS
        while minute not in self._held and len(self._held) >= _MINUTES_HELD:
            del self._held[next(iter(self._held))]
        try:
            return self._intervals(signals, at, self._held.setdefault(minute, {}), beats), ()
        except SourceError as error:
            names = sorted({signal.heartbeat for signal in signals if signal.heartbeat})
            return {}, tuple(BlindSpot(name, f"unknown: no update interval: {error}") for name in names)

    def _group_interval(
        self, group: Sequence[Signal], at: float, told: Mapping[str, Mapping[str, float]]
    ) -> int | SourceError | None:
        refused: SourceError | None = None
        for beat in beats_of(group):
            try:
                interval = update_interval(self._ask, beat, at, told.get(beat))
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
