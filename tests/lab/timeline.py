"""When what happens: the scenario's turns as actions at offsets from the start of the quiet phase."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.spec import Scenario, Stream


@dataclass(frozen=True)
class Phases:
    """Lengths of a run's phases in seconds, after scaling."""

    quiet: float
    event: float
    recovery: float

    @classmethod
    def of(cls, scenario: Scenario, scale: float) -> "Phases":
        """A scenario's phases times the run's scale."""
        return cls(scenario.quiet_seconds * scale, scenario.event_seconds * scale, scenario.recovery_seconds * scale)

    @property
    def event_end(self) -> float:
        """Offset of the event's end."""
        return self.quiet + self.event

    @property
    def total(self) -> float:
        """Offset of the run's end."""
        return self.event_end + self.recovery


@dataclass(frozen=True)
class Turn:
    """One action at an offset in seconds."""

    offset: float
    act: Callable[[], object]


def stream_turns(stream: Stream, phases: Phases, scale: float, actions: "StreamActions") -> list[Turn]:
    """Start, pauses and end of one stream within the event."""
    if stream.begins is None:
        return []
    begins = phases.quiet + stream.begins * scale
    turns = [Turn(begins, actions.start), Turn(phases.event_end, actions.stop)]
    if stream.duty is not None:
        on, off = (seconds * scale for seconds in stream.duty)
        while begins + on < phases.event_end:
            turns.append(Turn(begins + on, actions.pause))
            begins += on + off
            if begins < phases.event_end:
                turns.append(Turn(begins, actions.resume))
    return turns


@dataclass(frozen=True)
class StreamActions:
    """What can be done to a stream."""

    start: Callable[[], object]
    pause: Callable[[], object]
    resume: Callable[[], object]
    stop: Callable[[], object]


def play(turns: list[Turn], until: float, each_second: Callable[[], object]) -> None:
    """Do each turn at its offset from now, and something else each second, until the last offset has passed."""
    began = time.monotonic()
    waiting = sorted(turns, key=lambda turn: turn.offset)
    second = 0
    while (now := time.monotonic() - began) < until:
        while waiting and waiting[0].offset <= now:
            waiting.pop(0).act()
        if now >= second:
            each_second()
            second = int(now) + 1
        next_offset = min(waiting[0].offset if waiting else until, second, until)
        time.sleep(max(0.0, next_offset - (time.monotonic() - began)))
