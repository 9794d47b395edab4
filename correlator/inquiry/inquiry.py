"""An inquiry: how its grid is chosen, and the walk that judges one step after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from correlator.analysis.evaluate import Evaluation, evaluate, look_at_victim
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.inquiry.archives import Archives
from correlator.inquiry.buffer import FrameBuffer
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.history import NO_HISTORY, History, HistoryRequest
from correlator.model.signal import Kind, Signal
from correlator.model.source import Source, SourceError
from correlator.model.topology import PodRef, Topology
from correlator.topology import Signature, join, signature

Progress: TypeAlias = Callable[[int, int], None]
Judge: TypeAlias = Callable[[Frames, Topology, Memory, int, Parameters, History], Evaluation]
T = TypeVar("T")

ROUNDS = 3
"""So often a step may want to know more of the days before; then it is judged with what is known."""

CHUNK_VALUES = 2_000_000
"""What is fetched at once, as float64: 16 MB beside the window, twice that while it is put together."""

FIRST_CHUNK = 10
"""Steps fetched before the number of series is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A source, what to ask it for, and how to judge its answers.

    `step_seconds` is None where the step is to be found; `tiers`, `usual_tiers` and `depends_on` are as `topology.join`
    takes them; `chunk_steps` bounds what is fetched at once.
    """

    source: Source
    signals: Sequence[Signal]
    parameters: Parameters
    tiers: Mapping[str, str]
    depends_on: Mapping[str, Sequence[str]] = field(default_factory=dict)
    usual_tiers: Mapping[str, str] = field(default_factory=dict)
    step_seconds: int | None = None
    chunk_steps: int = 500
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
        self._width = inquiry.width(step)
        self._memory = Memory() if memory is None else memory
        self._buffer = FrameBuffer([signal.name for signal in inquiry.signals], step, self._width)
        self._archives = Archives(inquiry.source, inquiry.signals)
        self._topology: tuple[Signature, Topology] | None = None
        self._answered: Frames | None = None  # what the source said of its newest answer, without the values
        self.next_at = -int(-start // step) * step
        self._next_column = self.next_at - (self._width - 1) * step

    @property
    def step(self) -> int:
        """The distance of steps in seconds."""
        return self._step

    def advance(self, end: float, accept: Callable[[Frames], None] | None = None) -> Iterator[Evaluation]:
        """Judge the steps up to `end`.

        `accept` may look at each answer of the source before it is taken, and refuse it by raising SourceError; after
        that, and after a SourceError of the source itself, the walk can go on from where it was. A step whose
        judgement fails is left out.
        """
        while self.next_at <= end:
            frames = self._fetch(end)
            if accept is not None:
                accept(frames)
            for column in range(frames.grid.count):
                at = self._next_column
                self._buffer.append(frames, column)
                self._next_column += self._step
                if at >= self.next_at:
                    self.next_at = at + self._step
                    yield self._judge(frames, at)
            del frames  # it is as large as the next one, which is fetched now

    def look(self) -> tuple[Frames, Topology] | None:
        """The window of the newest judged step and its topology; None before the first. Valid until the next step."""
        if self._answered is None:
            return None
        frames = self._buffer.window(self._answered)
        return frames, self._join(frames)

    def explain(self, victim: PodRef) -> Finding | None:
        """What is to be said of a victim at the newest judged step, regressed or not; None where it is not known."""
        looked = self.look()
        if looked is None:
            return None
        frames, topology = looked
        parameters = self._inquiry.parameters
        seen = self._informed(
            lambda history: look_at_victim(frames, topology, victim, self._memory, parameters, history),
            lambda look: look.wanted if look else (),
        )
        return seen.finding if seen else None

    def _fetch(self, end: float) -> Frames:
        affordable = CHUNK_VALUES // self._buffer.rows if self._buffer.rows else FIRST_CHUNK
        count = max(1, min(self._inquiry.chunk_steps, affordable))
        last = min(int(end // self._step) * self._step, self._next_column + (count - 1) * self._step)
        return self._inquiry.source.fetch(self._inquiry.signals, Grid.covering(self._next_column, last, self._step))

    def _judge(self, answered: Frames, at: int) -> Evaluation:
        self._answered = replace(answered, by_signal={})
        frames = self._buffer.window(answered)
        topology, inquiry = self._join(frames), self._inquiry
        evaluation = self._informed(
            lambda history: inquiry.judge(frames, topology, self._memory, at, inquiry.parameters, history),
            lambda found: found.wanted,
        )
        self._memory = evaluation.memory
        return evaluation

    def _informed(self, work: Callable[[History], T], wanted: Callable[[T], Sequence[HistoryRequest]]) -> T:
        """What work yields once it knows of the days before what it wants to know, as far as the source has it.

        It begins without and is given only what it asked for: what was fetched for others leaves no trace.
        """
        answers = NO_HISTORY
        found = work(answers)
        for _ in range(ROUNDS):
            asked = wanted(found)
            if not asked:
                break
            answers = {**answers, **self._archives.answers(asked)}
            found = work(answers)
        return found

    def _join(self, frames: Frames) -> Topology:
        """The topology of a window; that of the one before where it cannot differ."""
        now = signature(frames)
        if self._topology is None or self._topology[0] != now:
            self._topology = (
                now,
                join(frames, self._inquiry.tiers, self._inquiry.usual_tiers, self._inquiry.depends_on),
            )
        return self._topology[1]
