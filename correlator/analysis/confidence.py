"""How probable it is that a suspect is a culprit: two small logistic models over features that a person can check.

One says whether storage contention slowed this victim down at all, the other, given that it did, whether this suspect
did it. Their product is the confidence: a large share never makes up for a victim that is not exposed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import exp, isfinite, log, log1p

LARGEST_LOG_ODDS = 4.0
"""A probability that enters as a feature says no more than 0.982 or less than 0.018."""

CERTAIN = 0.99
"""No model of this size, fitted on some thousand cases, knows better than this."""

CERTAIN_ELSEWHERE = 0.95
"""Nor better than this of what it was not fitted on, on which fewer cases have tried it: docs/decisions/symptoms.md."""


def log_odds(probability: float, largest: float = LARGEST_LOG_ODDS) -> float:
    """Log of p over 1 − p, held within ± `largest`; NaN counts as nothing known, 0."""
    if not isfinite(probability):
        return 0.0
    if not 0.0 < probability < 1.0:
        return largest if probability >= 1.0 else -largest
    return max(-largest, min(largest, log(probability) - log1p(-probability)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFeatures:
    """What speaks for storage contention as the cause; each larger where it speaks for it.

    `volume_worse`, `victim_exposed` and `load_added` are log-odds of the links of the chain. `explained` is the part of
    the rise of mean TTFT that slower storage accounts for, 0–1. `observed` is the log of 1 + slow steps seen, up to
    20. `recurred` is how many earlier regressions in the window had a suspect's rise with them, less those without.
    `harmful` is what days tell of those who added load: 0 where they tell nothing, negative where they were as busy
    without a regression more often than with one.
    """

    volume_worse: float
    victim_exposed: float
    load_added: float
    explained: float
    observed: float
    recurred: float
    harmful: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CulpritFeatures:
    """What speaks for one suspect where storage contention is the cause; each larger where it speaks for it.

    `share` is the log-odds of its part of the added device time; `unusual` is −log10 of its p-value, 0.3 where that
    is not known; `timely` is 0 when its rise began with the regression, negative when long before or after;
    `tracking` is the rank correlation of its device time with the volume's queue; `recurred` is how many earlier
    regressions in the window it rose with, less those it did not; `told` is 0 for a pod, and for I/O that no pod
    accounts for negative while the pods' counters may only be late.
    """

    share: float
    unusual: float
    timely: float
    tracking: float
    recurred: float
    told: float


Features = ChainFeatures | CulpritFeatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """A logistic model: log-odds `intercept` + Σ weight × feature. Weights are never negative."""

    intercept: float
    weights: Mapping[str, float]

    def terms(self, features: Features) -> dict[str, float]:
        """What each feature adds to the log-odds."""
        return {field.name: self.weights[field.name] * getattr(features, field.name) for field in fields(features)}

    def probability(self, features: Features) -> float:
        """The probability, 0 to CERTAIN."""
        odds = self.intercept + sum(self.terms(features).values())
        return min(CERTAIN, 1.0 / (1.0 + exp(min(-odds, 700.0))))  # no overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceModel:
    """Both models, as fitted on labelled cases."""

    chain: Logistic
    culprit: Logistic
