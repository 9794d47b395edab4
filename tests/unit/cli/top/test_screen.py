"""The live screen is left whole, whenever it is interrupted."""

import os
import signal
from io import StringIO

import pytest
from rich.console import Console

from correlator.cli.top.screen import Interrupts, Shown, Watch, run
from correlator.cli.top.view import Seen
from correlator.inquiry import Progress
from tests.unit.cli.top.test_view import make_seen

ENTER, LEAVE, HIDE, SHOW = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25l", "\x1b[?25h"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Watch):
    """Gets a signal while it is drawn for the first time, before anything was looked at again."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(self.look, make_seen(), 10)
        self.number = number
        self.drawn = self.looked = 0

    def look(self, now: float, progress: Progress | None = None) -> Seen:
        """Count it."""
        del now, progress
        self.looked += 1
        return make_seen()

    def shown(self) -> Shown:
        """Send the signal in the midst of the first."""
        self.drawn += 1
        if self.drawn == 1:
            os.kill(os.getpid(), self.number)
        return super().shown()


@pytest.mark.parametrize("number", SIGNALS)
def test_is_left_as_it_was_found_when_it_ends_before_it_has_begun(number: signal.Signals) -> None:
    """A terminal half taken over is given back: screen, cursor, and the handlers of signals."""
    before = [signal.getsignal(each) for each in SIGNALS]
    written, watch = StringIO(), Interrupted(number)
    run(watch, Console(file=written, force_terminal=True, width=100, height=30), 3600.0)
    sent = written.getvalue()
    assert sent.rindex(LEAVE) > sent.rindex(ENTER)
    assert sent.rindex(SHOW) > sent.rindex(HIDE)
    assert watch.looked == 0
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_an_interrupt_that_is_not_welcome_waits() -> None:
    """What may not be broken off is finished first; nothing is begun after it."""
    interrupts = Interrupts()
    before = signal.signal(signal.SIGINT, interrupts)
    try:
        os.kill(os.getpid(), signal.SIGINT)  # not welcome yet
        assert interrupts.came
        with pytest.raises(KeyboardInterrupt), interrupts.welcome():
            pytest.fail("nothing is begun any more")
    finally:
        signal.signal(signal.SIGINT, before)
