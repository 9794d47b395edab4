"""What a source of frames promises; Prometheus, a recording and the demo keep it alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal


class SourceError(Exception):
    """A source could not answer. `retriable`: the same question may succeed later."""

    def __init__(self, message: str, *, retriable: bool) -> None:
        """Say in `message` what failed and where."""
        super().__init__(message)
        self.retriable = retriable


class Source(Protocol):
    """Yields frames for any span it holds; the same question always has the same answer once it has settled."""

    @property
    def name(self) -> str:
        """What it is, for people: a URL without secrets, a file."""
        ...

    def span(self, now: float) -> tuple[float, float]:
        """Oldest and newest instants it may hold data for, in epoch seconds."""
        ...

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """The update interval in seconds of each signal around `at`; signals without data are left out."""
        ...

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """All signals on the grid; a failed signal is an empty frame with a blind spot in `quality`.

        `progress` is called with (done, total). Raises SourceError when nothing at all could be had.
        """
        ...
