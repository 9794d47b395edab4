"""A source that holds a story and the days before it: a job that runs at night, and first tokens all day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.special import ndtr

from correlator.model.frame import BlindSpot, Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from tests.scenes import BOUNDS, KUBELET, VICTIM, Story

DAY = 86_400
SUFFIXES = ("x2x8q", "hkz2p", "9zk4l")
"""Of the pods that ran, one each night in turn."""

Daily = Callable[[Floats], Floats]
"""A value for each second of the day, given as an array."""


def always(value: float) -> Daily:
    """The same all day."""
    return lambda second: np.full(len(second), value)


def at_night(value: float, usual: float = 0.0) -> Daily:
    """`value` from two to four in the morning."""
    return lambda second: np.where((second >= 2 * 3600) & (second < 4 * 3600), value, usual)


@dataclass
class PastSource:
    """Answers fine grids from the story and coarse ones from the days before, from `held` on.

    `bandwidth` is what the job's pod of that night writes, `ttft` the mean first token, `rate` requests a second.
    `fails` names the outcomes of the next coarse questions; `asked` notes each of them, with the queries.
    """

    story: Story
    bandwidth: Daily = field(default_factory=lambda: at_night(450e6))
    ttft: Daily = field(default_factory=lambda: always(0.05))
    rate: Daily = field(default_factory=lambda: always(4.0))
    held: float = 0.0
    fails: list[SourceError | BlindSpot | None] = field(default_factory=list)
    asked: list[tuple[Grid, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Tell the story once."""
        self.frames = self.story.frames()

    @property
    def name(self) -> str:
        """For messages."""
        return "days and a story"

    def span(self, now: float) -> tuple[float, float]:
        """All days from `held` on."""
        return self.held, min(now, float(self.frames.grid.last))

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:  # noqa: ARG002 - the same always
        """The story's."""
        return {each.name: self.story.step for each in signals if each.name in self.frames.by_signal}

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """Every row there is, whatever the queries say: narrowing is the asker's to complete."""
        del progress
        names = [signal.name for signal in signals]
        if grid.step == self.story.step:
            return Frames(grid, {name: self._told(name, grid) for name in names}, self.frames.intervals)
        self.asked.append((grid, tuple(signal.query for signal in signals)))
        outcome = self.fails.pop(0) if self.fails else None
        if isinstance(outcome, SourceError):
            raise outcome
        rows = self._days(grid)
        found = {name: Frame.from_rows(name, grid, rows.get(name, {})) for name in names}
        return Frames(grid, found, dict.fromkeys(names, self.story.step), (outcome,) if outcome else ())

    def _told(self, name: str, grid: Grid) -> Frame:
        frame = self.frames.get(name)
        column = (grid.times() - frame.grid.start) // grid.step
        inside = (column >= 0) & (column < frame.grid.count)
        values = np.full((len(frame.labels), grid.count), np.nan)
        values[:, inside] = frame.values[:, column[inside]]
        known = ~np.isnan(values).all(axis=1)
        labels = tuple(labels for labels, keep in zip(frame.labels, known, strict=True) if keep)
        return Frame(name, grid, labels, values[known])

    def _days(self, grid: Grid) -> dict[str, dict[Labels, Floats]]:
        """Counters as they stand at each step; the job's begin anew with each of its pods."""
        times = grid.times().astype(np.float64)
        gone = (times >= self.frames.grid.start) | (times < self.held)
        turn = (times // DAY).astype(np.int64) % len(SUFFIXES)
        running = self.bandwidth(times % DAY) > 0
        rows: dict[str, dict[Labels, Floats]] = {}
        for number, suffix in enumerate(SUFFIXES):
            written = np.where(running & (turn == number), counted(self.bandwidth, times % DAY), np.nan)
            self._put_pod(rows, f"reindex-{suffix}", written)
        self._put_pod(rows, "other-x2x8q", counted(always(900e6), times))
        rows["ttft_count"] = {labels_of(VICTIM): counted(self.rate, times)}
        rows["ttft_sum"] = {labels_of(VICTIM): counted(lambda second: self.rate(second) * self.ttft(second), times)}
        rows["ttft_bucket"] = {
            labels_of({**VICTIM, "le": str(bound)}): counted(partial(self._within, bound), times)
            for bound in (*BOUNDS, float("inf"))
        }
        kubelets = (KUBELET["instance"], "10.0.0.9:10250")
        rows["pod_io_heartbeat"] = {labels_of({"instance": instance}): times - 1.0 for instance in kubelets}
        return {
            signal: {labels: np.where(gone, np.nan, values) for labels, values in found.items()}
            for signal, found in rows.items()
        }

    def _within(self, bound: float, second: Floats) -> Floats:
        """First tokens a second that take no longer: spread as a story's are."""
        return self.rate(second) * ndtr((np.log(bound / self.ttft(second)) + 0.08) / 0.4)

    def _put_pod(self, rows: dict[str, dict[Labels, Floats]], pod: str, written: Floats) -> None:
        """The four counters of one pod on the victim's disk, given its bytes."""
        labels = labels_of({**KUBELET, "namespace": "data", "pod": pod, "container": "main", "device": "/dev/sda"})
        for signal, values in {
            "pod_reads": written * 0.0,
            "pod_writes": written / 524288,
            "pod_read_bytes": written * 0.0,
            "pod_written_bytes": written,
        }.items():
            rows.setdefault(signal, {})[labels] = values


def counted(daily: Daily, times: Floats) -> Floats:
    """What a counter that gains so much a second stands at."""
    minutes = np.arange(0.0, DAY, 60.0)
    within = np.append(0.0, np.cumsum(daily(minutes) * 60.0))
    counter: Floats = times // DAY * within[-1] + np.interp(times % DAY, np.append(minutes, float(DAY)), within)
    return counter
