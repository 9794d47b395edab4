"""Whose flushes they are: a device counts them, no cgroup does.

A write of a database brings a flush, one of a backup hardly ever: each pod's flushes for a write are what lets all
pods' writes together give the device's flushes, by non-negative least squares.
"""

import numpy as np
from scipy.optimize import nnls

from correlator.analysis.rates import Bools
from correlator.analysis.rows import Indices
from correlator.analysis.rowwise import means
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats

WRITERS = 16
"""So many pods whose writes rose most are told apart; all others have one number of flushes for a write."""

PRIOR_WEIGHT = 0.1
"""How many steps of evidence it is worth that all of them flush alike."""


def flushes_per_write(flushes: Floats, writes: Floats, spans: Spans) -> Floats:
    """Flushes that come with each write, shape (N,), from the device's flushes (T,) and everybody's writes (N, T).

    0 for all where flushes are not counted. An unknown write counts as none: who was not there did not write.
    """
    steps = (spans.before | spans.during) & np.isfinite(flushes) & np.isfinite(writes).any(axis=0)
    written = np.maximum(np.nan_to_num(writes[:, steps]), 0.0)
    total = written.sum()
    if not total > 0 or not flushes[steps].sum() > 0:
        return np.zeros(len(writes))
    alone, place = _told_apart(writes, spans)
    columns = np.vstack([written[alone], written[~alone].sum(axis=0)])
    alike = float(flushes[steps].sum() / total)
    usual = np.sqrt(PRIOR_WEIGHT * (columns**2).mean(axis=1))
    found, _ = nnls(np.vstack([columns.T, np.diag(usual)]), np.concatenate([flushes[steps], usual * alike]))
    return np.asarray(found)[place]


def _told_apart(writes: Floats, spans: Spans) -> tuple[Bools, Indices]:
    """Which rows have a number of their own, and the place of each row's number; the last is that of all others."""
    rise = np.nan_to_num(means(writes, spans.during)) - np.nan_to_num(means(writes, spans.before))
    most = np.argsort(-rise, kind="stable")[:WRITERS]
    alone = np.zeros(len(writes), dtype=np.bool_)
    alone[most[rise[most] > 0]] = True
    return alone, np.where(alone, np.cumsum(alone) - 1, alone.sum())
