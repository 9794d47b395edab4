"""How long to wait after failures."""

import random

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 900.0
"""A receiver that asks for more is asked again after that time."""


def pause_seconds(failures: int, asked_seconds: float, rng: random.Random) -> float:
    """After so many failures in a row: longer with each, never the same for many at once, and as long as asked for."""
    grown = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 20)) * rng.uniform(0.5, 1.0)
    return max(grown, min(asked_seconds, LONGEST_ASKED_SECONDS))
