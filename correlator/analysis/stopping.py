"""When a victim stopped: it did something in nearly every step, and now does nothing.

Who is about to fall idle does less and less, and who pauses now and then has paused before: neither has stopped.
"""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.absence import LONGEST_STEPS
from correlator.analysis.onset import SHORTEST_STEPS
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim
from correlator.model.frame import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What silence takes. `expected` were due in it at the lowest of three rates: over all, of late, and just before.

    It lasts `longer` times the longest pause of the quiet steps before. It is `abrupt` when at least that part of what
    was done of late was done to the last. Up to the `residual` part of a usual step is nothing: whoever reads a
    database's counters makes transactions of its own.
    """

    shortest_steps: int = 3
    expected: float = 12.0
    reference_steps: int = 30
    late_steps: int = 20
    last_steps: int = 5
    longer: float = 3.0
    abrupt: float = 0.6
    residual: float = 0.02
    idle_share: float = 0.25


THRESHOLDS = Thresholds()


def nearly_silent(done: Floats) -> list[int]:
    """Rows worth a look: the newest steps have next to nothing of what the window has on average."""
    known = np.isfinite(done)
    done = np.where(known, done, 0.0)
    usual = done.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    newest = done[:, -THRESHOLDS.shortest_steps :].max(axis=1)
    return np.flatnonzero(known[:, -1] & (usual > 0) & (newest <= 0.1 * usual)).tolist()


@dataclass(frozen=True, slots=True)
class Stop:
    """The first step of silence, as an index, and whether work stopped at once rather than faded."""

    onset: int
    abrupt: bool


def stop_of(victim: Victim, quiet: Bools) -> Stop | None:
    """Where work stopped that had been steady; None where it did not."""
    done = victim.first_tokens
    nothing = _nothing(_before(done, quiet, len(done)))
    working = np.flatnonzero(done > nothing)
    if not len(working):
        return None
    onset = int(working[-1]) + 1
    length = len(done) - onset
    if not THRESHOLDS.shortest_steps <= int((done[onset:] <= nothing).sum()) <= length <= LONGEST_STEPS:
        return None
    before = _before(done, quiet, onset)
    if len(before) < THRESHOLDS.reference_steps:
        return None
    if length < THRESHOLDS.longer * _longest_pause(before > nothing):
        return None
    late, last = (float(before[-steps:].mean()) for steps in (THRESHOLDS.late_steps, THRESHOLDS.last_steps))
    if min(float(before.mean()), late, last) * length < THRESHOLDS.expected:
        return None
    return Stop(onset, abrupt=last >= THRESHOLDS.abrupt * late)


def _longest_pause(worked: Bools) -> int:
    """The longest run of steps in which nothing was done."""
    edges = np.flatnonzero(np.concatenate([[True], worked, [True]]))
    return int(np.diff(edges).max()) - 1


def is_silent(victim: Victim, quiet: Bools, onset: int) -> bool:
    """Whether nothing is done at the newest steps, by what was done in the quiet ones before `onset`."""
    done = victim.first_tokens
    return not bool((done[-SHORTEST_STEPS:] > _nothing(_before(done, quiet, onset))).any())


def in_silence(victim: Victim, quiet: Bools, onset: int) -> Victim:
    """The victim without the little that is counted in silent steps from `onset` on: it is not its own work."""
    done = victim.first_tokens
    silent = (done <= _nothing(_before(done, quiet, onset))) & (np.arange(len(done)) >= onset)
    return replace(
        victim,
        counts=np.where(silent, 0.0, victim.counts),
        first_tokens=np.where(silent, 0.0, done),
        ttft_sum=np.where(silent, 0.0, victim.ttft_sum),
    )


def _before(done: Floats, quiet: Bools, onset: int) -> Floats:
    """What was done in each quiet step before `onset` that is known."""
    return done[quiet & np.isfinite(done) & (np.arange(len(done)) < onset)]


def _nothing(before: Floats) -> float:
    """Up to so much in a step is nothing."""
    return THRESHOLDS.residual * float(np.median(before)) if len(before) else 0.0
