"""The live screen: looks again and again until it is told to stop; whatever fails, the last values stay."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

from correlator.cli.top.looking import Look
from correlator.cli.top.tables import lines
from correlator.cli.top.view import Seen, View, view_of
from correlator.model.source import SourceError

REDRAWS_PER_SECOND = 2  # for ages and new sizes; rows change when they are looked at anew


@dataclass(frozen=True, slots=True)
class Shown:
    """A view that fits whatever console it is printed on; `whole` is not cut to its height."""

    view: View
    whole: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One line after the other."""
        height = None if self.whole else (options.height or options.max_height)
        for index, line in enumerate(lines(self.view, options.max_width, height)):
            if index:
                yield Segment.line()
            yield line
        if self.whole:
            yield Segment.line()


class Watch:
    """What was seen last, and why nothing newer is known where a look fails."""

    def __init__(self, look: Look, first: Seen, rows: int, clock: Callable[[], float] = time.time) -> None:
        self._look = look
        self._seen = first
        self._rows = rows
        self._clock = clock
        self._error: str | None = None

    def again(self) -> None:
        """Look; a failure is kept to be shown."""
        try:
            self._seen = self._look(self._clock())
            self._error = None
        except SourceError as error:
            self._error = str(error)

    def shown(self) -> Shown:
        """The rows as they are by now."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return Shown(view_of(self._seen, now, self._rows, self._error))


class Interrupts:
    """Ctrl-C and SIGTERM end what may be broken off, and wait for what may not, such as a terminal half taken over.

    A signal's KeyboardInterrupt may get lost where Python ignores exceptions; that it `came` does not.
    """

    def __init__(self) -> None:
        self.came = False
        self._is_welcome = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.came = True
        if self._is_welcome:
            self._is_welcome = False
            raise KeyboardInterrupt

    @contextmanager
    def welcome(self) -> Iterator[None]:
        """Within, a signal is a KeyboardInterrupt, one that came before as well."""
        try:
            self._is_welcome = True
            if self.came:
                raise KeyboardInterrupt
            yield
        finally:
            self._is_welcome = False


def run(watch: Watch, console: Console, interval_seconds: float) -> None:
    """Show until Ctrl-C or SIGTERM; the terminal is as it was before when this returns."""
    interrupts = Interrupts()
    previous = [(number, signal.signal(number, interrupts)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        with Live(
            get_renderable=watch.shown, console=console, screen=True, refresh_per_second=REDRAWS_PER_SECOND
        ) as live:
            _follow(watch, live, interrupts, interval_seconds)
    finally:
        for number, handler in previous:
            signal.signal(number, handler)


def _follow(watch: Watch, live: Live, interrupts: Interrupts, interval_seconds: float) -> None:
    with suppress(KeyboardInterrupt):
        while True:
            with interrupts.welcome():
                time.sleep(interval_seconds)
                watch.again()
            live.refresh()
