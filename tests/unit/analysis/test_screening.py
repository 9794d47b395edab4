"""The cheap bound of the z-scores never lies below them: it may spare work, and loses nobody."""

import numpy as np
import pytest

from correlator.analysis.distribution import Reference
from correlator.analysis.expected import load_features
from correlator.analysis.onset import scales
from correlator.analysis.regression import _shift_at, _shift_given_load
from correlator.analysis.screening import Bounds, bounds_of
from correlator.analysis.victims import Victims
from tests.unit.analysis.sample_victims import slowed, victims

ROUNDING = 1e-6


def wavy(seed: int) -> Victims:
    """A victim with waves of load and of slowness, whose last steps are busier and a little slower."""
    rng = np.random.default_rng(seed)
    steps = np.arange(200)
    means = 0.05 * (1.0 + 0.4 * np.sin(steps / rng.uniform(3, 20)))
    means[-int(rng.integers(2, 30)) :] *= rng.uniform(0.9, 2.0)
    return victims(rng.poisson(8.0 * (1.5 + np.sin(steps / 9.0))), means, seed=seed)


def both(seen: Victims) -> tuple[Bounds, Bounds]:
    """The bounds, and the z-scores themselves, at every length; a few steps are left out."""
    known = np.ones(seen.first_tokens.shape, dtype=np.bool_)
    known[:, 40:50] = known[:, -3] = False
    counts, requests = np.where(known[:, None], seen.counts, 0.0), np.where(known, seen.first_tokens, 0.0)
    features, lengths = load_features(seen), scales(seen.grid.step)
    plain, given = [], []
    for length in lengths:
        used = known.copy()
        used[:, -length:] = False
        reference = Reference.of((counts * used[:, None]).sum(axis=2))
        plain.append(_shift_at(counts, requests, used, reference, length))
        given.append(_shift_given_load(counts, requests, used, reference, features, length))
    return bounds_of(counts, requests, features, lengths), Bounds(np.array(plain), np.array(given))


@pytest.mark.parametrize("seed", range(20))
def test_no_z_score_lies_above_its_bound(seed: int) -> None:
    """At no length, with waves, gaps and more load than before."""
    bounds, real = both(wavy(seed))
    assert bounds.shift.shape == bounds.given_load.shape == real.shift.shape
    assert (real.shift <= np.maximum(bounds.shift, 0.0) + ROUNDING).all()
    assert (real.given_load <= np.maximum(bounds.given_load, 0.0) + ROUNDING).all()


@pytest.mark.parametrize("seed", range(5))
def test_where_requests_are_independent_the_bound_is_near(seed: int) -> None:
    """Steady requests that get slower: the bound is a bound because of overdispersion alone."""
    bounds, real = both(slowed(4.0, 15, 190, ratio=1.5, steps=200, seed=seed))
    assert real.shift[2] > 2.0
    assert (bounds.shift[2] < 3.0 * real.shift[2]).all()
    assert (bounds.given_load[2] < 3.0 * real.given_load[2]).all()
