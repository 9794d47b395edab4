"""What an operation and a byte cost a volume, learnt from the device's own totals.

Forty MB/s of small random writes can hurt more than 400 MB/s of sequential ones, so pods are compared by device
time: their four rates priced by a non-negative least-squares fit of the device's queue time
(C. L. Lawson, R. J. Hanson 1974, Solving Least Squares Problems, doi:10.1137/1.9781611971217). Flushes have a price of
their own where the device counts them: no cgroup counts them, but a pod's writes may bring them (see `flushes`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

PRIOR = np.array([1.0e-4, 1.0e-4, 1.5e-9, 1.5e-9])
"""Seconds per read, write, read byte, written byte of an ordinary SSD: only their proportions matter."""

FLUSH_PRIOR = 1.0e-3
"""Seconds per flush of such an SSD."""

PRIOR_WEIGHT = 0.1
"""How many steps of evidence the prior's proportions are worth."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Seconds of queue time for each unit of `volumes.RATES`, shape (4,); never negative, never all zero.

    `flush` is that for one flush; 0 where flushes are not counted.
    """

    seconds: Floats
    fitted_steps: int
    flush: float = 0.0

    def of(self, load: Floats) -> Floats:
        """Device time of a load with shape (4, …), in seconds per second; NaN where a rate is unknown.

        Equal loads have equal device times, wherever they stand: a matrix product may round them differently.
        """
        return np.asarray(sum(price * rate for price, rate in zip(self.seconds, load, strict=True)))

    def of_device(self, load: Floats, flushes: Floats) -> Floats:
        """Device time of a device's own load (4, T) with its flushes (T,); unknown flushes cost nothing."""
        return self.of(load) + self.flush * np.nan_to_num(flushes)


def learn_prices(load: Floats, queue_depth: Floats, steps: Bools, flushes: Floats | None = None) -> Prices:
    """Prices from device totals (4, T) and queue time (T,) over the chosen steps, and from flushes (T,) if they count.

    The prior's proportions, scaled to the device, hold where the data say nothing, as when nobody ever read.
    """
    usable = steps & np.isfinite(load).all(axis=0) & np.isfinite(queue_depth)
    rates, prior = load, PRIOR
    if flushes is not None and np.isfinite(flushes[usable]).any():
        usable = usable & np.isfinite(flushes)
        rates, prior = np.vstack([load, flushes]), np.append(PRIOR, FLUSH_PRIOR)
    rates, queue = rates[:, usable], queue_depth[usable]
    priced = prior @ rates if usable.any() else np.zeros(1)
    if not usable.any() or not priced.mean() > 0 or not queue.mean() > 0:
        return Prices(PRIOR.copy(), int(usable.sum()))
    prior = prior * queue.mean() / priced.mean()
    design = (rates * prior[:, None]).T / queue.mean()
    ridge = np.sqrt(PRIOR_WEIGHT) * np.eye(len(prior))
    factors, _ = nnls(
        np.vstack([design, ridge]), np.concatenate([queue / queue.mean(), np.full(len(prior), np.sqrt(PRIOR_WEIGHT))])
    )
    seconds = prior * np.maximum(factors, 1e-3)
    return Prices(seconds[:4], int(usable.sum()), float(seconds[4:].sum()))
