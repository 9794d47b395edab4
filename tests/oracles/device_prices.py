"""Device prices by least squares with the prior's weight as an argument."""

import numpy as np
from scipy.optimize import nnls

from correlator.model.frame import Floats


def prices(load: Floats, queue: Floats, prior: Floats, weight: float) -> Floats:
    """Seconds for each unit of four rates, from device totals (4, T) and queue time (T,).

    Minimizes the squared error of queue time relative to its mean, plus `weight` times the squared distance of each
    price from the prior's, relative to it, the prior scaled to the device. No price is negative.
    """
    scaled = prior * queue.mean() / (prior @ load).mean()
    rows = [[load[i, t] * scaled[i] / queue.mean() for i in range(4)] for t in range(load.shape[1])]
    target = [queue[t] / queue.mean() for t in range(load.shape[1])]
    for i in range(4):
        rows.append([np.sqrt(weight) if j == i else 0.0 for j in range(4)])
        target.append(np.sqrt(weight))
    factors, _ = nnls(np.array(rows), np.array(target))
    found: Floats = scaled * np.maximum(factors, 1e-3)
    return found
