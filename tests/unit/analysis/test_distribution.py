"""Distributions that are only known as counts in buckets."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from correlator.analysis.distribution import (
    Reference,
    overdispersion,
    quantile,
    quantiles_by_step,
    ridits,
    shift,
)

BOUNDS = np.array([0.1, 0.5, 1.0, np.inf])
ONE = np.ones(1)


@pytest.mark.parametrize(
    ("counts", "q", "expected"),
    [
        ((10, 0, 0, 0), 0.5, 0.05),  # the first bucket starts at zero
        ((10, 10, 0, 0), 0.5, 0.1),  # on an edge
        ((10, 10, 0, 0), 0.75, 0.3),  # half way through the second
        ((0, 0, 4, 0), 0.5, 0.75),
        ((0, 10, 0, 10), 0.95, 1.0),  # beyond the widest finite bound
        ((10, 0, 0, 0), 1.0, 0.1),
        ((10, 0, 10, 0), 0.0, 0.0),
    ],
)
def test_a_quantile_is_what_histogram_quantile_says(counts: tuple[int, ...], q: float, expected: float) -> None:
    """Linear inside a bucket; the widest finite bound stands for what lies beyond it."""
    assert quantile(np.array(counts, dtype=float), BOUNDS, q) == pytest.approx(expected)


def test_without_requests_there_is_no_quantile() -> None:
    """NaN, not zero; nor for a histogram that has only the infinite bucket."""
    assert np.isnan(quantile(np.zeros(4), BOUNDS, 0.5))
    assert np.isnan(quantile(np.full(4, np.nan), BOUNDS, 0.5))
    assert np.isnan(quantile(np.array([3.0]), np.array([np.inf]), 0.5))


def test_quantiles_by_step_keep_unknown_steps_unknown() -> None:
    """A step without requests has no quantile, its neighbours do."""
    counts = np.array([[10.0, 0.0, np.nan], [0.0] * 3, [0.0] * 3, [0.0] * 3])
    assert_allclose(quantiles_by_step(counts, BOUNDS, 0.5), [0.05, np.nan, np.nan])


@pytest.mark.parametrize("bounds", [BOUNDS, BOUNDS[:-1], np.array([np.inf])])
@pytest.mark.parametrize("q", [0.0, 0.5, 0.95, 1.0])
def test_quantiles_by_step_are_the_quantiles_of_each_step(bounds: np.ndarray, q: float) -> None:
    """With empty steps and unknown ones, and whatever the widest bound."""
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.7, (len(bounds), 100)).astype(float)
    counts[:, rng.random(100) < 0.1] = np.nan
    assert_allclose(quantiles_by_step(counts, bounds, q), [quantile(step, bounds, q) for step in counts.T])


def test_mid_ranks_of_the_reference_average_to_nothing() -> None:
    """Whatever the reference, requests drawn from it have a mean rank of one half."""
    counts = np.array([[1.0, 5.0, 0.0, 4.0], [0.0, 0.0, 7.0, 0.0]])
    scores = ridits(counts)
    assert_allclose((counts * scores).sum(axis=1), 0.0, atol=1e-12)
    assert (np.abs(scores) <= 0.5).all()
    assert_array_equal(ridits(np.zeros(4)), np.zeros(4))


def test_the_slowest_tenth_is_never_more_than_a_tenth() -> None:
    """Buckets count as slow only when all from there on hold a tenth at most."""
    above = Reference.of(np.array([[80.0, 10.0, 6.0, 4.0], [50.0, 50.0, 0.0, 0.0]])).above
    assert_array_equal(above, [[0, 0, 1, 1], [0, 0, 1, 1]])


def test_the_same_distribution_is_no_shift() -> None:
    """A sample in the reference's own proportions lies where it should."""
    reference = Reference.of(np.array([[800.0, 100.0, 60.0, 40.0]]))
    found = shift(np.array([[80.0, 10.0, 6.0, 4.0]]), reference, ONE, ONE)
    assert abs(float(found.strongest[0])) < 0.1


def test_slower_is_positive_and_faster_is_negative() -> None:
    """The sign tells the direction; only slower is of interest."""
    reference = Reference.of(np.array([[50.0, 400.0, 50.0, 0.0]]))
    slower = shift(np.array([[0.0, 10.0, 40.0, 0.0]]), reference, ONE, ONE)
    faster = shift(np.array([[40.0, 10.0, 0.0, 0.0]]), reference, ONE, ONE)
    assert slower.body[0] > 5
    assert slower.tail[0] > 5
    assert faster.strongest[0] <= 0


def test_one_slow_request_in_many_is_not_five_deviations() -> None:
    """A single request beyond everything seen before says little."""
    reference = Reference.of(np.array([[500.0, 500.0, 0.0, 0.0]]))
    found = shift(np.array([[10.0, 9.0, 0.0, 1.0]]), reference, ONE, ONE)
    assert found.strongest[0] < 5


def test_overdispersion_makes_shifts_smaller() -> None:
    """Four times the variance halves the statistic."""
    reference = Reference.of(np.array([[50.0, 400.0, 50.0, 0.0]]))
    recent = np.array([[0.0, 10.0, 40.0, 0.0]])
    plain, wide = shift(recent, reference, ONE, ONE), shift(recent, reference, 4 * ONE, 4 * ONE)
    assert_allclose(wide.body, plain.body / 2)
    assert_allclose(wide.tail, plain.tail / 2)


def test_nothing_recent_is_no_shift() -> None:
    """Neither without recent requests nor without a reference is anything said."""
    reference = Reference.of(np.array([[50.0, 400.0, 50.0, 0.0], [0.0] * 4]))
    found = shift(np.array([[0.0] * 4, [1.0, 1.0, 1.0, 1.0]]), reference, np.ones(2), np.ones(2))
    assert_array_equal(found.strongest, [0.0, 0.0])


def test_independent_requests_are_not_overdispersed_and_waves_are() -> None:
    """Slow waves make blocks scatter more than requests would: independent noise stays near 1."""
    rng = np.random.default_rng(1)
    requests = np.full((1, 240), 20.0)
    noise = rng.normal(0.0, np.sqrt(20.0), (1, 240))
    waves = noise + 20 * 0.5 * np.sin(np.arange(240) / 8)
    assert overdispersion(noise, requests, ONE, 8)[0] < 1.6
    assert overdispersion(waves, requests, ONE, 8)[0] > 5
    assert overdispersion(noise[:, :10], requests[:, :10], ONE, 8)[0] == 1.0
