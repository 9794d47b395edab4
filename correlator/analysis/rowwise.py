"""Levels over chosen steps of many series at once: of all pods on a volume in one go, not pod by pod.

Series are the rows of an array, time its last axis of length T; NaN is what is not known.
"""

import numpy as np

from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

MOST = 0.8
"""So much of a run of steps has to be known."""

ROUNDING = 1e-9
"""Sums of the same numbers in another order differ by less than this part of themselves."""


def means(values: Floats, steps: Bools) -> Floats:
    """The mean of each row's known values among the chosen steps, shape (…) of (…, T); NaN where none is known."""
    chosen = values[..., steps]
    known = np.isfinite(chosen)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(known, chosen, 0.0).sum(axis=-1) / known.sum(axis=-1)
    return found


def deviations(values: Floats, steps: Bools) -> Floats:
    """The standard deviation of each row's known values among the chosen steps, shape (…); 0 where none is known."""
    distance = values - means(values, steps)[..., None]
    return np.nan_to_num(np.sqrt(means(distance * distance, steps)))


def block_means(values: Floats, steps: Bools, length: int) -> Floats:
    """Means of each row's runs of `length` consecutive steps, overlapping, shape (…, T − length + 1).

    NaN where a run is not mostly chosen and known, or not at both of its ends: a scrape that failed here and there does
    not break a run. Without any run where T is less than `length`.
    """
    usable = steps & np.isfinite(values)
    number = _run_sums(usable.astype(np.intp), length)
    sums = _run_sums(np.where(usable, values, 0.0), length)
    ends = usable[..., : number.shape[-1]] & usable[..., length - 1 :]
    return np.where(ends & (number > MOST * length - 0.01), sums / np.maximum(number, 1), np.nan)


def _run_sums(values: Floats, length: int) -> Floats:
    sums = np.cumsum(values, axis=-1)
    runs = sums[..., length - 1 :].copy()
    runs[..., 1:] -= sums[..., :-length]
    return runs


def at_least(values: Floats, level: Floats | float) -> Bools:
    """Whether values reach a level that is not negative: equal ones do, however they were added up. NaN never does."""
    return np.asarray(values >= np.asarray(level) * (1.0 - ROUNDING))


def above(values: Floats, level: Floats) -> Bools:
    """Whether values exceed a level that is not negative: equal ones do not, however they were added up."""
    return np.asarray(values > level * (1.0 + ROUNDING))
