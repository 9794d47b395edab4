"""Whether a suspect was there the other times too: each earlier regression in the window is one more observation.

A job that runs every quarter of an hour may be hard to tell from a neighbour on one occasion; over three it is not.
"""

import numpy as np

from correlator.analysis.rates import Bools
from correlator.analysis.rowwise import above, means
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats

SAME_PART = 0.3
"""It was there when it rose by this part of what it rises by now."""

MOST = 3.0
"""More occasions than this, on either side, say no more."""


def occasion_balance(device_time: Floats, spans: Spans) -> Floats:
    """Earlier regressions with which each load rose as now, less those with which it did not, within ± MOST.

    `device_time` has shape (…, T), the result (…).
    """
    before = means(device_time, spans.before)
    during = means(device_time, spans.during)
    rise = during - before
    balance = np.zeros(rise.shape)
    for run in occasions(spans.earlier):
        seen = means(device_time, run) - before
        balance += np.where(seen >= SAME_PART * rise, 1.0, np.where(np.isfinite(seen), -1.0, 0.0))
    return np.where(above(during, before), np.clip(balance, -MOST, MOST), 0.0)


def occasions(steps: Bools) -> list[Bools]:
    """The runs of consecutive chosen steps, each as a mask of the same shape, oldest first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]).astype(np.int8)))
    runs = []
    for start, end in edges.reshape(-1, 2).tolist():
        run = np.zeros(len(steps), dtype=np.bool_)
        run[start:end] = True
        runs.append(run)
    return runs
