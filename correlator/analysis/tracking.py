"""Whether a suspect's load and the volume's queue go up and down together, step by step."""

import numpy as np
from scipy.stats import rankdata

from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

TRACKING_STEPS = 8
"""With fewer known steps a correlation says nothing."""


def tracking(device_time: Floats, queue: Floats, steps: Bools) -> float:
    """Spearman's rank correlation over the chosen steps that are known, −1 to 1; 0 where nothing varies."""
    known = steps & np.isfinite(device_time) & np.isfinite(queue)
    if known.sum() < TRACKING_STEPS:
        return 0.0
    ranks = [rankdata(values[known]) for values in (device_time, queue)]
    spreads = [float(rank.std()) for rank in ranks]
    if not min(spreads) > 0:
        return 0.0
    centred = [rank - rank.mean() for rank in ranks]
    return float((centred[0] * centred[1]).mean() / (spreads[0] * spreads[1]))
