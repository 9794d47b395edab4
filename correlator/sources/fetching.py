"""Many range queries at once: parts in a small pool of threads, put together signal by signal."""

from collections.abc import Callable, Hashable, Iterable, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from correlator.model.frame import BlindSpot, Frame
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from correlator.sources.answer import Answer
from correlator.sources.assembly import (
    FIRST_STEPS,
    FIRST_STEPS_NARROW,
    Assembly,
    Identities,
    following_parts,
    identities_of,
)
from correlator.sources.bundles import Question, questions_of
from correlator.sources.intervals import Ask

Progress = Callable[[int, int], None]
_FAILURES_IN_A_ROW = 4  # so many passing failures without an answer between them: the server is gone


@dataclass(slots=True)
class Fetch:
    """One fetch of signals on a grid; `run` once, then read `frames` and `quality`.

    `identities`, by how series are told apart, is kept by the caller from fetch to fetch.
    """

    ask: Ask
    signals: Sequence[Signal]
    grid: Grid
    identities: MutableMapping[Hashable, Identities]
    progress: Progress | None = None
    _assemblies: dict[Signal, Assembly] = field(default_factory=dict)
    _failed: dict[Signal, SourceError] = field(default_factory=dict)
    _steps_done: int = 0
    _failures_in_a_row: int = 0

    def run(self, parallelism: int) -> None:
        """Ask for everything; raises SourceError when not one signal was answered."""
        for signal in self.signals:
            key = (signal.labels, signal.rename, signal.factor, signal.measured)
            identities = self.identities.setdefault(key, identities_of(signal))
            self._assemblies[signal] = Assembly(signal, self.grid, identities)
        self._report(0)
        with ThreadPoolExecutor(parallelism, thread_name_prefix="fetch") as pool:
            try:
                questions = questions_of(self.signals)
                self._wave(pool, [(question, 0, self._first_steps(question)) for question in questions])
                self._wave(pool, [part for question in questions for part in self._rest(question)])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # an interrupt does not wait for what is queued
                raise
        if self.signals and len(self._failed) == len(self.signals):
            errors = list(self._failed.values())
            raise SourceError(str(errors[0]), retriable=any(error.retriable for error in errors))

    def frames(self) -> dict[Signal, Frame]:
        """A frame for each signal; empty where it failed."""
        return {
            signal: Frame.empty(signal.name, self.grid) if signal in self._failed else assembly.frame()
            for signal, assembly in self._assemblies.items()
        }

    def quality(self) -> tuple[BlindSpot, ...]:
        """What failed, and what was odd about the rest, in the order of the signals."""
        found: list[BlindSpot] = []
        for signal, assembly in self._assemblies.items():
            failed = self._failed.get(signal)
            found += [BlindSpot(signal.name, f"failed: {failed}")] if failed else assembly.quality()
        return tuple(found)

    def _first_steps(self, question: Question) -> int:
        return min(FIRST_STEPS_NARROW if question.is_narrow else FIRST_STEPS, self.grid.count)

    def _rest(self, question: Question) -> Iterable[tuple[Question, int, int]]:
        if all(signal in self._failed for signal in question.signals):
            return []
        series = sum(self._assemblies[signal].series() for signal in question.signals)
        parts = following_parts(self.grid.count, series, self._first_steps(question))
        return [(question, first, stop) for first, stop in parts]

    def _wave(self, pool: ThreadPoolExecutor, parts: Sequence[tuple[Question, int, int]]) -> None:
        waiting: dict[Future[Answer], tuple[Question, int, int]] = {
            pool.submit(self._part, question, first, stop): (question, first, stop) for question, first, stop in parts
        }
        for future in as_completed(waiting):
            question, first, stop = waiting.pop(future)
            try:
                answer = future.result()
            except SourceError as error:
                for signal in question.signals:
                    self._failed.setdefault(signal, error)
                self._failures_in_a_row += error.retriable
            else:
                self._failures_in_a_row = 0
                for signal, part in question.told_apart(answer):
                    self._assemblies[signal].add(part, first, stop)
            self._report((stop - first) * len(question.signals))

    def _part(self, question: Question, first: int, stop: int) -> Answer:
        if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
            raise SourceError("the server stopped answering", retriable=True)
        grid = Grid(self.grid.start + first * self.grid.step, self.grid.step, stop - first)
        return self.ask(question.query, grid)

    def _report(self, steps: int) -> None:
        self._steps_done += steps
        if self.progress:
            self.progress(min(self._steps_done, self._total()), self._total())

    def _total(self) -> int:
        return len(self.signals) * self.grid.count
