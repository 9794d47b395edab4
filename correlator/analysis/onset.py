"""Dates a regression: a scan for the one change of level that stands at the end of the window."""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.distribution import Reference, overdispersion, shift
from correlator.analysis.expected import Expectation, load_of
from correlator.analysis.level import Level
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim
from correlator.model.frame import Floats

REFERENCE_REQUESTS = 30
"""With fewer requests nothing is known of what is normal."""

ESCALATION_RATIO = 1.5
ESCALATION_STEPS = 3
ESCALATION_REQUESTS = 10
ESCALATION_Z = 5.0
"""What makes a regression another, worse one: the ratio of means, for so long, on so many requests, so surely."""

LIKELIHOOD_DROP = 6.0
"""Twice the drop of log-likelihood up to which another step may be the onset: that of a 95 % set or a little more."""

SLOW_Z = 2.5
"""By so many standard errors the steps before a rise have to be slow to belong to it."""

SMALLEST_SPREAD = 0.05
"""Where every request of the reference fell into one bucket, its scores do not vary; their scatter is no smaller."""

CLARITY_BLOCK = 8
"""Steps in a block when it is asked whether load hides a change."""

SHORTEST_STEPS = 2
LONGEST_STEPS = 32
LONGEST_SECONDS = 240
"""What counts as recent is from SHORTEST_STEPS to the longer of the other two: the long ones serve sparse traffic."""


def scales(step: int) -> tuple[int, ...]:
    """Lengths in steps of `step` seconds of what counts as recent; doubling keeps the tests few."""
    longest = max(LONGEST_STEPS, LONGEST_SECONDS // step)
    found = [SHORTEST_STEPS]
    while 2 * found[-1] <= longest:
        found.append(2 * found[-1])
    return tuple(found)


def onset_of(victim: Victim, quiet: Bools) -> int:
    """The index of the first step of the regression that stands at the end of the window.

    The start of the run of steps whose mid-ranks, summed to the end, lie highest above the reference for their
    number of requests (a likelihood-ratio scan for one change of mean).
    """
    steps = len(victim.first_tokens)
    known = np.isfinite(victim.first_tokens) & quiet
    used = known & (np.arange(steps) < steps - SHORTEST_STEPS)
    earliest = _after_last_regression(quiet)
    onset = _scan(victim, used, known, earliest)
    # The first reference still holds slow steps; without them the edge is sharper.
    clean = used & (np.arange(steps) < onset - 1)
    if victim.first_tokens[clean].sum() >= REFERENCE_REQUESTS:
        onset = _scan(victim, clean, known, earliest)
    return onset


def onset_against(victim: Victim, normal: Floats, known: Bools, quiet: Bools) -> int:
    """As `onset_of`, against given bucket counts of what is normal, shape (B,)."""
    return _highest(_Scores.of(victim, normal, known, None), _after_last_regression(quiet), victim.step)


def redated(victim: Victim, onset: int, before: Bools, quiet: Bools) -> int:
    """The onset of a known regression in the light of what has been seen since it was detected.

    `before` are the steps that it was detected against, `quiet` those outside all other regressions.
    """
    known = np.isfinite(victim.first_tokens) & quiet
    clean = before & known & (np.arange(len(known)) < onset - 1)
    if victim.first_tokens[clean].sum() < REFERENCE_REQUESTS:
        return onset
    return _scan(victim, clean, known, _after_last_regression(quiet))


def escalated(victim: Victim, onset: int) -> int | None:
    """Where an open regression that began at `onset` got so much worse that it is another one; None: it did not."""
    steps = np.arange(len(victim.first_tokens))
    since = (steps >= max(onset, 0)) & np.isfinite(victim.first_tokens)
    later = _scan(victim, since & (steps < len(steps) - SHORTEST_STEPS), since, max(onset, 0) + ESCALATION_STEPS)
    old, new = Level.over(victim, since & (steps < later)), Level.over(victim, since & (steps >= later))
    if len(steps) - later < ESCALATION_STEPS:
        return None
    if min(old.requests, new.requests) < ESCALATION_REQUESTS:
        return None
    if not new.mean >= ESCALATION_RATIO * old.mean:
        return None
    one = np.ones(1)
    z = shift(new.counts[None, :], Reference.of(old.counts[None, :]), one, one).strongest[0]
    return later if z >= ESCALATION_Z else None


def _after_last_regression(quiet: Bools) -> int:
    """The first step after the newest that is not quiet."""
    loud = np.flatnonzero(~quiet)
    return int(loud[-1]) + 1 if len(loud) else 0


def plausible_onsets(victim: Victim, onset: int, before: Bools, quiet: Bools) -> Bools:
    """Steps that first tokens alone would allow as the onset beside `onset`, the likeliest, shape (T,).

    Those whose log-likelihood ratio lies less than half of LIKELIHOOD_DROP below the highest: a confidence set for the
    point of change. The arguments are those of `redated`.
    """
    known = np.isfinite(victim.first_tokens) & quiet
    clean = before & known & (np.arange(len(known)) < onset - 1)
    found = np.zeros(len(known), dtype=np.bool_)
    found[onset] = True
    if victim.first_tokens[clean].sum() < REFERENCE_REQUESTS:
        return found
    scores = _Scores.of(victim, victim.counts[:, clean].sum(axis=1), known, clean)
    height = np.maximum(scores.heights(_after_last_regression(quiet), victim.step), 0.0)
    return found | (height**2 >= max(float(height[onset]) ** 2 - LIKELIHOOD_DROP, 1.0))


def was_slow(victim: Victim, start: int, end: int, before: Bools) -> bool:
    """Whether the requests of steps [start, end) already lie above those of `before`, as a ramp's first ones do."""
    known = np.isfinite(victim.first_tokens)
    steps = np.arange(len(known))
    clean = before & known & (steps < start - 1)
    stretch = known & (steps >= start) & (steps < end)
    requests = victim.first_tokens[stretch].sum()
    if victim.first_tokens[clean].sum() < REFERENCE_REQUESTS or not requests > 0:
        return False
    scores = _Scores.of(victim, victim.counts[:, clean].sum(axis=1), known, clean)
    return bool(scores.sums[stretch].sum() / (scores.spread * np.sqrt(requests)) >= SLOW_Z)


def _scan(victim: Victim, used: Bools, known: Bools, earliest: int) -> int:
    return _highest(_Scores.of(victim, victim.counts[:, used].sum(axis=1), known, used), earliest, victim.step)


def _highest(scores: "_Scores", earliest: int, step: int) -> int:
    height = scores.heights(earliest, step)
    # Only steps that are themselves slow may begin it.
    height[~(scores.sums > 0)] = -np.inf
    best = int(np.argmax(height))
    return best if np.isfinite(height[best]) else len(height) - 1


def _weights(normal: Floats) -> tuple[Floats, float]:
    """The score of a request in each bucket, centred on what is normal, and its standard deviation there."""
    reference = Reference.of(normal[None, :])
    part = reference.counts[0] / max(float(reference.counts[0].sum()), 1.0)
    weights = reference.scores[0] + reference.above[0]
    weights = weights - part @ weights
    return weights, max(float(np.sqrt(part @ weights**2)), SMALLEST_SPREAD)


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """By how much each step's requests lie above what is normal.

    `sums` of scores and numbers of `requests`, shape (T,), are 0 where nothing is known; `spread` is the standard
    deviation of one request's score.
    """

    sums: Floats
    requests: Floats
    spread: float

    @classmethod
    def of(cls, victim: Victim, normal: Floats, known: Bools, used: Bools | None) -> "_Scores":
        """Scores against bucket counts of what is normal, (B,).

        With the steps that these come from, `used`: given their load, where a change stands out more clearly so.
        """
        weights, spread = _weights(normal)
        sums = np.where(known, weights @ np.nan_to_num(victim.counts), 0.0)
        plain = cls(sums, np.where(known, victim.first_tokens, 0.0), spread)
        if used is None or not np.isfinite(victim.arrivals).any():
            return plain
        given = plain._given_load(victim, used)
        return max((plain, given), key=lambda scores: scores.clarity(used, victim.step))

    def _given_load(self, victim: Victim, used: Bools) -> "_Scores":
        gains = [values[None, :] for values in (victim.arrivals, victim.first_tokens, victim.prompt_tokens)]
        features = load_of(gains[0], gains[1], gains[2], victim.step)
        requests = self.requests[None, :]
        model = Expectation.fit(self.sums[None, :], requests, used[None, :], features)
        return replace(self, sums=self.sums - model.of(requests, features)[0])

    def clarity(self, used: Bools, step: int) -> float:
        """The highest rise to the end, in units of how much blocks of the used steps scatter."""
        block = min(CLARITY_BLOCK, max(1, int(used.sum()) // 4))
        taken = (np.where(used, self.sums, 0.0)[None, :], np.where(used, self.requests, 0.0)[None, :])
        factor = overdispersion(*taken, np.array([self.spread**2]), block)[0]
        return float(self.heights(0, step).max() / np.sqrt(factor))

    def heights(self, earliest: int, step: int) -> Floats:
        """For each step, by how many standard deviations the requests from it to the end lie above the reference."""
        total = np.cumsum(self.sums[::-1])[::-1]
        number = np.cumsum(self.requests[::-1])[::-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            height: Floats = np.where(number > 0, total / (self.spread * np.sqrt(number)), -np.inf)
        height[: max(earliest, len(total) - 2 * scales(step)[-1])] = -np.inf
        return height
