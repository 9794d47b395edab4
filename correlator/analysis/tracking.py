"""Whether a suspect's load and the volume's queue go up and down together, step by step."""

import numpy as np
from scipy.stats import rankdata

from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

TRACKING_STEPS = 8
"""With fewer known steps a correlation says nothing."""


def tracking(device_time: Floats, queue: Floats, steps: Bools) -> Floats:
    """Spearman's rank correlation of each row with the queue over the chosen steps that are known, shape (rows,).

    `device_time` has shape (rows, T), `queue` (T,). From −1 to 1; 0 where nothing varies.
    """
    known = steps & np.isfinite(device_time) & np.isfinite(queue)
    alike: dict[bytes, list[int]] = {}
    for row, seen in enumerate(known):
        alike.setdefault(seen.tobytes(), []).append(row)
    found = np.zeros(len(device_time))
    for rows in alike.values():
        seen = known[rows[0]]
        if seen.sum() >= TRACKING_STEPS:
            found[rows] = _correlations(_ranks(device_time[rows][:, seen]), _ranks(queue[None, seen]))
    return found


def _ranks(values: Floats) -> Floats:
    """Ranks within each row, their mean taken away; in single precision, so that rounding breaks no ties."""
    ranks = rankdata(values.astype(np.float32), axis=1)
    return np.asarray(ranks - ranks.mean(axis=1, keepdims=True))


def _correlations(ranks: Floats, others: Floats) -> Floats:
    spreads = ranks.std(axis=1) * others.std(axis=1)
    return np.where(spreads > 0, (ranks * others).mean(axis=1) / np.where(spreads > 0, spreads, 1.0), 0.0)
