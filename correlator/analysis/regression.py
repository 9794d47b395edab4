"""Finds victims whose first tokens got slower than their own baseline, and dates the onset.

Each step compares the newest few steps, at several lengths, with the quiet steps of the window: by mid-ranks and
by the slowest tenth, weighed by requests, with an overdispersion measured on blocks of the same length. Significance
alone opens nothing: mean or quantile must have moved in practice, and the rise must still be there.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.distribution import Reference, overdispersion, quantile, shift, step_scores
from correlator.analysis.load import view_load
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim, Victims
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What it takes to open. The z-scores allow for thousands of steps a day and four lengths."""

    z: float = 5.0
    reference_requests: int = 30
    reference_steps: int = 30
    recent_requests: int = 5
    quantile_requests: int = 20
    stall_expected_requests: float = 6.0
    stall_steps: int = 3
    load_ratio: float = 2.0
    escalation_ratio: float = 1.5
    escalation_steps: int = 3
    escalation_requests: int = 10


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True)
class Detection:
    """A regression that was found: the row of its victim and its onset, as an index into the window."""

    victim: int
    onset: int
    stalled: bool


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """TTFT of some set of steps: bucket counts (B,), mean, and the requests behind them; NaN without requests."""

    counts: Floats
    mean: float
    requests: float

    @classmethod
    def over(cls, victim: Victim, steps: Bools) -> "Level":
        """The level over the chosen steps, unknown ones left out."""
        known = steps & np.isfinite(victim.first_tokens) & np.isfinite(victim.ttft_sum)
        counts = victim.counts[:, known].sum(axis=1)
        requests = float(victim.first_tokens[known].sum())
        mean = float(victim.ttft_sum[known].sum()) / requests if requests > 0 else float("nan")
        return cls(counts, mean, requests)

    def statistic(self, name: str, bounds: Floats) -> float:
        """`mean`, or a quantile as `p95`."""
        return self.mean if name == "mean" else quantile(self.counts, bounds, float(name[1:]) / 100.0)


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one statistic rose, in seconds."""

    statistic: str
    baseline: float
    observed: float

    @property
    def ratio(self) -> float:
        """Observed over baseline; inf when the baseline is zero."""
        return self.observed / self.baseline if self.baseline > 0 else float("inf")


def effect(baseline: Level, recent: Level, bounds: Floats) -> Effect | None:
    """The statistic that rose most in ratio; None when nothing can be compared. Quantiles need enough requests."""
    names = ["mean"]
    if recent.requests >= THRESHOLDS.quantile_requests and baseline.requests >= THRESHOLDS.quantile_requests:
        names += ["p50", "p95"]
    effects = [Effect(n, baseline.statistic(n, bounds), recent.statistic(n, bounds)) for n in names]
    seen = [e for e in effects if np.isfinite(e.baseline) and np.isfinite(e.observed)]
    return max(seen, key=lambda e: e.ratio, default=None)


def is_practical(found: Effect | None, parameters: Parameters) -> bool:
    """Whether a person would feel it: the ratio and the absolute floor are both exceeded."""
    return (
        found is not None
        and found.ratio >= parameters.ttft_ratio
        and found.observed - found.baseline >= parameters.ttft_floor_seconds
    )


def detect(victims: Victims, quiet: Bools, parameters: Parameters) -> list[Detection]:
    """Regressions that stand at the last step, among victims whose `quiet` (V, T) steps are their reference.

    A victim none of whose steps are quiet is not looked at.
    """
    stalled = _stalls(victims, quiet)
    found = [Detection(row, onset, stalled=True) for row, onset in stalled.items()]
    for row in _shifted(victims, quiet):
        if row in stalled:
            continue
        onset = _confirm(victims.one(row), quiet[row], parameters)
        if onset is not None:
            found.append(Detection(row, onset, stalled=False))
    return sorted(found, key=lambda detection: detection.victim)


def _shifted(victims: Victims, quiet: Bools) -> list[int]:
    """Victims whose recent requests are significantly slower at some length; the cheap test for everybody."""
    steps = victims.grid.count
    known = np.isfinite(victims.first_tokens) & quiet  # what is known to be slow is neither normal nor new
    counts = np.where(known[:, None, :], victims.counts, 0.0)
    requests = np.where(known, victims.first_tokens, 0.0)
    hit = np.zeros(len(victims.keys), dtype=np.bool_)
    for scale in (s for s in scales(victims.grid.step) if 2 * s < steps):
        used = known.copy()
        used[:, steps - scale :] = False
        hit |= _significant(counts, requests, used, scale)
    return [int(row) for row in np.flatnonzero(hit)]


def _significant(counts: Floats, requests: Floats, used: Bools, scale: int) -> Bools:
    """The test at one length: the last `scale` steps against the `used` ones."""
    reference = Reference.of(np.einsum("vbt,vt->vb", counts, used.astype(np.float64)))
    drawn = requests[:, -scale:].sum(axis=1)
    enough = (
        (reference.counts.sum(axis=1) >= THRESHOLDS.reference_requests)
        & ((used & (requests > 0)).sum(axis=1) >= THRESHOLDS.reference_steps)
        & (drawn >= THRESHOLDS.recent_requests)
    )
    rows = np.flatnonzero(enough)
    hit = np.zeros(len(enough), dtype=np.bool_)
    if not len(rows):
        return hit
    part = Reference(reference.counts[rows], reference.scores[rows], reference.above[rows])
    z = _shift_at(counts[rows], requests[rows], used[rows], part, scale)
    hit[rows] = z >= THRESHOLDS.z
    return hit


def _shift_at(counts: Floats, requests: Floats, used: Bools, reference: Reference, scale: int) -> Floats:
    """The strongest shift of the last `scale` steps, shape (V,)."""
    known = reference.counts.sum(axis=1)
    weight = np.where(used, requests, 0.0)
    tail_share = (reference.counts * reference.above).sum(axis=1) / known
    body = np.where(used, step_scores(counts, reference.scores), 0.0)
    tail = np.where(used, step_scores(counts, reference.above) - requests * tail_share[:, None], 0.0)
    body_variance = (reference.counts * reference.scores**2).sum(axis=1) / known
    tail_variance = tail_share * (1.0 - tail_share)
    return shift(
        counts[:, :, -scale:].sum(axis=2),
        reference,
        overdispersion(body, weight, body_variance, scale),
        overdispersion(tail, weight, tail_variance, scale),
    ).strongest


def _confirm(victim: Victim, quiet: Bools, parameters: Parameters) -> int | None:
    """The onset, when the rise before and after it is practical and has not gone away; else None."""
    onset = onset_of(victim, quiet)
    steps = len(victim.first_tokens)
    known = np.isfinite(victim.first_tokens)
    before = quiet & (np.arange(steps) < onset)
    after = quiet & (np.arange(steps) >= onset)
    baseline = Level.over(victim, before)
    if baseline.requests < THRESHOLDS.reference_requests:
        return None
    recent = Level.over(victim, after)
    if not is_practical(effect(baseline, recent, victim.bounds), parameters):
        return None
    if _is_ordinary_load(victim, Spans.around(onset, steps, quiet & known), baseline, recent):
        return None
    return onset if _still_there(victim, baseline, after) else None


def _is_ordinary_load(victim: Victim, spans: Spans, baseline: Level, recent: Level) -> bool:
    """Whether longer prompts or more requests explain most of a rise that is small for load to be worth a word.

    Prompts differ from minute to minute, and first tokens with them: that is no regression until the mean doubles.
    """
    rise = recent.mean - baseline.mean
    explained = view_load(victim, spans).explained_seconds
    return bool(explained >= 0.5 * rise > 0 and recent.mean < THRESHOLDS.load_ratio * baseline.mean)


def _still_there(victim: Victim, baseline: Level, after: Bools) -> bool:
    """Went-away check: at least two steps were slow, and so is the newest that has requests."""
    scores = Reference.of(baseline.counts[None, :]).scores[0]
    slow = _mean_scores(victim, scores)[after]
    seen = slow[np.isfinite(slow)]
    return len(seen) >= 2 and bool(seen[-1] > 0.1) and int((seen > 0.1).sum()) >= 2  # noqa: PLR2004


def _mean_scores(victim: Victim, scores: Floats) -> Floats:
    """Mean mid-rank of each step's requests, shape (T,); NaN without requests."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(victim.first_tokens > 0, scores @ victim.counts / victim.first_tokens, np.nan)


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
    if victim.first_tokens[clean].sum() >= THRESHOLDS.reference_requests:
        onset = _scan(victim, clean, known, earliest)
    return onset


def redated(victim: Victim, onset: int, before: Bools, quiet: Bools) -> int:
    """The onset of a known regression in the light of what has been seen since it was detected.

    `before` are the steps that it was detected against, `quiet` those outside all other regressions.
    """
    known = np.isfinite(victim.first_tokens) & quiet
    clean = before & known & (np.arange(len(known)) < onset - 1)
    if victim.first_tokens[clean].sum() < THRESHOLDS.reference_requests:
        return onset
    return _scan(victim, clean, known, _after_last_regression(quiet))


def escalated(victim: Victim, onset: int) -> int | None:
    """Where an open regression that began at `onset` got so much worse that it is another one; None: it did not."""
    steps = np.arange(len(victim.first_tokens))
    since = (steps >= max(onset, 0)) & np.isfinite(victim.first_tokens)
    later = _scan(
        victim, since & (steps < len(steps) - SHORTEST_STEPS), since, max(onset, 0) + THRESHOLDS.escalation_steps
    )
    old, new = Level.over(victim, since & (steps < later)), Level.over(victim, since & (steps >= later))
    if len(steps) - later < THRESHOLDS.escalation_steps:
        return None
    if min(old.requests, new.requests) < THRESHOLDS.escalation_requests:
        return None
    if not new.mean >= THRESHOLDS.escalation_ratio * old.mean:
        return None
    one = np.ones(1)
    z = shift(new.counts[None, :], Reference.of(old.counts[None, :]), one, one).strongest[0]
    return later if z >= THRESHOLDS.z else None


def _after_last_regression(quiet: Bools) -> int:
    """The first step after the newest that is not quiet."""
    loud = np.flatnonzero(~quiet)
    return int(loud[-1]) + 1 if len(loud) else 0


def _scan(victim: Victim, used: Bools, known: Bools, earliest: int) -> int:
    reference = Reference.of(victim.counts[:, used].sum(axis=1)[None, :])
    requests = np.where(known, victim.first_tokens, 0.0)
    weights = reference.scores[0] + reference.above[0]
    weights = weights - (reference.counts[0] @ weights) / max(float(reference.counts[0].sum()), 1.0)
    scores = np.where(known, weights @ np.nan_to_num(victim.counts), 0.0)
    start = max(earliest, len(scores) - 2 * scales(victim.step)[-1])
    total = np.cumsum(scores[::-1])[::-1]
    number = np.cumsum(requests[::-1])[::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        height = np.where(number > 0, total / np.sqrt(number), -np.inf)
    height[:start] = -np.inf
    # Only steps that are themselves slow may begin it.
    height[scores <= 0] = -np.inf
    best = int(np.argmax(height))
    return best if np.isfinite(height[best]) else len(scores) - 1


def _stalls(victims: Victims, quiet: Bools) -> dict[int, int]:
    """Victims that give no first tokens while requests wait, with the first step of it.

    A service without requests is idle, not stalled; where it is unknown whether any wait, nothing is said.
    """
    inside = np.nan_to_num(victims.waiting) + np.nan_to_num(victims.running)
    silent = (victims.first_tokens == 0) & (inside > 0)
    found: dict[int, int] = {}
    for row in np.flatnonzero(silent[:, -1:].any(axis=1)):
        flags = silent[row]
        length = len(flags) if flags.all() else int(np.argmin(flags[::-1]))
        onset = len(flags) - length
        normal = quiet[row] & (np.arange(len(flags)) < onset) & np.isfinite(victims.first_tokens[row])
        if normal.sum() < THRESHOLDS.reference_steps:
            continue
        rate = float(victims.first_tokens[row][normal].mean())
        if length >= THRESHOLDS.stall_steps and rate * length >= THRESHOLDS.stall_expected_requests:
            found[int(row)] = onset
    return found
