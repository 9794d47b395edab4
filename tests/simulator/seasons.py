"""Days that resemble each other."""

from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Floats

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Season:
    """A day's course as a factor around 1: one wave a day, and a smaller one twice a day."""

    height: float
    peak: float
    second: float

    @classmethod
    def draw(cls, rng: np.random.Generator, highest: float) -> "Season":
        """Any course with a daily wave of up to this height."""
        height = float(rng.uniform(0.2, 1.0) * highest)
        return cls(height, float(rng.uniform(0.0, DAY_SECONDS)), float(rng.uniform(0.0, 0.4) * height))

    def at(self, times: Floats) -> Floats:
        """The factor at epoch seconds."""
        phase = 2.0 * np.pi * (times - self.peak) / DAY_SECONDS
        return np.asarray(1.0 + self.height * np.cos(phase) + self.second * np.cos(2.0 * phase + 1.0))
