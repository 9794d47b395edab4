"""What every method is given: the same pods, the same series, the same window, the same onset."""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.rates import Bools
from correlator.analysis.victims import VictimKey, victims_of
from correlator.analysis.volumes import pods_on_volume
from correlator.model.frame import Floats, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.model.topology import PodRef, Topology
from tests.simulator.case import VictimTruth


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The other P pods on a victim's volumes over T steps.

    `rates` (P, 4, T) are read and write operations and read and written bytes a second, NaN where not known; `ttft`
    (T,) the mean of each step's first tokens in seconds, NaN without any. `onset` is the index of the first slow step.
    """

    names: tuple[str, ...]
    rates: Floats
    ttft: Floats
    onset: int

    @property
    def is_during(self) -> Bools:
        """The steps from the onset on, shape (T,)."""
        return np.arange(len(self.ttft)) >= self.onset

    @property
    def bytes_per_second(self) -> Floats:
        """Read and written bytes together, shape (P, T)."""
        return np.asarray(self.rates[:, 2] + self.rates[:, 3])


def window_at(source: Source, signals: tuple[Signal, ...], at: int, step: int, width: int) -> Frames:
    """The `width` steps up to `at`."""
    return source.fetch(signals, Grid(at - (width - 1) * step, step, width))


def candidates_in(window: Frames, topology: Topology, truth: VictimTruth, onset: int) -> Candidates:
    """The candidates of one victim; `onset` is an index into the window."""
    ref = PodRef(truth.namespace, truth.pod)
    victims = victims_of(window)
    victim = victims.one(victims.keys.index(VictimKey(ref, truth.model_name)))
    loads: dict[PodRef, Floats] = {}
    for volume in sorted({edge.volume_id for edge in topology.edges if edge.pod == ref}):
        for pod, load in pods_on_volume(window, topology, volume).loads.items():
            loads[pod] = loads[pod] + load.load if pod in loads else load.load
    loads.pop(ref, None)
    names = tuple(str(pod) for pod in sorted(loads))
    rates = np.stack([loads[pod] for pod in sorted(loads)]) if loads else np.empty((0, 4, window.grid.count))
    with np.errstate(invalid="ignore", divide="ignore"):
        ttft = np.where(victim.first_tokens > 0, victim.ttft_sum / victim.first_tokens, np.nan)
    return Candidates(names, rates, ttft, onset)
