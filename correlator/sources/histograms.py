"""Native histograms as the JSON API shows them, turned into the cumulative buckets of classic ones.

A sample is `{"count", "sum", "buckets": [[rule, left, right, count], …]}` with empty buckets left out
(prometheus.io/docs/prometheus/latest/querying/api, native histograms); one with custom buckets looks the same. Which
bounds show up differs from sample to sample, so all are read at the same fixed `BOUNDS`: exact where a bound is one of
the histogram's own or lies in an empty bucket, by linear interpolation inside a bucket otherwise. So a bucket's total
never falls while its histogram only grows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from correlator.model.frame import Floats

BOUNDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8),
    *(1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 160.0, 640.0, 2560.0),
)
"""Upper bounds in seconds, those of the inference servers' own histograms and some between; +Inf is one more."""

NAMES = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")
_BOUNDS = np.array(BOUNDS)


def cumulative(samples: Sequence[Sequence[Any]]) -> Floats:
    """Observations at or below each bound, shape (bounds + 1, samples); `samples` are pairs of time and histogram.

    Raises KeyError, TypeError or ValueError on what is none.
    """
    found = np.empty((len(NAMES), len(samples)))
    for column, (_, histogram) in enumerate(samples):
        found[:-1, column] = _below(histogram)
        found[-1, column] = float(histogram["count"])
    return found


def _below(histogram: Mapping[str, Any]) -> Floats:
    """Observations at or below each of `BOUNDS`, shape (bounds,)."""
    buckets = np.array([[float(part) for part in bucket[1:]] for bucket in histogram.get("buckets") or []])
    if not buckets.size:
        return np.zeros(len(BOUNDS))
    left, right, count = np.maximum(buckets[:, 0], 0.0), buckets[:, 1], buckets[:, 2]
    width = np.where(np.isfinite(right), right - left, np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(width > 0, (_BOUNDS[:, None] - left) / width, np.inf)
    part[_BOUNDS[:, None] >= right] = 1.0
    part[_BOUNDS[:, None] <= left] = 0.0
    return np.asarray(np.clip(part, 0.0, 1.0) @ count)
