"""What may be asked of the days before a regression, and what was answered so far."""

from dataclasses import dataclass, field

from correlator.model.grid import Grid
from correlator.model.history import History

STEP_SECONDS = 60
"""As coarse as a burst that hurts allows, and still few points: three days have 4,320."""

POINTS = 8_000
"""Longer spans are asked for more coarsely: servers refuse more than 11,000 points of one series."""


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """The `seconds` before `at`, of which nothing is asked where they are 0, with the answers that are there.

    `at` is the step of detection: all looks at one regression ask the same.
    """

    answers: History = field(default_factory=dict)
    seconds: int = 0
    at: int = 0

    def grid(self, step: int) -> Grid:
        """The coarse steps up to `at`; each is a multiple of the judged step of `step` seconds."""
        coarse = step * -(-max(STEP_SECONDS, -(-self.seconds // POINTS)) // step)
        last, count = self.at // coarse * coarse, self.seconds // coarse
        return Grid(last - max(count - 1, 0) * coarse, coarse, count)


NO_ARCHIVE = Archive()
