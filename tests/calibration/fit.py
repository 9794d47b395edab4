"""A logistic model whose weights are never negative, by penalised maximum likelihood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]

PENALTY = 2.0
"""Of the squared weights, in samples: keeps a feature that separates a few cases by chance from ruling them all."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N labelled looks: `features` (N, F), `labels` (N,) 0 or 1, `weights` (N,) with mean 1."""

    names: tuple[str, ...]
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
    """The most likely model, given that more of a feature never speaks against guilt.

    Features are scaled to unit variance for the penalty. Raises ValueError where one label is missing.
    """
    if not 0 < samples.labels.sum() < len(samples.labels):
        raise ValueError("expected samples of both labels")
    scale = np.maximum(samples.features.std(axis=0), 1e-9)
    scaled = np.column_stack([np.ones(len(samples.labels)), samples.features / scale])

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        odds = scaled @ coefficients
        penalised = np.concatenate([[0.0], coefficients[1:]])
        value = samples.weights @ (np.logaddexp(0.0, odds) - samples.labels * odds) + penalty * penalised @ penalised
        slope = scaled.T @ (samples.weights * (1.0 / (1.0 + np.exp(-odds)) - samples.labels)) + 2 * penalty * penalised
        return float(value), slope

    bounds = [(None, None)] + [(0.0, None)] * len(samples.names)
    found = minimize(loss, np.zeros(scaled.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B")
    return Fitted(float(found.x[0]), found.x[1:] / scale)
