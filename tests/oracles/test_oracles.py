"""The engine's fast arithmetic against slow transcriptions, over made-up input."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from correlator.analysis.distribution import Reference, quantile, ridits, shift
from correlator.analysis.price import PRIOR, PRIOR_WEIGHT, learn_prices
from correlator.analysis.rates import MAX_GAP_STEPS, increments
from correlator.analysis.windows import superiority as step_superiority
from tests.oracles import counters, device_prices, ranks

bucket_counts = st.lists(st.integers(0, 6), min_size=4, max_size=4)
readings = st.one_of(st.just(float("nan")), st.integers(0, 40).map(float))


@settings(max_examples=100)
@given(bucket_counts, bucket_counts)
def test_the_mean_mid_rank_is_mann_whitneys_u(reference: list[int], recent: list[int]) -> None:
    """Mean ridit of recent requests plus one half is U over the number of pairs."""
    assume(sum(reference) and sum(recent))
    scores = ridits(np.array(reference, dtype=float))
    mean = float((np.array(recent) * scores).sum() / sum(recent)) + 0.5
    assert mean == pytest.approx(ranks.superiority(ranks.expand(reference), ranks.expand(recent)))


@settings(max_examples=100)
@given(bucket_counts, bucket_counts)
def test_the_shift_of_the_body_has_the_sign_of_u(reference: list[int], recent: list[int]) -> None:
    """Above one half is slower, below faster."""
    assume(sum(reference) and sum(recent))
    counts = np.array([reference], dtype=float)
    one = np.ones(1)
    body = float(shift(np.array([recent], dtype=float), Reference.of(counts), one, one).body[0])
    chance = ranks.superiority(ranks.expand(reference), ranks.expand(recent)) - 0.5
    assert np.sign(round(body, 9)) == np.sign(round(chance, 9))


@settings(max_examples=100)
@given(bucket_counts, st.sampled_from((0.1, 0.5, 0.9, 0.95)))
def test_a_quantile_lies_in_the_bucket_of_its_request(counts: list[int], q: float) -> None:
    """Interpolated or not, it never leaves the bucket that the ranked requests say."""
    assume(sum(counts))
    bounds = np.array([1.0, 2.0, 3.0, np.inf])
    found = quantile(np.array(counts, dtype=float), bounds, q)
    bucket = ranks.empirical_quantile_bucket(ranks.expand(counts), q)
    low, high = (float(bucket), bucket + 1.0) if bucket < 3 else (3.0, 3.0)
    assert low - 1e-9 <= found <= high + 1e-9


@settings(max_examples=300)
@given(st.lists(st.tuples(readings, st.booleans()), min_size=1, max_size=24), st.booleans())
def test_increments_are_what_a_plain_loop_says(series: list[tuple[float, bool]], known: bool) -> None:
    """With births, ends, restarts and gaps, with and without knowledge of the target."""
    values = [value for value, _ in series]
    alive = [up for _, up in series] if known else None
    expected = counters.gains(values, alive, MAX_GAP_STEPS)
    fast = increments(np.array([values]), None if alive is None else np.array([alive]))
    assert_allclose(fast[0], expected)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_superiority_of_steps_is_that_of_all_pairs(low: list[int], high: list[int]) -> None:
    """The sorted search counts what the double loop counts."""
    values = np.array([*low, *high], dtype=float)
    before = np.arange(len(values)) < len(low)
    assert step_superiority(values, before, ~before) == pytest.approx(ranks.superiority(low, high))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.lists(st.floats(0.05, 20.0), min_size=4, max_size=4))
def test_prices_are_those_of_the_written_out_least_squares(seed: int, factors: list[float]) -> None:
    """Four random rates, with the prior's weight as the engine has it."""
    rng = np.random.default_rng(seed)
    load = rng.uniform(0.2, 1.0, (4, 60)) * np.array([[800.0], [500.0], [4e7], [6e7]])
    queue = (PRIOR * np.array(factors)) @ load * np.exp(rng.normal(0, 0.2, 60))
    learnt = learn_prices(load, queue, np.ones(60, dtype=np.bool_)).seconds
    assert_allclose(learnt, device_prices.prices(load, queue, PRIOR, PRIOR_WEIGHT), rtol=1e-6)
