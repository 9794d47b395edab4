"""Expected scores by weighted ridge regression, request by request."""

from collections.abc import Sequence

import numpy as np

from correlator.model.frame import Floats


def coefficients(
    sums: Sequence[float], requests: Sequence[int], features: Sequence[Sequence[float]], ridge: float
) -> Floats:
    """Of the model that expects `features[t] · coefficients` of each request in step t; shape (F,).

    Every request is a row of its own with its step's mean score; the ridge is on features of unit mean square.
    """
    rows, target = [], []
    for total, number, step in zip(sums, requests, features, strict=True):
        rows += [list(step)] * number
        target += [total / number] * number
    design = np.array(rows)
    scale = np.sqrt(np.maximum((design**2).mean(axis=0), 1e-6))
    penalty = np.sqrt(ridge) * np.diag(scale)
    found, *_ = np.linalg.lstsq(
        np.vstack([design, penalty]), np.concatenate([target, np.zeros(len(scale))]), rcond=None
    )
    return np.asarray(found)
