"""What a walk holds: the newest columns of all signals and who shares what in them, fetched as they are needed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from correlator.inquiry.buffer import FrameBuffer, overlaid
from correlator.inquiry.detail import Detail
from correlator.inquiry.scope import DETAIL, SCREENS, Scope
from correlator.model.frame import BlindSpot, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source, SourceError
from correlator.model.topology import PodRef, Topology
from correlator.topology import Signature, signature

Accept: TypeAlias = Callable[[Frames], None]

CHUNK_VALUES = 2_000_000
"""What is fetched at once, as float64: 16 MB beside the window, twice that while it is put together."""

FIRST_CHUNK = 10
"""Steps fetched before the number of series is known."""

ROWS_OF_TARGET = 1_000
"""More than a scrape target has: a few of them are asked for all columns at once."""

DETAIL_TRIES = 5
"""So often a step waits for what a look needs of a node; then it is judged without, and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who is asked for what, how much at once, and how a topology is made of it; see `Inquiry`."""

    source: Source
    signals: Sequence[Signal]
    step: int
    width: int
    chunk_steps: int
    whole_disks: int | None
    join: Callable[[Frames], Topology]


@dataclass(slots=True)
class Window:
    """The last `width` columns up to `newest`. All that it depends on is these and, in a large cluster, its detail."""

    asking: Asking
    detail: Detail
    newest: int
    _buffer: FrameBuffer = field(init=False)
    _topology: tuple[Signature, Topology] | None = None
    _said: Frames = field(default_factory=lambda: Frames(Grid(0, 1, 0), {}))  # by the source of the newest column
    _view: tuple[Frames, Topology] | None = None  # as it is now, once it was looked at
    _chunk: Frames | None = None  # what was fetched last, while columns of it are to come
    _tries: int = 0

    def __post_init__(self) -> None:
        """Nothing is held yet."""
        asking = self.asking
        self._buffer = FrameBuffer([signal.name for signal in asking.signals], asking.step, asking.width)

    def fetch(self, end: float) -> Frames:
        """The next columns, as many as may be held at once, none after `end`. Raises SourceError."""
        asking = self.asking
        self._chunk = None  # it is as large as the next one
        affordable = CHUNK_VALUES // self._buffer.rows if self._buffer.rows else FIRST_CHUNK
        count = max(1, min(asking.chunk_steps, affordable))
        newest = int(end // asking.step) * asking.step
        if not self.detail.is_narrow and asking.whole_disks is not None:
            self.detail.is_narrow = self._disks(newest) > asking.whole_disks
        last = min(newest, self.newest + count * asking.step)
        grid = Grid.covering(self.newest + asking.step, last, asking.step)
        self._chunk = asking.source.fetch(self.detail.signals(self._seconds), grid)
        return self._chunk

    def append(self, column: int) -> None:
        """Take a column of what was fetched."""
        assert self._chunk is not None  # noqa: S101 - it was fetched
        self._buffer.append(self._chunk, column)
        self.newest += self.asking.step
        self._view = None

    def leave(self) -> None:
        """Let go of the columns that were not taken."""
        self._chunk = None

    def heed(self, said: Frames) -> None:
        """Let what a source said of its answer count for the newest column."""
        self._said, self._view = replace(said, by_signal={}), None

    def seen(self) -> tuple[Frames, Topology]:
        """The columns and their topology; valid until the next column or detail comes."""
        if self._view is None:
            frames = self._buffer.window(self._said)
            now = signature(frames)
            if self._topology is None or self._topology[0] != now:  # that of the one before where it cannot differ
                self._topology = now, self.asking.join(frames)
            self._view = frames, self._topology[1]
        return self._view

    def complete(self, known: Collection[PodRef], accept: Accept | None) -> bool:
        """Hold in full what looks at these victims need; whether any of it was not held. Raises SourceError.

        What fails for good, or again and again, is done without: then the window says so.
        """
        grown = False
        while self.detail.is_narrow and (missing := self.detail.missing(*self.seen(), known)):
            try:
                self._take_in(missing, accept)
            except SourceError as error:
                self._tries += 1
                if error.retriable and self._tries < DETAIL_TRIES:
                    raise
                spots = (BlindSpot(name, f"failed: {error}") for name in sorted(DETAIL))
                self.heed(replace(self._said, quality=(*self._said.quality, *spots)))
                return grown
            self.detail.take_in(missing)
            self._tries = 0
            grown = True
        return grown

    @property
    def _seconds(self) -> int:
        return self.asking.width * self.asking.step

    def _disks(self, at: int) -> int:
        """How many disks the cluster has: in the window, or at `at` where nothing is held yet."""
        held = self._buffer.rows_of(SCREENS[0])
        told = [signal for signal in self.asking.signals if signal.name == SCREENS[0]]
        if held or not told:
            return held
        try:
            return len(self.asking.source.fetch(told, Grid(at, self.asking.step, 1)).get(SCREENS[0]).labels)
        except SourceError as error:
            if error.retriable:
                raise
            return 0

    def _take_in(self, missing: Scope, accept: Accept | None) -> None:
        """Fetch what is missing for all columns that are held, and those that are to come."""
        step, signals = self.asking.step, self.detail.signals_of(missing, self._seconds)
        last = self.newest if self._chunk is None else self._chunk.grid.last
        at = self.newest - (self.asking.width - 1) * step
        is_small = not missing.namespaces and not missing.places
        count = (
            max(FIRST_CHUNK, CHUNK_VALUES // (ROWS_OF_TARGET * max(len(missing.targets), 1)))
            if is_small
            else FIRST_CHUNK
        )
        while at <= last:
            grid = Grid(at, step, min(count, (last - at) // step + 1))
            frames = self.asking.source.fetch(signals, grid)
            if accept is not None:
                accept(frames)
            self._buffer.amend(frames)
            self._view = None
            if self._chunk is not None and grid.last > self.newest:
                self._chunk = overlaid(self._chunk, frames)
            at = grid.last + step
            rows = sum(len(frame.labels) for frame in frames.by_signal.values())
            count = max(1, min(self.asking.chunk_steps, CHUNK_VALUES // max(rows, 1)))
