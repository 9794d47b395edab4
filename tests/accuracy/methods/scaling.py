"""What N-Sigma and BARO share: the highest value since the onset, scaled by what was usual before."""

from collections.abc import Callable

import numpy as np

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates

Usual = Callable[[Floats], tuple[float, float]]
"""Centre and scale of the known values before, shape (n,)."""


def highest(candidates: Candidates, usual: Usual) -> Floats:
    """The highest scaled value since the onset over the four rates of each pod, shape (P,).

    A rate that never varied before has scale 1, as scikit-learn's scalers have it; the published code drops such
    columns, and with them every pod that was born with the event, which would be too easy to beat. A rate that is not
    known on either side says nothing: minus infinity.
    """
    during = candidates.is_during
    scores = [[_scaled(rate[~during], rate[during], usual) for rate in rates] for rates in candidates.rates]
    return np.array([max(each) for each in scores])


def _scaled(before: Floats, after: Floats, usual: Usual) -> float:
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if not len(before) or not len(after):
        return -np.inf
    centre, scale = usual(before)
    return (float(after.max()) - centre) / (scale if scale > 10 * np.finfo(np.float64).eps else 1.0)
