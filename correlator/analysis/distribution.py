"""Comparing TTFT distributions that are only known as counts in buckets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats


def quantile(counts: Floats, bounds: Floats, q: float) -> float:
    """The q-quantile in seconds of bucket counts, shape (B,), interpolated within its bucket; NaN without requests.

    As in Prometheus' histogram_quantile, the widest finite bound stands for what lies beyond it.
    """
    cumulative = counts.cumsum()
    total = float(cumulative[-1])
    if not total > 0:
        return float("nan")
    position = min(int(cumulative.searchsorted(q * total, side="left")), len(bounds) - 1)
    if np.isinf(bounds[position]):
        return float(bounds[position - 1]) if position else float("nan")
    lower = float(bounds[position - 1]) if position else 0.0
    below = float(cumulative[position - 1]) if position else 0.0
    inside = float(counts[position])
    part = (q * total - below) / inside if inside > 0 else 1.0
    return lower + (float(bounds[position]) - lower) * min(max(part, 0.0), 1.0)


def quantiles_by_step(counts: Floats, bounds: Floats, q: float) -> Floats:
    """`quantile` for each step of counts with shape (B, T); NaN where a step is unknown or has no requests."""
    steps = np.arange(counts.shape[1])
    upto = np.concatenate([np.zeros((1, len(steps))), np.cumsum(counts, axis=0)])
    wanted = q * upto[-1]
    position = np.minimum((upto[1:] < wanted).sum(axis=0), len(bounds) - 1)
    inside = counts[position, steps]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(inside > 0, (wanted - upto[position, steps]) / inside, 1.0)
    lower = np.concatenate([[0.0 if np.isfinite(bounds[0]) else np.nan], bounds[:-1]])
    width = np.where(np.isfinite(bounds), bounds - lower, 0.0)
    return np.where(upto[-1] > 0, lower[position] + width[position] * np.clip(part, 0.0, 1.0), np.nan)


def ridits(reference: Floats) -> Floats:
    """Each bucket's mid-rank among the reference counts, minus one half; shape of `reference`, (..., B).

    The mean over requests drawn like the reference is 0, its range (-0.5, 0.5): the Mann-Whitney statistic
    for ordered categories (I. D. J. Bross 1958, doi:10.2307/2527727). 0 everywhere when the reference is empty.
    """
    total = reference.sum(axis=-1, keepdims=True)
    middle = np.cumsum(reference, axis=-1) - 0.5 * reference
    scores: Floats = np.where(total > 0, middle / np.where(total > 0, total, 1.0) - 0.5, 0.0)
    return scores


@dataclass(frozen=True, slots=True)
class Shift:
    """How far recent requests lie above the reference, in standard deviations; both have shape (V,)."""

    body: Floats  # the whole distribution moved
    tail: Floats  # the slowest part grew

    @property
    def strongest(self) -> Floats:
        """The larger of the two."""
        return np.maximum(self.body, self.tail)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What is normal for each victim: bucket counts of its quiet steps and how much blocks of steps scatter.

    `counts` (V, B); `scores` (V, B) are ridits; `above` (V, B) is 1 in the buckets of the slowest tenth.
    """

    counts: Floats
    scores: Floats
    above: Floats

    @classmethod
    def of(cls, counts: Floats) -> "Reference":
        """From reference bucket counts, shape (V, B)."""
        total = counts.sum(axis=1, keepdims=True)
        from_here = total - np.cumsum(counts, axis=1) + counts
        above = (from_here <= 0.1 * total).astype(np.float64)
        return cls(counts, ridits(counts), above)

    def part(self, rows: NDArray[np.intp]) -> "Reference":
        """That of some victims."""
        return Reference(self.counts[rows], self.scores[rows], self.above[rows])


def step_scores(counts: Floats, weights: Floats) -> Floats:
    """Sum over requests of their bucket's weight, by step: counts (V, B, T), weights (V, B) → (V, T)."""
    sums: Floats = np.einsum("vbt,vb->vt", counts, weights)
    return sums


def overdispersion(sums: Floats, requests: Floats, variance: Floats, block: int) -> Floats:
    """How many times more blocks of `block` steps scatter than independent requests would, at least 1; shape (V,).

    `sums` and `requests` have shape (V, T): centred step scores and request counts of the reference (0 where a
    step is left out); `variance` (V,) is one request's. Blocks keep the autocorrelation. What a few blocks tell of
    scatter is itself uncertain: the excess over 1 is widened about as Student's t at five standard errors asks for.
    """
    whole = sums.shape[1] // block * block
    if whole < 2 * block:
        return np.ones(sums.shape[0])
    blocked = sums[:, :whole].reshape(sums.shape[0], -1, block).sum(axis=2)
    weight = requests[:, :whole].reshape(sums.shape[0], -1, block).sum(axis=2)
    expected = weight * variance[:, None]
    used: NDArray[np.bool_] = weight > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(used, blocked**2, 0.0).sum(axis=1) / np.where(used, expected, 0.0).sum(axis=1)
    excess = np.maximum(np.nan_to_num(factor, nan=1.0) - 1.0, 0.0)
    return np.asarray(1.0 + excess * (1.0 + 8.0 / np.maximum(used.sum(axis=1), 1)) ** 1.5)


def shift(recent: Floats, reference: Reference, body_factor: Floats, tail_factor: Floats) -> Shift:
    """Recent bucket counts, shape (V, B), against the reference, given the overdispersion of both statistics."""
    drawn = recent.sum(axis=1)
    known = reference.counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        widening = 1.0 + drawn / known
        spread = (reference.counts * reference.scores**2).sum(axis=1) / known
        spread = np.maximum(spread, 0.25 / (known + 1.0))  # all requests in one bucket still leave doubt
        body = (recent * reference.scores).sum(axis=1) / np.sqrt(spread * drawn * widening * body_factor)
        expected = ((reference.counts * reference.above).sum(axis=1) + 0.5) / (known + 1.0)
        seen = (recent * reference.above).sum(axis=1) / drawn
        tail = np.sign(seen - expected) * np.sqrt(2.0 * drawn * _divergence(seen, expected) / (widening * tail_factor))
    return Shift(np.nan_to_num(body), np.nan_to_num(tail))


def _divergence(seen: Floats, expected: Floats) -> Floats:
    """Kullback-Leibler divergence of two Bernoulli distributions, in nats."""
    with np.errstate(invalid="ignore", divide="ignore"):
        hit = np.where(seen > 0, seen * np.log(seen / expected), 0.0)
        miss = np.where(seen < 1, (1.0 - seen) * np.log((1.0 - seen) / (1.0 - expected)), 0.0)
    nats: Floats = np.maximum(hit + miss, 0.0)
    return nats
