"""Compares the server's clock with ours: where they differ, "now" is not the same step on both sides."""

from collections.abc import Callable
from dataclasses import dataclass

from correlator.model.frame import BlindSpot
from correlator.model.source import SourceError

TOLERANCE_SECONDS = 5.0
_AGAIN_AFTER_SECONDS = 300.0


@dataclass(slots=True)
class ClockWatch:
    """Remembers for 5 minutes how far the server's clock is off. Both callables yield epoch seconds."""

    ours: Callable[[], float]
    theirs: Callable[[], float]
    _checked_at: float | None = None
    _note: tuple[BlindSpot, ...] = ()

    def difference_seconds(self) -> float:
        """The server's clock less ours; raises SourceError."""
        before = self.ours()
        theirs = self.theirs()
        return theirs - (before + self.ours()) / 2

    def quality(self) -> tuple[BlindSpot, ...]:
        """A blind spot while the clocks differ by more than 5 seconds; none when the server does not tell."""
        now = self.ours()
        if self._checked_at is None or abs(now - self._checked_at) >= _AGAIN_AFTER_SECONDS:
            self._checked_at = now
            self._note = self._compared()
        return self._note

    def _compared(self) -> tuple[BlindSpot, ...]:
        try:
            difference = self.difference_seconds()
        except SourceError:
            return ()
        if abs(difference) <= TOLERANCE_SECONDS:
            return ()
        direction = "ahead of" if difference > 0 else "behind"
        return (BlindSpot("clock", f"clock: the server is {abs(difference):.0f} s {direction} us"),)
