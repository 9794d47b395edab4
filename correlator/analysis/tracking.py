"""Whether a suspect's load and the volume's queue go up and down together, step by step."""

import numpy as np

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
    """Ranks within each row, ties at their mean, the row's mean taken away; shape of `values`.

    In single precision, so that rounding breaks no ties.
    """
    single = values.astype(np.float32)
    order = np.argsort(single, axis=1)
    ordered = np.take_along_axis(single, order, axis=1)
    places = np.arange(values.shape[1])
    begins = np.ones(values.shape, dtype=np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(values.shape, dtype=np.bool_)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, places, places[-1])[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=1)
    return np.asarray(ranks - ranks.mean(axis=1, keepdims=True))


def _correlations(ranks: Floats, others: Floats) -> Floats:
    spreads = ranks.std(axis=1) * others.std(axis=1)
    return np.where(spreads > 0, (ranks * others).mean(axis=1) / np.where(spreads > 0, spreads, 1.0), 0.0)
