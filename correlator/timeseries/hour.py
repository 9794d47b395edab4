"""One metric over one hour, wherever it is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats
from correlator.timeseries.names import Names

Accepts: TypeAlias = Callable[[str], bool]
Steps: TypeAlias = NDArray[np.int64]
"""Cycles in epoch seconds, ascending; shape (n,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Hour:
    """One metric over one hour, or what there is of it. `times` holds all cycles, `read` gives values of some rows.

    `read` takes row numbers (ascending) and gives (rows, times); what is damaged is said in the log and NaN. It may
    raise StoreError, and works as long as the connection that the hour was found with.
    """

    names: Names
    times: Steps
    read: Callable[[NDArray[np.int64]], Floats]
