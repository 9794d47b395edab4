"""The engine: which steps are due, judged in order and made durable one by one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from correlator.analysis.evaluate import Evaluation
from correlator.analysis.memory import Memory
from correlator.daemon.keeping import Keeping
from correlator.incidents.book import Book, abandon, advance
from correlator.incidents.errors import StoreConflictError
from correlator.incidents.store import Resumed, Store
from correlator.inquiry import Inquiry, Walk
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.source import SourceError
from correlator.model.topology import PodRef, Topology

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 60.0
"""How long half an answer is asked for again before a step is judged with what there is."""

LOOK_AGAIN_SECONDS = 300.0
"""How often the step is looked for anew while no first tokens have been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds: see the settings of the same names. `look_back` is for the very first start."""

    settle: float
    catch_up: float
    look_back: float = 0.0


class Engine:
    """Judges every settled step once and commits it with its memory, from where the store was left.

    A step that was judged but could not be committed is kept and committed first the next time.
    """

    def __init__(
        self,
        inquiry: Inquiry,
        open_store: Callable[[], Store],
        cluster: str,
        timing: Timing,
        clock: Callable[[], float],
    ) -> None:
        self._inquiry = inquiry
        self._open_store = open_store
        self._cluster = cluster
        self._timing = timing
        self._clock = clock
        self._store: Store | None = None
        self._series: Keeping | None = None
        self._walk: Walk | None = None
        self._book = Book(cluster=cluster)
        self._pending: Evaluation | None = None
        self._look_again_at: float | None = None  # for the step; None: it is known for good
        self._refused_since: float | None = None
        self._given_up: frozenset[str] = frozenset()

    @property
    def step_seconds(self) -> int | None:
        """The distance of judged steps; None until it is known."""
        return self._walk.step if self._walk else None

    def steps_behind(self) -> int:
        """How many settled steps are not judged yet."""
        if self._walk is None:
            return 0
        return max(0, int((self._settled() - self._walk.next_at) // self._walk.step) + 1)

    def next_due(self) -> float:
        """When the next step will have settled, in epoch seconds."""
        return self._clock() + 1.0 if self._walk is None else self._walk.next_at + self._timing.settle

    def cycle(self) -> Iterator[Evaluation]:
        """Judge all settled steps; yields each after it was committed. Raises SourceError and StoreError."""
        if self._pending is not None:
            yield self._commit(self._pending)
        walk = self._current_walk()
        for evaluation in walk.advance(self._settled(), self._accept):
            yield self._commit(evaluation)

    def look(self) -> tuple[Frames, Topology] | None:
        """The window of the newest judged step and its topology; None before the first."""
        return self._walk.look() if self._walk else None

    def explain(self, victim: PodRef) -> Finding | None:
        """What is to be said of a victim at the newest judged step; None where it is not known."""
        return self._walk.explain(victim) if self._walk else None

    def prune(self, retention: timedelta) -> int:
        """Delete what was resolved longer ago; returns how many incidents. Raises StoreError."""
        return self._opened().prune(datetime.fromtimestamp(self._clock(), UTC) - retention)

    def tidy_series(self) -> None:
        """Pack the hours of kept series that are over. Raises StoreError."""
        if self._series is not None and self._book.at is not None:
            self._series.pack(self._book.at)

    def prune_series(self, retention: timedelta, most_bytes: int) -> int:
        """Delete series that are older, or the oldest beyond a size; returns how many hours. Raises StoreError."""
        return self._series.prune(self._clock(), retention, most_bytes) if self._series else 0

    def close(self) -> None:
        """Give back the store."""
        if self._store is not None:
            self._store.close()
            self._store = self._series = None

    def _settled(self) -> float:
        return self._clock() - self._timing.settle

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _commit(self, evaluation: Evaluation) -> Evaluation:
        self._pending = evaluation
        step = advance(self._book, evaluation.at, evaluation.findings)
        store = self._opened()
        series = self._series = self._series or Keeping(store, self._cluster)
        beside = series.writing(evaluation.at, evaluation.snapshot, step.book)
        try:
            events = store.commit_step(step, evaluation.memory.encode(), beside)
        except StoreConflictError:
            self._walk = self._pending = self._series = None
            raise
        series.written()
        self._book = step.book
        self._pending = None
        for event in events:
            log.info(
                "incident",
                change=event.kind.value,
                id=event.incident.id,
                victim=f"{event.incident.victim.namespace}/{event.incident.victim.pod}",
                verdict=event.incident.verdict.value,
            )
        return evaluation

    def _current_walk(self) -> Walk:
        if self._walk is not None and self._look_again_at is not None and self._clock() >= self._look_again_at:
            found = self._inquiry.intervals(self._settled())
            self._plan_to_look_again(found)
            if self._inquiry.step(found) != self._walk.step:
                self._walk = None
        if self._walk is None:
            self._walk = self._begin()
        return self._walk

    def _plan_to_look_again(self, intervals: Mapping[str, int]) -> None:
        self._look_again_at = None if self._inquiry.is_settled(intervals) else self._clock() + LOOK_AGAIN_SECONDS

    def _begin(self) -> Walk:
        """A walk from where the store was left."""
        resumed = self._opened().resume(self._cluster)
        newest = self._settled()
        found = self._inquiry.intervals(newest)
        step = self._inquiry.step(found)
        if step is None:
            raise SourceError(
                f"{self._inquiry.source.name} has none of the required signals: `correlator check` says more",
                retriable=True,
            )
        self._plan_to_look_again(found)
        start = self._start(resumed, newest, step)
        if resumed is None:
            return Walk(self._inquiry, step, start)
        self._book = resumed.book
        try:
            return Walk(self._inquiry, step, start, Memory.decode(resumed.memory))
        except ValueError as error:
            log.warning("the engine begins without memory: open incidents are closed", reason=str(error))
            return self._begin_without_memory(step, start)

    def _begin_without_memory(self, step: int, start: float) -> Walk:
        """Close at the first step what nobody follows any more, and judge from the next."""
        first = Walk(self._inquiry, step, start).next_at
        forgotten = abandon(self._book, first, "memory_lost")
        self._opened().commit_step(forgotten, Memory().encode())
        self._book = forgotten.book
        return Walk(self._inquiry, step, first + step)

    def _start(self, resumed: Resumed | None, newest: float, step: int) -> float:
        oldest = self._inquiry.source.span(self._clock())[0]
        if resumed is None:
            return max(oldest, newest - self._timing.look_back - step)
        start = max(resumed.step + 1.0, oldest, newest - self._timing.catch_up)
        if start > resumed.step + step:
            log.warning("some steps are not judged: too long ago", after=resumed.step, until=int(start))
        return start

    def _accept(self, frames: Frames) -> None:
        """Refuse half an answer for a while: the other half may come. What fails for long is done without."""
        failed = {spot.signal: spot.reason for spot in frames.quality if spot.reason.startswith(("failed", "partial"))}
        if failed.keys() - self._given_up:
            now = self._clock()
            self._refused_since = now if self._refused_since is None else self._refused_since
            if now - self._refused_since < PATIENCE_SECONDS:
                signal, reason = next(iter(failed.items()))
                raise SourceError(
                    f"{self._inquiry.source.name} answered a part: {signal} {reason}"
                    + (f" (and {len(failed) - 1} other signals)" if len(failed) > 1 else ""),
                    retriable=True,
                )
        self._refused_since = None
        self._given_up = frozenset(failed)
