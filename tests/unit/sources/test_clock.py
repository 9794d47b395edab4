"""Clocks that differ."""

from correlator.model.frame import BlindSpot
from correlator.model.source import SourceError
from correlator.sources.clock import ClockWatch


class Clocks:
    """Two clocks that a test sets, counting how often the server's is read."""

    def __init__(self, ours: float, theirs: float) -> None:
        self.now, self.ahead, self.asked = ours, theirs - ours, 0

    def ours(self) -> float:
        """Our time."""
        return self.now

    def theirs(self) -> float:
        """The server's time."""
        self.asked += 1
        return self.now + self.ahead


def test_a_server_ahead_or_behind_is_told() -> None:
    """More than five seconds of difference is a blind spot that says how much and which way."""
    for ahead, said in ((60.0, "60 s ahead of us"), (-7.0, "7 s behind us")):
        clocks = Clocks(1000.0, 1000.0 + ahead)
        spots = ClockWatch(clocks.ours, clocks.theirs).quality()
        assert spots == (BlindSpot("clock", f"clock: the server is {said}"),)


def test_small_differences_are_none() -> None:
    """Up to five seconds are no news."""
    clocks = Clocks(1000.0, 1005.0)
    assert ClockWatch(clocks.ours, clocks.theirs).quality() == ()


def test_the_answer_holds_for_a_while() -> None:
    """The server's clock is read once in five minutes."""
    clocks = Clocks(1000.0, 1060.0)
    watch = ClockWatch(clocks.ours, clocks.theirs)
    for _ in range(3):
        assert watch.quality()
    assert clocks.asked == 1
    clocks.now, clocks.ahead = 1300.0, 0.0
    assert watch.quality() == ()


def test_a_server_that_does_not_tell_is_no_blind_spot() -> None:
    """Silence about the time says nothing; what else failed is told elsewhere."""

    def silent() -> float:
        raise SourceError("gone", retriable=True)

    assert ClockWatch(lambda: 0.0, silent).quality() == ()
