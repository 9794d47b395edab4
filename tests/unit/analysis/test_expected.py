"""First tokens given their load."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from correlator.analysis.expected import MEMORIES_SECONDS, RIDGE, Expectation, load_features
from correlator.analysis.victims import Victims
from tests.oracles import expectations
from tests.unit.analysis.sample_victims import first_found, victims

STEPS, SINCE = 240, 200


def waves(seed: int, ratio: float, *, hidden: bool = False) -> Victims:
    """First tokens that follow arrivals, which come in waves, and take `ratio` times as long from SINCE on.

    `hidden`: arrivals are not known.
    """
    rng = np.random.default_rng(seed)
    steps = np.arange(STEPS)
    load = 1.0 + 0.6 * np.sin(steps / rng.uniform(4, 9)) + 0.3 * np.sin(steps / rng.uniform(2, 3))
    means = 0.05 * np.exp(1.2 * (load - 1.0)) * np.where(steps >= SINCE, ratio, 1.0)
    made = victims(rng.poisson(60 * load), means, seed=seed)
    return replace(made, arrivals=np.full_like(made.arrivals, np.nan)) if hidden else made


def test_load_of_late_is_what_a_plain_loop_says() -> None:
    """Every step forgets a part of what was, and takes as much of what is."""
    seen = waves(1, 1.0)
    features = load_features(seen)[0]
    for place, seconds in enumerate(MEMORIES_SECONDS, start=3):
        part, mean = 1.0 / max(2.0, seconds / seen.grid.step), 1.0
        for load, late in zip(features[2], features[place], strict=True):
            mean += part * (load - mean)
            assert late == pytest.approx(mean, rel=1e-12)


def delays(ratio: float, *, hidden: bool = False) -> list[int]:
    """Steps until found, for ten draws; 99 where it is not found in forty steps."""
    found = [first_found(waves(seed, ratio, hidden=hidden), SINCE) for seed in range(10)]
    return [99 if one is None else one[0] - SINCE for one in found]


def test_waves_of_load_hide_nothing_when_the_load_is_known() -> None:
    """Twice as slow under waves that alone swing first tokens by a factor of five."""
    known, unknown = delays(2.0), delays(2.0, hidden=True)
    assert np.median(known) <= 12
    assert np.median(unknown) > 1.5 * np.median(known)


def test_waves_of_load_open_nothing() -> None:
    """A hundred looks at each of twelve draws, once the window has seen some waves."""
    assert [first_found(waves(seed, 1.0), 130) for seed in range(12)] == [None] * 12


def test_the_onset_is_dated_under_waves() -> None:
    """By the scan of what load leaves over."""
    found = [first_found(waves(seed, 2.5), SINCE) for seed in range(10)]
    errors = [abs(one[1].onset - SINCE) for one in found if one is not None]
    assert len(errors) == 10
    assert np.median(errors) <= 1


def test_more_load_is_still_found() -> None:
    """What load explains is no less a regression: its verdict says so."""
    rng = np.random.default_rng(1)
    means = np.where(np.arange(STEPS) >= SINCE, 0.2, 0.05)
    rates = np.where(np.arange(STEPS) >= SINCE, 150, 60)
    assert first_found(victims(rng.poisson(rates), means), SINCE) is not None


def test_an_unknown_load_is_an_ordinary_one() -> None:
    """Features are 1 where nothing is known."""
    assert_allclose(load_features(waves(1, 1.0, hidden=True))[:, [0, 2, 3, 4]], 1.0)


def test_the_fit_is_that_of_the_written_out_regression() -> None:
    """For two victims at once, with steps left out."""
    rng = np.random.default_rng(2)
    features = np.concatenate([np.ones((2, 1, 60)), rng.uniform(0.5, 2.0, (2, 3, 60))], axis=1)
    requests = rng.integers(1, 6, (2, 60)).astype(np.float64)
    sums = requests * (features[:, 1] - 0.5 * features[:, 2]) + rng.normal(0, 0.3, (2, 60))
    used = rng.random((2, 60)) < 0.8
    model = Expectation.fit(sums, requests, used, features)
    for row in range(2):
        chosen = used[row]
        slow = expectations.coefficients(
            sums[row, chosen].tolist(),
            requests[row, chosen].astype(int).tolist(),
            features[row][:, chosen].T.tolist(),
            RIDGE,
        )
        assert_allclose(model.coefficients[row], slow, rtol=1e-6, atol=1e-9)


def test_doubt_grows_with_what_was_never_seen() -> None:
    """Load beyond all that it was fitted on."""
    rng = np.random.default_rng(3)
    features = np.stack([np.ones((1, 80)), rng.uniform(0.8, 1.2, (1, 80))], axis=1)
    requests = np.full((1, 80), 5.0)
    model = Expectation.fit(requests.copy(), requests, np.ones((1, 80), dtype=np.bool_), features)
    ordinary, strange = (float(model.doubt(np.array([[10.0]]), np.array([[[1.0], [load]]]))[0]) for load in (1.0, 4.0))
    assert strange > 20 * ordinary
