"""The time grid that every frame of a window shares."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Grid:
    """Equally spaced steps `start, start + step, …` in whole epoch seconds; `start` is a multiple of `step`.

    A value at a step speaks of what was known at that instant: a counter's total, a gauge's reading.
    """

    start: int
    step: int
    count: int

    def __post_init__(self) -> None:
        """Refuse what is no grid."""
        if self.step <= 0 or self.count < 0:
            raise ValueError(f"a grid needs step > 0 and count >= 0, not step={self.step}, count={self.count}")
        if self.start % self.step:
            raise ValueError(f"a grid starts on a multiple of its step: {self.start} % {self.step} != 0")

    @classmethod
    def covering(cls, start: float, end: float, step: int) -> "Grid":
        """The steps t with start <= t <= end."""
        first = -int(-start // step) * step
        last = int(end // step) * step
        return cls(first, step, max(0, (last - first) // step + 1))

    @property
    def last(self) -> int:
        """The last step; `start - step` when the grid is empty."""
        return self.start + (self.count - 1) * self.step

    def times(self) -> NDArray[np.int64]:
        """All steps in epoch seconds, shape (count,)."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)

    def index(self, at: float) -> int:
        """The index of the newest step <= at; may lie outside [0, count)."""
        return int((at - self.start) // self.step)

    def tail(self, count: int) -> "Grid":
        """The last `count` steps."""
        kept = min(count, self.count)
        return Grid(self.start + (self.count - kept) * self.step, self.step, kept)
