"""Who moves most bytes while it is slow: the first thing that anybody looks at."""

import numpy as np

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates

THRESHOLD = 0.5
"""Half of all bytes."""


def score(candidates: Candidates) -> Floats:
    """Each pod's part of all bytes since the onset, shape (P,)."""
    moved = np.nansum(candidates.bytes_per_second[:, candidates.is_during], axis=1)
    total = moved.sum()
    return np.asarray(moved / total if total > 0 else np.zeros_like(moved))
