"""An inquiry: how its grid is chosen, and the walk that judges one step after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from correlator.analysis.evaluate import Evaluation, evaluate, look_at_victim
from correlator.analysis.look import Look
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.inquiry.archives import Archives
from correlator.inquiry.detail import Detail
from correlator.inquiry.window import Accept, Asking, Window
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.history import NO_HISTORY, History, HistoryRequest
from correlator.model.signal import Kind, Signal
from correlator.model.source import Source, SourceError
from correlator.model.topology import PodRef, Topology
from correlator.topology import join

Progress: TypeAlias = Callable[[int, int], None]
Judge: TypeAlias = Callable[[Frames, Topology, Memory, int, Parameters, History], Evaluation]
T = TypeVar("T")

ROUNDS = 3
"""So often a step may want to know more of the days before; then it is judged with what is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A source, what to ask it for, and how to judge its answers.

    `step_seconds` is None where the step is to be found; `tiers`, `usual_tiers` and `depends_on` are as `topology.join`
    takes them; `chunk_steps` bounds what is fetched at once. Where there are more disks than `whole_disks`, only what
    looks need is asked for in full; None: always everything.
    """

    source: Source
    signals: Sequence[Signal]
    parameters: Parameters
    tiers: Mapping[str, str]
    depends_on: Mapping[str, Sequence[str]] = field(default_factory=dict)
    usual_tiers: Mapping[str, str] = field(default_factory=dict)
    step_seconds: int | None = None
    chunk_steps: int = 500
    whole_disks: int | None = None
    judge: Judge = evaluate

    def intervals(self, at: float) -> Mapping[str, int]:
        """The update interval in seconds of each signal that has data around `at`."""
        return self.source.intervals(self.signals, at)

    def step(self, intervals: Mapping[str, int]) -> int | None:
        """The distance of judged steps: as set, else the slowest of the required readings; None while there are none.

        Infos change rarely and are often scraped slowly: they do not slow the rest down.
        """
        if self.step_seconds is not None:
            return self.step_seconds
        readings = self._readings()
        return max((interval for name, interval in intervals.items() if name in readings), default=None)

    def _readings(self) -> set[str]:
        return {signal.name for signal in self.signals if signal.required and signal.kind is not Kind.INFO}

    def step_between(self, start: float, end: float) -> int:
        """The step for a span of time. Raises SourceError where nothing required has data at either end of it."""
        step = self.step(self.intervals(end)) or self.step(self.intervals(start))
        if step is None:
            span = f"{datetime.fromtimestamp(start, UTC):%FT%TZ} and {datetime.fromtimestamp(end, UTC):%FT%TZ}"
            raise SourceError(f"{self.source.name} has none of the required signals between {span}", retriable=True)
        return step

    def is_settled(self, intervals: Mapping[str, int]) -> bool:
        """Whether the step as found will do for good: all that it is found from has data."""
        return self.step_seconds is not None or self._readings() <= intervals.keys()

    def width(self, step: int) -> int:
        """The columns that a judgement sees: so many steps back, and the step itself."""
        shortest = -(-self.parameters.window_seconds_minimum // step)
        return max(self.parameters.window_steps, shortest) + 1

    def asking(self, step: int) -> Asking:
        """How a walk asks for columns."""
        return Asking(
            source=self.source,
            signals=self.signals,
            step=step,
            width=self.width(step),
            chunk_steps=self.chunk_steps,
            whole_disks=self.whole_disks,
            join=lambda frames: join(frames, self.tiers, self.usual_tiers, self.depends_on),
        )

    def steps(
        self, start: float, end: float, memory: Memory | None = None, progress: Progress | None = None
    ) -> Iterator[Evaluation]:
        """Judge every step t with start <= t <= end. Raises SourceError, also where nothing required has data."""
        step = self.step_between(start, end)
        walk = Walk(self, step, start, memory)
        total = Grid.covering(start, end, step).count
        for done, evaluation in enumerate(walk.advance(end), start=1):
            yield evaluation
            if progress is not None:
                progress(done, total)

    def record(self, start: float, end: float, progress: Progress | None = None) -> Frames:
        """All signals on the grid that a walk over the same span takes. Raises SourceError."""
        step = self.step_between(start, end)
        return self.source.fetch(self.signals, Grid.covering(start, end, step), progress)


class Walk:
    """Judges steps in order, each once, with the memory of the one before.

    What a step sees depends on nothing but the step: the columns of a fixed number of steps up to it, NaN where the
    source holds none. So it does not matter how far each `advance` goes, nor when.
    """

    def __init__(self, inquiry: Inquiry, step: int, start: float, memory: Memory | None = None) -> None:
        """Judge from the first step at or after `start`, which is also the first to be given `memory`."""
        self._inquiry = inquiry
        self._step = step
        self._memory = Memory() if memory is None else memory
        self._archives = Archives(inquiry.source, inquiry.signals)
        self.next_at = -int(-start // step) * step
        detail = Detail(inquiry.signals, inquiry.parameters.symptoms, inquiry.depends_on)
        asking = inquiry.asking(step)
        self._window = Window(asking, detail, newest=self.next_at - asking.width * step)
        self._unjudged: Frames | None = None  # what was said of the answer with the newest column, until it is judged
        self._has_judged = False

    @property
    def step(self) -> int:
        """The distance of steps in seconds."""
        return self._step

    def advance(self, end: float, accept: Accept | None = None) -> Iterator[Evaluation]:
        """Judge the steps up to `end`.

        `accept` may look at each answer of the source before it is taken, and refuse it by raising SourceError; after
        that, and after a SourceError of the source itself, the walk can go on from where it was. A step whose
        judgement fails is left out.
        """
        if self._unjudged is not None and self.next_at <= end:
            yield self._judge_at(self._unjudged, self.next_at, accept)
        try:
            while self.next_at <= end:
                chunk = self._window.fetch(end)
                if accept is not None:
                    accept(chunk)
                for column, at in enumerate(chunk.grid.times().tolist()):
                    self._window.append(column)
                    if at >= self.next_at:
                        yield self._judge_at(chunk, at, accept)
                del chunk  # it is as large as the next one, which is fetched now
        finally:
            self._window.leave()

    def look(self) -> tuple[Frames, Topology] | None:
        """The window of the newest judged step and its topology; None before the first. Valid until the next step."""
        return self._window.seen() if self._has_judged else None

    def explain(self, victim: PodRef) -> Finding | None:
        """What is to be said of a victim at the newest judged step, regressed or not; None where it is not known.

        Raises SourceError where that must be asked for, and is not answered.
        """
        if not self._has_judged:
            return None
        self._window.complete({victim, *self._open()}, None)
        parameters = self._inquiry.parameters

        def seen_with(history: History) -> Look | None:
            return look_at_victim(*self._window.seen(), victim, self._memory, parameters, history)

        seen = self._informed(seen_with, lambda look: look.wanted if look else (), lambda _: False)
        return seen.finding if seen else None

    def _judge_at(self, answered: Frames, at: int, accept: Accept | None) -> Evaluation:
        """Judge the step of the newest column; where that cannot be seen in full yet, it stays due."""
        self.next_at = at + self._step
        self._unjudged = None
        try:
            return self._judge(answered, at, accept)
        except SourceError:
            self.next_at, self._unjudged = at, replace(answered, by_signal={})
            raise

    def _judge(self, answered: Frames, at: int, accept: Accept | None) -> Evaluation:
        window, inquiry, memory = self._window, self._inquiry, self._memory
        window.heed(answered)

        def judged_with(history: History) -> Evaluation:
            return inquiry.judge(*window.seen(), memory, at, inquiry.parameters, history)

        def grows(found: Evaluation) -> bool:
            return window.complete({*found.looked, *self._open()}, accept)

        window.complete(self._open(), accept)
        evaluation = self._informed(judged_with, lambda found: found.wanted, grows)
        self._memory, self._has_judged = evaluation.memory, True
        if window.detail.is_narrow:
            window.detail.forget(*window.seen(), self._open(), evaluation)
        return evaluation

    def _open(self) -> set[PodRef]:
        """The victims with an open regression."""
        return {PodRef(one.namespace, one.pod) for one in self._memory.open}

    def _informed(
        self, work: Callable[[History], T], wanted: Callable[[T], Sequence[HistoryRequest]], grows: Callable[[T], bool]
    ) -> T:
        """What work yields once it knows of the days before what it wants to know, as far as the source has it.

        It begins without and is given only what it asked for: what was fetched for others leaves no trace. Where the
        window `grows` by what was looked at, it is done again first.
        """
        answers = NO_HISTORY
        found = _done(work, answers, grows)
        for _ in range(ROUNDS):
            asked = wanted(found)
            if not asked:
                break
            answers = {**answers, **self._archives.answers(asked)}
            found = _done(work, answers, grows)
        return found


def _done(work: Callable[[History], T], answers: History, grows: Callable[[T], bool]) -> T:
    found = work(answers)
    while grows(found):
        found = work(answers)
    return found
