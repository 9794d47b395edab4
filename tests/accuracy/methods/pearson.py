"""Whose bytes go with TTFT: the largest |Pearson r| over a few lags."""

import numpy as np

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates

THRESHOLD = 0.7
"""What is commonly called a strong correlation."""

LAGS = 4
"""TTFT may follow the bytes by 0 to 3 steps."""

FEWEST = 8
"""Steps known on both sides; with fewer, no correlation is taken."""


def score(candidates: Candidates) -> Floats:
    """The best |r| of each pod, shape (P,); 0 where either side does not vary."""
    return np.array([_best(row, candidates.ttft) for row in candidates.bytes_per_second])


def _best(moved: Floats, ttft: Floats) -> float:
    lags = range(min(LAGS, len(ttft)))
    return max((abs(_r(moved[: len(moved) - lag], ttft[lag:])) for lag in lags), default=0.0)


def _r(left: Floats, right: Floats) -> float:
    known = np.isfinite(left) & np.isfinite(right)
    if known.sum() < FEWEST:
        return 0.0
    left, right = left[known] - left[known].mean(), right[known] - right[known].mean()
    scale = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / scale if scale > 0 else 0.0
