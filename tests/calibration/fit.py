"""A logistic model whose weights never fall far below what is expected, by penalised maximum likelihood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]

PENALTY = 2.0
"""Of the squared distance of weights from what is expected, in samples: cases that are all alike say little, and a
feature that separates a few of them by chance must not rule them all. The rarer one label is, the less do the cases
tell of what makes it, and the more weighs what is expected."""

LEAST = 0.5
"""No weight is below this part of what is expected: those who got so far that they were asked about are alike in some
features, which would seem to say nothing, and more of a feature never speaks against guilt."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N labelled looks: `features` (N, F), `labels` (N,) 0 or 1, `weights` (N,) with mean 1.

    `expected` (F,) are the models' weights that are expected before any look.
    """

    names: tuple[str, ...]
    expected: Floats
    features: Floats
    labels: Floats
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Log-odds = `intercept` + features · `weights`, shape (F,)."""

    intercept: float
    weights: Floats

    def probability(self, features: Floats) -> Floats:
        """For features of shape (N, F): shape (N,)."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.intercept + features @ self.weights))))


def fit(samples: Samples, penalty: float = PENALTY) -> Fitted:
    """The most likely model, given what is expected of it; see LEAST.

    Features are scaled to unit variance for the penalty. Raises ValueError where one label is missing.
    """
    if not 0 < samples.labels.sum() < len(samples.labels):
        raise ValueError("expected samples of both labels")
    scale = samples.features.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    rarer = min(samples.labels.sum(), (1.0 - samples.labels).sum())
    penalty = penalty * np.sqrt(len(samples.labels) / rarer)
    expected = np.concatenate([[0.0], samples.expected * scale])
    scaled = np.column_stack([np.ones(len(samples.labels)), samples.features / scale])

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        odds = scaled @ coefficients
        penalised = coefficients - expected
        penalised[0] = 0.0
        value = samples.weights @ (np.logaddexp(0.0, odds) - samples.labels * odds) + penalty * penalised @ penalised
        slope = scaled.T @ (samples.weights * (1.0 / (1.0 + np.exp(-odds)) - samples.labels)) + 2 * penalty * penalised
        return float(value), slope

    bounds = [(None, None), *((least, None) for least in (LEAST * expected[1:]).tolist())]
    found = minimize(loss, expected, jac=True, bounds=bounds, method="L-BFGS-B")
    return Fitted(float(found.x[0]), found.x[1:] / scale)
