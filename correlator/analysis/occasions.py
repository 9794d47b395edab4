"""Whether a suspect was there the other times too: each earlier regression in the window is one more observation.

A job that runs every quarter of an hour may be hard to tell from a neighbour on one occasion; over three it is not.
"""

import numpy as np

from correlator.analysis.rates import Bools
from correlator.analysis.windows import Spans, mean_over
from correlator.model.frame import Floats

SAME_PART = 0.3
"""It was there when it rose by this part of what it rises by now."""

MOST = 3.0
"""More occasions than this, on either side, say no more."""


def recurred(device_time: Floats, spans: Spans) -> float:
    """Earlier regressions with which this load rose as now, less those with which it did not, within ± MOST."""
    before = mean_over(device_time, spans.before)
    rise = mean_over(device_time, spans.during) - before
    if not rise > 0:
        return 0.0
    seen = [mean_over(device_time, run) - before for run in occasions(spans.earlier)]
    with_it = sum(value >= SAME_PART * rise for value in seen if np.isfinite(value))
    known = sum(bool(np.isfinite(value)) for value in seen)
    return float(np.clip(2 * with_it - known, -MOST, MOST))


def occasions(steps: Bools) -> list[Bools]:
    """The runs of consecutive chosen steps, each as a mask of the same shape, oldest first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]).astype(np.int8)))
    runs = []
    for start, end in edges.reshape(-1, 2).tolist():
        run = np.zeros(len(steps), dtype=np.bool_)
        run[start:end] = True
        runs.append(run)
    return runs
