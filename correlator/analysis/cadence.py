"""When the I/O counters of pods really moved, and loads that take it into account.

The kubelet reads its cgroups every ten to fifteen seconds, however often it is scraped. A counter that stands still in
between did not stop: what it gained belongs to the whole stretch since it last moved. The device's own counters, which
never stand still, are evened over the same stretches before the two are compared.
"""

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.rates import Bools
from correlator.model.frame import Floats

LONGEST_SECONDS = 30
"""No kubelet reads its cgroups more rarely; a pod that moves more rarely than this is simply rarely busy."""

MOVES = 4
"""With fewer moves nothing is known of their rhythm."""

Steps = NDArray[np.intp]


def readings(loads: Floats, step: int) -> Steps | None:
    """The steps at which the kubelet read the counters; None when it did so at every step, as far as can be told.

    They are the moves of the pod that moves most often; `loads` have shape (4, pods, T).
    """
    moves = np.asarray((loads > 0).any(axis=0))
    gaps = _median_gaps(moves)
    often = int(np.argmin(gaps)) if len(gaps) else None
    return np.flatnonzero(moves[often]) if often is not None and 1 < gaps[often] <= LONGEST_SECONDS / step else None


def _median_gaps(moves: Bools) -> Floats:
    """The median number of steps from move to move of each row, shape (pods,); infinite where it moved too rarely."""
    steps = np.arange(moves.shape[1])
    newest = np.maximum.accumulate(np.where(moves, steps, -1), axis=1)
    gaps = np.full(moves.shape, np.inf)
    gaps[:, 1:] = np.where(moves[:, 1:] & (newest[:, :-1] >= 0), steps[1:] - newest[:, :-1], np.inf)
    gaps.sort(axis=1)
    number = moves.sum(axis=1) - 1
    middle = np.maximum(np.stack([(number - 1) // 2, number // 2], axis=1), 0)
    return np.where(number + 1 >= MOVES, np.take_along_axis(gaps, middle, axis=1).mean(axis=1), np.inf)


def evened(load: Floats, read: Steps | None) -> Floats:
    """The load, shape (…, T), with its mean over each stretch between readings; NaN after the newest reading.

    Unchanged without readings. Unknown steps of a stretch are left out of its mean.
    """
    if read is None:
        return load
    end = int(read[-1]) + 1
    starts = np.concatenate([[0], read[:-1] + 1])
    known = np.isfinite(load[..., :end])
    sums = np.add.reduceat(np.where(known, load[..., :end], 0.0), starts, axis=-1)
    number = np.add.reduceat(known.astype(np.intp), starts, axis=-1)
    even = np.full_like(load, np.nan)
    with np.errstate(invalid="ignore"):
        even[..., :end] = np.repeat(sums / number, np.diff(starts, append=end), axis=-1)
    return even
