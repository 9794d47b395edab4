"""What an operation and a byte cost a device."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from correlator.analysis.price import PRIOR, learn_prices
from correlator.model.frame import Floats

STEPS = 200
ALL = np.ones(STEPS, dtype=np.bool_)


def loads(seed: int) -> Floats:
    """Four rates that vary on their own: 100s of operations and some 10 MB a second."""
    rng = np.random.default_rng(seed)
    load: Floats = rng.uniform(0.2, 1.0, (4, STEPS)) * np.array([[800.0], [500.0], [4e7], [6e7]])
    return load


@pytest.mark.parametrize("scale", [0.05, 1.0, 40.0])
def test_an_ordinary_device_of_any_speed_is_found(scale: float) -> None:
    """From a device's totals alone; how many steps spoke is kept."""
    load = loads(1)
    learnt = learn_prices(load, scale * PRIOR @ load, ALL)
    assert_allclose(learnt.seconds, scale * PRIOR, rtol=1e-6)
    assert learnt.fitted_steps == STEPS


@pytest.mark.parametrize(
    "true",
    [(1e-4, 1e-4, 1.5e-9, 1.5e-9), (4e-3, 2e-3, 1e-8, 1e-8), (1e-5, 8e-5, 2e-10, 3e-9), (2e-4, 1e-3, 1e-9, 1e-8)],
)
def test_known_prices_are_found(true: tuple[float, ...]) -> None:
    """From a device's totals alone, whatever kind of device it is."""
    load = loads(1)
    learnt = learn_prices(load, np.array(true) @ load, ALL)
    assert_allclose(learnt.of(load), np.array(true) @ load, rtol=0.1)
    assert_allclose(learnt.seconds, true, rtol=0.5)
    assert learnt.fitted_steps == STEPS


def test_dear_small_operations_outweigh_cheap_large_ones() -> None:
    """200 writes of 4 KiB cost a disk of many seeks more than 80 of 512 KiB, as they do in truth (0.8 s to 0.4 s)."""
    rng = np.random.default_rng(2)
    small, large = rng.uniform(0, 200, STEPS), rng.uniform(0, 400, STEPS)
    load = np.stack([np.zeros(STEPS), small + large, np.zeros(STEPS), small * 4096 + large * 524288])
    queue = 0.004 * (small + large) + 2e-9 * (small * 4096 + large * 524288)
    learnt = learn_prices(load, queue, ALL)
    priced = learnt.of(np.array([[0.0, 0.0], [200.0, 80.0], [0.0, 0.0], [200 * 4096.0, 80 * 524288.0]]))
    assert priced[0] > priced[1]


def test_a_flush_has_a_price_of_its_own() -> None:
    """A storm of small writes that each bring a flush; where nobody counts them they have none."""
    load = loads(4)
    flushes = np.random.default_rng(5).uniform(0.0, 400.0, STEPS)
    learnt = learn_prices(load, PRIOR @ load + 4e-3 * flushes, ALL, flushes)
    assert learnt.flush == pytest.approx(4e-3, rel=0.05)
    assert_allclose(learnt.of(load), PRIOR @ load, rtol=0.15)
    assert learn_prices(load, PRIOR @ load, ALL, np.full(STEPS, np.nan)).flush == 0.0
    assert learn_prices(load, PRIOR @ load, ALL, np.zeros(STEPS)).flush >= 0.0


def test_where_the_data_are_silent_the_prior_speaks() -> None:
    """Nobody ever read: a read still has a price, in the proportions of an ordinary device."""
    load = loads(3)
    load[0] = load[2] = 0.0
    learnt = learn_prices(load, 3.0 * (PRIOR @ load), ALL).seconds
    assert_allclose(learnt / PRIOR, 3.0, rtol=0.05)


def test_without_any_data_prices_are_the_prior() -> None:
    """An idle device, or one that is not seen, prices as an ordinary one."""
    nothing = np.zeros((4, STEPS))
    assert_allclose(learn_prices(nothing, np.zeros(STEPS), ALL).seconds, PRIOR)
    assert_allclose(learn_prices(np.full((4, STEPS), np.nan), np.zeros(STEPS), ALL).seconds, PRIOR)
    assert_allclose(learn_prices(loads(1), np.ones(STEPS), ~ALL).seconds, PRIOR)


def test_unknown_steps_are_left_out() -> None:
    """A scrape that failed changes nothing about the prices."""
    load = loads(4)
    queue = np.array([1e-4, 2e-4, 1e-9, 2e-9]) @ load
    holes = load.copy()
    holes[:, 50:60] = np.nan
    kept = ALL.copy()
    kept[50:60] = False
    assert_allclose(learn_prices(holes, queue, ALL).seconds, learn_prices(load, queue, kept).seconds)


@settings(max_examples=40)
@given(
    st.integers(0, 10_000),
    st.lists(st.floats(-1e-3, 1e-3), min_size=4, max_size=4),
    st.floats(0.0, 10.0),
)
def test_prices_are_never_negative_and_never_all_zero(seed: int, true: list[float], noise: float) -> None:
    """Whatever the queue did, more I/O never costs less."""
    load = loads(seed)
    queue = np.maximum(np.array(true) @ load + noise * np.random.default_rng(seed).normal(size=STEPS), 0.0)
    learnt = learn_prices(load, queue, ALL).seconds
    assert np.isfinite(learnt).all()
    assert (learnt >= 0).all()
    assert learnt.max() > 0


def test_a_slower_clock_of_the_queue_scales_prices_alone() -> None:
    """Ten times the queue time is ten times each price: proportions stay."""
    load = loads(5)
    queue = np.array([1e-4, 3e-4, 1e-9, 4e-9]) @ load
    assert_allclose(learn_prices(load, 10 * queue, ALL).seconds, 10 * learn_prices(load, queue, ALL).seconds)
