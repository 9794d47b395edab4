"""How unusual innocents look, by the last hour and by days: `python -m tests.oracles.past_trials`.

A workload of known habits and an onset that has nothing to do with it. Only those that rose then are looked at, since
nobody else is suspected. First tokens were normal all the time.
"""

import sys
from collections.abc import Callable

import numpy as np

from correlator.analysis.recurrence import Days, Now, recurred
from correlator.analysis.windows import block_means
from correlator.model.frame import Floats

SEED = 10_000
TRIALS = 4_000
MINUTES = 3 * 1440
HOUR = 60
LENGTH = 10
USUAL = 0.05

Habit = Callable[[np.random.Generator], Floats]


def nightly(rng: np.random.Generator) -> Floats:
    """A job of one to three hours, every night at the same time."""
    first, length = int(rng.integers(0, 1440)), int(rng.integers(60, 180))
    return ((np.arange(MINUTES) - first) % 1440 < length).astype(float)


def every_two_hours(rng: np.random.Generator) -> Floats:
    """A cron job of ten to thirty minutes, twelve times a day."""
    first, length = int(rng.integers(0, 120)), int(rng.integers(10, 30))
    return ((np.arange(MINUTES) - first) % 120 < length).astype(float)


def now_and_then(rng: np.random.Generator) -> Floats:
    """Bursts of 15 minutes on average, at random, six a day."""
    load = np.zeros(MINUTES)
    for first in rng.integers(0, MINUTES, rng.poisson(18)):
        load[first : first + 5 + int(rng.exponential(10))] = 1.0
    return load


def never_before(_: np.random.Generator) -> Floats:
    """Idle for days; it rises for the first time at the onset: what a culprit looks like."""
    load = np.zeros(MINUTES)
    load[-LENGTH:] = 1.0
    return load


def p_values(load: Floats, onset: int) -> tuple[float, float] | None:
    """(by the last hour, by days) of the rise at an onset; None where it did not rise."""
    during = float(load[onset : onset + LENGTH].mean())
    hour = load[onset - HOUR : onset]
    if during < 0.5 or during < 2 * hour.mean():
        return None
    blocks = block_means(hour, np.ones(HOUR, dtype=np.bool_), LENGTH)
    by_hour = (1 + int((blocks >= during).sum())) / (1 + len(blocks))
    served = np.full(onset, 60.0)
    past = recurred(
        Days(60, load[:onset], served, served * 0.05),
        Now(device_time=during, seconds=60.0 * LENGTH, slow_seconds=0.1),
    )
    return by_hour, past.p_value


def main() -> None:
    """Of those that rose, how many looked unusual."""
    rng = np.random.default_rng(SEED)
    sys.stdout.write(f"seed {SEED}, {TRIALS} trials each; of those that rose, the part with p <= {USUAL}\n")
    sys.stdout.write("habit              rose   by the last hour   by days   median p: by the hour   by days\n")
    for habit in (nightly, every_two_hours, now_and_then, never_before):
        found = []
        for _ in range(TRIALS):
            onset = MINUTES - LENGTH if habit is never_before else int(rng.integers(2 * 1440, MINUTES - LENGTH))
            p = p_values(habit(rng), onset)
            if p is not None:
                found.append(p)
        told = np.array(found)
        by_hour, by_days = (told <= USUAL).mean(axis=0)
        middle = np.median(told, axis=0)
        sys.stdout.write(
            f"{habit.__name__:16} {len(told):6} {by_hour:18.2f} {by_days:9.2f} {middle[0]:23.4f} {middle[1]:9.4f}\n"
        )


if __name__ == "__main__":
    main()
