"""What a source has of each signal right now, for the command `check`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.sources.answer import Answer
from correlator.sources.servers import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """One signal at one instant.

    `series` is 0 where the server has none, which is no error; `interval` and `newest_age_seconds` are None where
    nothing tells. `error` is the server's complaint, "" without one.
    """

    signal: str
    series: int
    interval: int | None = None
    newest_age_seconds: float | None = None
    error: str = ""


class LiveSource(Source, Protocol):
    """A source with a server behind it, which can be asked about itself. Every method may raise SourceError."""

    def require_answer(self) -> None:
        """Nothing, where the server answers."""
        ...

    def server(self) -> Server:
        """Who answers."""
        ...

    def clock_difference_seconds(self) -> float:
        """The server's clock less ours."""
        ...

    def probe(self, signals: Sequence[Signal], at: float) -> tuple[SignalState, ...]:
        """What there is of each signal at `at`."""
        ...

    def ask_now(self, query: str, at: float) -> Answer:
        """The answer to any query at one instant."""
        ...
