"""How long to wait after failures."""

import random
from dataclasses import dataclass

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 900.0
"""A receiver that asks for more is asked again after that time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The wait after a first failure, and the longest that waits grow to."""

    first_seconds: float = FIRST_SECONDS
    longest_seconds: float = LONGEST_SECONDS


USUAL = Pace()


def pause_seconds(failures: int, asked_seconds: float, rng: random.Random, pace: Pace = USUAL) -> float:
    """After so many failures in a row: longer with each, never the same for many at once, and as long as asked for."""
    grown = min(pace.longest_seconds, pace.first_seconds * 2.0 ** min(failures - 1, 20)) * rng.uniform(0.5, 1.0)
    return max(grown, min(asked_seconds, LONGEST_ASKED_SECONDS))
