"""BARO's RobustScorer: as N-Sigma, by median and interquartile range (L. Pham et al. 2024, doi:10.1145/3660805)."""

import numpy as np

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates
from tests.accuracy.methods.scaling import highest

THRESHOLD = 3.0
"""The paper ranks and never abstains; three, as for N-Sigma."""


def score(candidates: Candidates) -> Floats:
    """The highest robust score of each pod, shape (P,)."""
    return highest(candidates, _usual)


def _usual(before: Floats) -> tuple[float, float]:
    low, middle, high = np.percentile(before, [25.0, 50.0, 75.0])
    return float(middle), float(high - low)
