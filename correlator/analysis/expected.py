"""How slow first tokens are expected to be under the load they came under, so that its waves hide nothing.

Arrivals come in waves, and the wait for a free slot follows them: quiet steps scatter far more than requests do. A
linear model of each step's mean score on present and recent load, fitted on the quiet steps, takes most of that away.
Only load that comes from outside is used; requests that wait or run would explain slow storage away.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.rates import Bools
from correlator.analysis.victims import Victims
from correlator.model.frame import Floats

MEMORIES_SECONDS = (30.0, 120.0)
"""Queues remember: load is taken as it is, and as it was over times like these."""

RIDGE = 0.1
"""Keeps coefficients of loads that hardly vary small; in units of requests, for features of unit variance."""


def load_features(victims: Victims) -> Floats:
    """`load_of` for all victims, shape (V, F, T)."""
    return load_of(victims.arrivals, victims.first_tokens, victims.prompt_tokens, victims.grid.step)


def load_of(arrivals: Floats, first_tokens: Floats, prompt_tokens: Floats, step: int) -> Floats:
    """What a victim was asked to do, shape (V, F, T): arrivals, prompt tokens, both of late, and prompt length.

    From gains in each step, shape (V, T). Scaled to mean 1 over the window; an unknown step counts as a mean one. The
    first feature is 1.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.where(first_tokens > 0, prompt_tokens / first_tokens, np.nan)
    length = _relative(length)
    rates = _relative(arrivals)
    loads = np.stack([rates, rates * length])
    of_late = _remembered(loads, np.maximum(2.0, np.array(MEMORIES_SECONDS) / step))
    found = [np.ones_like(rates), length]
    for load, late in zip(loads, of_late, strict=True):
        found += [load, *late]
    return np.stack(found, axis=1)


def _relative(values: Floats) -> Floats:
    """Over its mean in the window, 1 where unknown or where there is no mean; shape (V, T)."""
    known = np.isfinite(values)
    number = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / number
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(known & (mean > 0), values / mean, 1.0)
    return np.asarray(relative)


def _remembered(loads: Floats, steps: Floats) -> Floats:
    """Exponentially weighted means over some steps, which begin at 1, the mean; (L, V, T) and (M,) give (L, M, V, T).

    Sums over ever twice as many steps. scipy.signal's filter does the same, and takes 27 MB of memory to be imported.
    """
    kept = (1.0 - 1.0 / steps)[:, None, None]
    means = (1.0 - kept) * loads[:, None]
    means[..., :1] += kept
    reach = 1
    while reach < loads.shape[-1]:
        means[..., reach:] += kept * means[..., :-reach]
        kept, reach = kept**2, 2 * reach
    return np.asarray(means)


def ridged(normal: Floats) -> Floats:
    """Normal equations (V, F, F), of which the first entry is the number of requests, with a ridge."""
    number = np.maximum(normal[:, 0, 0], 1.0)
    spread = np.einsum("vff->vf", normal) / number[:, None]
    ridge = RIDGE * np.einsum("vf,fg->vfg", np.maximum(spread, 1e-6), np.eye(normal.shape[1]))
    return np.asarray(normal + ridge, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """A model of scores: `coefficients` (V, F) and `covariance` (V, F, F) of them for requests of unit variance.

    `parameters` is how many were fitted: the steps that they were fitted on scatter less by so much.
    """

    coefficients: Floats
    covariance: Floats
    parameters: int

    @classmethod
    def fit(cls, sums: Floats, requests: Floats, used: Bools, features: Floats) -> "Expectation":
        """From sums of scores and numbers of requests, (V, T), on the used steps, and features (V, F, T)."""
        weight = np.where(used, requests, 0.0)
        weighted = features * weight[:, None, :]
        normal = ridged(np.einsum("vft,vgt->vfg", weighted, features))
        covariance = np.asarray(np.linalg.inv(normal), dtype=np.float64)
        right = np.einsum("vft,vt->vf", features, np.where(used, sums, 0.0))
        return cls(np.einsum("vfg,vg->vf", covariance, right), covariance, features.shape[1])

    def of(self, requests: Floats, features: Floats) -> Floats:
        """The expected sum of scores of these requests, shape (V, T)."""
        return np.asarray(requests * np.einsum("vf,vft->vt", self.coefficients, features))

    def doubt(self, requests: Floats, features: Floats) -> Floats:
        """Variance of the expected sum over all given steps, in variances of one request, shape (V,).

        Large where the load is unlike any that the model was fitted on.
        """
        asked = np.einsum("vft,vt->vf", features, requests)
        return np.asarray(np.einsum("vf,vfg,vg->v", asked, self.covariance, asked))
