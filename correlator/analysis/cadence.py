"""When the I/O counters of pods really moved, and loads that take it into account.

The kubelet reads its cgroups every ten to fifteen seconds, however often it is scraped. A counter that stands still in
between did not stop: what it gained belongs to the whole stretch since it last moved. The device's own counters, which
never stand still, are evened over the same stretches before the two are compared.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats

LONGEST_SECONDS = 30
"""No kubelet reads its cgroups more rarely; a pod that moves more rarely than this is simply rarely busy."""

MOVES = 4
"""With fewer moves nothing is known of their rhythm."""

Steps = NDArray[np.intp]


def readings(loads: Sequence[Floats], step: int) -> Steps | None:
    """The steps at which the kubelet read the counters; None when it did so at every step, as far as can be told.

    They are the moves of the pod that moves most often; `loads` have shape (4, T).
    """
    moves = [found for found in map(_moves, loads) if len(found) >= MOVES]
    if not moves:
        return None
    often = min(moves, key=lambda found: float(np.median(np.diff(found))))
    gap = float(np.median(np.diff(often)))
    return often if 1 < gap <= LONGEST_SECONDS / step else None


def _moves(load: Floats) -> Steps:
    return np.flatnonzero(np.nan_to_num(load).sum(axis=0) > 0)


def evened(load: Floats, read: Steps | None) -> Floats:
    """The load, shape (4, T), with its mean over each stretch between readings; NaN after the newest reading.

    Unchanged without readings. Unknown steps of a stretch are left out of its mean.
    """
    if read is None:
        return load
    even = np.full_like(load, np.nan)
    first = 0
    for last in read.tolist():
        known = load[:, first : last + 1]
        number = np.isfinite(known).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            even[:, first : last + 1] = (np.nansum(known, axis=1) / number)[:, None]
        first = last + 1
    return even
