"""TTFT over some set of steps, and how far one level lies above another."""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.distribution import quantile
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victim
from correlator.model.frame import Floats

QUANTILE_REQUESTS = 20
"""With fewer requests a quantile says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """TTFT of some set of steps: bucket counts (B,), mean, and the requests behind them; NaN without requests."""

    counts: Floats
    mean: float
    requests: float

    @classmethod
    def over(cls, victim: Victim, steps: Bools) -> "Level":
        """The level over the chosen steps, unknown ones left out."""
        known = steps & np.isfinite(victim.first_tokens) & np.isfinite(victim.ttft_sum)
        counts = victim.counts[:, known].sum(axis=1)
        requests = float(victim.first_tokens[known].sum())
        mean = float(victim.ttft_sum[known].sum()) / requests if requests > 0 else float("nan")
        return cls(counts, mean, requests)

    def statistic(self, name: str, bounds: Floats) -> float:
        """`mean`, or a quantile as `p95`."""
        return self.mean if name == "mean" else quantile(self.counts, bounds, float(name[1:]) / 100.0)


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one statistic rose, in seconds."""

    statistic: str
    baseline: float
    observed: float

    @property
    def ratio(self) -> float:
        """Observed over baseline; inf when the baseline is zero."""
        return self.observed / self.baseline if self.baseline > 0 else float("inf")


def effect(baseline: Level, recent: Level, bounds: Floats) -> Effect | None:
    """The statistic that rose most in ratio; None when nothing can be compared. Quantiles need enough requests."""
    names = ["mean"]
    if recent.requests >= QUANTILE_REQUESTS and baseline.requests >= QUANTILE_REQUESTS:
        names += ["p50", "p95"]
    effects = [Effect(n, baseline.statistic(n, bounds), recent.statistic(n, bounds)) for n in names]
    seen = [e for e in effects if np.isfinite(e.baseline) and np.isfinite(e.observed)]
    return max(seen, key=lambda e: e.ratio, default=None)


def is_practical(found: Effect | None, parameters: Parameters) -> bool:
    """Whether a person would feel it: the ratio and the absolute floor are both exceeded."""
    return (
        found is not None
        and found.ratio >= parameters.ttft_ratio
        and found.observed - found.baseline >= parameters.ttft_floor_seconds
    )
