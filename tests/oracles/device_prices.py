"""Device prices by least squares with the prior's weight as an argument."""

import numpy as np
from scipy.optimize import nnls

from correlator.model.frame import Floats


def prices(load: Floats, queue: Floats, prior: Floats, weight: float, half_life: float = float("inf")) -> Floats:
    """Seconds for each unit of four rates, from device totals (4, T) and queue time (T,).

    Minimizes the squared error of queue time relative to its mean, plus `weight` times the squared distance of each
    price from the prior's, relative to it, the prior scaled to the device. No price is negative. A step counts half
    as much as one that is `half_life` steps younger.
    """
    scaled = prior * queue.mean() / (prior @ load).mean()
    last = load.shape[1] - 1
    root = [0.5 ** ((last - t) / half_life / 2.0) for t in range(last + 1)]
    rows = [[root[t] * load[i, t] * scaled[i] / queue.mean() for i in range(4)] for t in range(last + 1)]
    target = [root[t] * queue[t] / queue.mean() for t in range(last + 1)]
    for i in range(4):
        rows.append([np.sqrt(weight) if j == i else 0.0 for j in range(4)])
        target.append(np.sqrt(weight))
    factors, _ = nnls(np.array(rows), np.array(target))
    found: Floats = scaled * np.maximum(factors, 1e-3)
    return found
