"""Which steps of each victim are free of known regressions."""

from collections.abc import Sequence

import numpy as np

from correlator.analysis.memory import Memory, OpenRegression, PastRegression
from correlator.analysis.rates import Bools
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.windows import GUARD_STEPS
from correlator.model.grid import Grid
from correlator.model.topology import PodRef


def key_of(regression: OpenRegression | PastRegression) -> VictimKey:
    """The victim of a remembered regression."""
    return VictimKey(PodRef(regression.namespace, regression.pod), regression.model_name)


def quiet_steps(victims: Victims, memory: Memory) -> Bools:
    """Steps outside every known regression of the victim, with a margin: the rest is neither normal nor new."""
    return quiet_of(victims.keys, victims.grid, memory)


def quiet_of(keys: Sequence[VictimKey], grid: Grid, memory: Memory) -> Bools:
    """The same for victims of whom no more than the keys is known, shape (V, T)."""
    quiet = np.ones((len(keys), grid.count), dtype=np.bool_)
    rows = {key: row for row, key in enumerate(keys)}
    spans = [(key_of(r), r.onset_at, None) for r in memory.open] + [(key_of(p), p.start, p.end) for p in memory.past]
    for key, start, end in spans:
        if key in rows:
            first = max(0, grid.index(start) - GUARD_STEPS)
            last = grid.count if end is None else grid.index(end) + GUARD_STEPS
            quiet[rows[key], first : max(first, last)] = False
    return quiet
