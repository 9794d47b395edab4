"""Finds victims whose first tokens got slower than their own baseline.

Each step compares the newest few steps, at several lengths, with the quiet steps of the window: by mid-ranks and
by the slowest tenth, weighed by requests, with an overdispersion measured on blocks of the same length. Significance
alone opens nothing: mean or quantile must have moved in practice, and the rise must still be there.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.distribution import Reference, overdispersion, shift, step_scores
from correlator.analysis.expected import Expectation, load_features
from correlator.analysis.level import Level, effect, is_practical
from correlator.analysis.load import view_load
from correlator.analysis.onset import REFERENCE_REQUESTS, onset_of, scales
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import Bools
from correlator.analysis.screening import bounds_of
from correlator.analysis.victims import Victim, Victims
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What it takes to open. The z-scores allow for thousands of steps a day and four lengths.

    The one given the load is higher: it rests on a model besides.
    """

    z: float = 5.0
    z_given_load: float = 6.0
    reference_steps: int = 30
    recent_requests: int = 5
    stall_expected_requests: float = 6.0
    stall_steps: int = 3
    load_ratio: float = 1.5


THRESHOLDS = Thresholds()

ROUNDING = 0.01
"""So much below a threshold a bound of a z-score does not rule anything out."""

VICTIMS_AT_ONCE = 128
"""The cheap test takes so many at a time: what it makes of them stays small beside the window."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A regression that was found: the row of its victim and its onset, as an index into the window."""

    victim: int
    onset: int
    stalled: bool


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
    hit: list[int] = []
    for first in range(0, len(victims.keys), VICTIMS_AT_ONCE):
        some = slice(first, first + VICTIMS_AT_ONCE)
        shifted = _are_shifted(victims.part(some), quiet[some])
        hit += [first + int(row) for row in np.flatnonzero(shifted)]
    return hit


def _are_shifted(victims: Victims, quiet: Bools) -> Bools:
    """Whether each of some victims is slower, at any length."""
    steps = victims.grid.count
    known = np.isfinite(victims.first_tokens) & quiet  # what is known to be slow is neither normal nor new
    counts = np.where(known[:, None, :], victims.counts, 0.0)
    requests = np.where(known, victims.first_tokens, 0.0)
    features = load_features(victims)
    hit = np.zeros(len(known), dtype=np.bool_)
    lengths = [scale for scale in scales(victims.grid.step) if 2 * scale < steps]
    if not lengths:
        return hit
    bounds = bounds_of(counts, requests, features, lengths)
    plain, given = bounds.shift >= THRESHOLDS.z - ROUNDING, bounds.given_load >= THRESHOLDS.z_given_load - ROUNDING
    for place, scale in enumerate(lengths):
        rows = np.flatnonzero((plain[place] | given[place]) & ~hit)
        if not len(rows):
            continue
        used = known[rows]
        used[:, steps - scale :] = False
        hit[rows] = _significant(counts[rows], requests[rows], used, features[rows], scale, given[place, rows])
    return hit


def _significant(counts: Floats, requests: Floats, used: Bools, features: Floats, scale: int, given: Bools) -> Bools:
    """The test at one length: the last `scale` steps against the `used` ones as they are, some `given` load."""
    reference = Reference.of(np.einsum("vbt,vt->vb", counts, used.astype(np.float64)))
    drawn = requests[:, -scale:].sum(axis=1)
    enough = (
        (reference.counts.sum(axis=1) >= REFERENCE_REQUESTS)
        & ((used & (requests > 0)).sum(axis=1) >= THRESHOLDS.reference_steps)
        & (drawn >= THRESHOLDS.recent_requests)
    )
    hit = np.zeros(len(enough), dtype=np.bool_)
    rows = np.flatnonzero(enough)
    if len(rows):
        hit[rows] = _shift_at(counts[rows], requests[rows], used[rows], reference.part(rows), scale) >= THRESHOLDS.z
    rows = np.flatnonzero(enough & given & ~hit)
    if len(rows):
        part = reference.part(rows)
        z = _shift_given_load(counts[rows], requests[rows], used[rows], part, features[rows], scale)
        hit[rows] = z >= THRESHOLDS.z_given_load
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


def _shift_given_load(
    counts: Floats, requests: Floats, used: Bools, reference: Reference, features: Floats, scale: int
) -> Floats:
    """By how many standard errors the last `scale` steps exceed what their load lets expect, shape (V,)."""
    known = reference.counts.sum(axis=1)
    variance = (reference.counts * reference.scores**2).sum(axis=1) / known
    variance = np.maximum(variance, 0.25 / (known + 1.0))
    sums = step_scores(counts, reference.scores)
    model = Expectation.fit(sums, requests, used, features)
    rest = sums - model.of(requests, features)
    weight = np.where(used, requests, 0.0)
    seen = (weight > 0).sum(axis=1)
    factor = overdispersion(np.where(used, rest, 0.0), weight, variance, scale)
    factor = factor * seen / np.maximum(seen - model.parameters, 1)
    recent = slice(-scale, None)
    drawn = requests[:, recent].sum(axis=1)
    doubt = drawn + model.doubt(requests[:, recent], features[:, :, recent])
    return np.asarray(rest[:, recent].sum(axis=1) / np.sqrt(variance * factor * doubt))


def _confirm(victim: Victim, quiet: Bools, parameters: Parameters) -> int | None:
    """The onset, when the rise before and after it is practical and has not gone away; else None."""
    onset = onset_of(victim, quiet)
    steps = len(victim.first_tokens)
    known = np.isfinite(victim.first_tokens)
    before = quiet & (np.arange(steps) < onset)
    after = quiet & (np.arange(steps) >= onset)
    baseline = Level.over(victim, before)
    if baseline.requests < REFERENCE_REQUESTS:
        return None
    recent = Level.over(victim, after)
    if not is_practical(effect(baseline, recent, victim.bounds), parameters):
        return None
    if _is_ordinary_load(victim, Spans.around(onset, steps, quiet & known), baseline, recent):
        return None
    return onset if still_there(victim, baseline, after) else None


def _is_ordinary_load(victim: Victim, spans: Spans, baseline: Level, recent: Level) -> bool:
    """Whether longer prompts or more requests explain most of a rise that is small for load to be worth a word.

    Prompts differ from minute to minute, and first tokens with them: no regression until the mean rises by half.
    """
    rise = recent.mean - baseline.mean
    explained = view_load(victim, spans).explained_seconds
    return bool(explained >= 0.5 * rise > 0 and recent.mean < THRESHOLDS.load_ratio * baseline.mean)


def still_there(victim: Victim, baseline: Level, after: Bools) -> bool:
    """Went-away check: at least two steps were slow, and so is the newest that has requests."""
    scores = Reference.of(baseline.counts[None, :]).scores[0]
    slow = _mean_scores(victim, scores)[after]
    seen = slow[np.isfinite(slow)]
    return len(seen) >= 2 and bool(seen[-1] > 0.1) and int((seen > 0.1).sum()) >= 2  # noqa: PLR2004


def _mean_scores(victim: Victim, scores: Floats) -> Floats:
    """Mean mid-rank of each step's requests, shape (T,); NaN without requests."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(victim.first_tokens > 0, scores @ victim.counts / victim.first_tokens, np.nan)


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
