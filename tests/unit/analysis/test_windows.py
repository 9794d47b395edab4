"""Before and during, and levels over them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from correlator.analysis.windows import (
    GUARD_STEPS,
    Spans,
    block_means,
    known_share,
    mean_over,
    ratio_over,
    superiority,
)

NAN = float("nan")
ALL = np.ones(4, dtype=np.bool_)


def test_a_guard_lies_between_before_and_during() -> None:
    """I/O starts before slow first tokens are counted: the last steps before belong to neither side."""
    spans = Spans.around(10, 14, np.ones(20, dtype=np.bool_))
    assert_array_equal(np.flatnonzero(spans.before), np.arange(10 - GUARD_STEPS))
    assert_array_equal(np.flatnonzero(spans.during), [10, 11, 12, 13])


def test_an_older_regression_is_no_baseline() -> None:
    """Only quiet steps count as before."""
    quiet = np.ones(20, dtype=np.bool_)
    quiet[:5] = False
    assert_array_equal(np.flatnonzero(Spans.around(10, 14, quiet).before), [5, 6, 7])


def test_unknown_steps_have_no_part_in_levels() -> None:
    """NaN is left out, and nothing known gives NaN."""
    values = np.array([1.0, NAN, 3.0, 8.0])
    assert mean_over(values, ALL) == 4.0
    assert np.isnan(mean_over(values, ~ALL))
    assert known_share(values, ALL) == 0.75
    assert known_share(values, ~ALL) == 0.0


def test_a_ratio_is_of_sums() -> None:
    """Latency is time over operations: busy steps weigh more, and no operations give no latency."""
    assert ratio_over(np.array([1.0, 9.0, NAN, 0.0]), np.array([1.0, 1.0, 5.0, 0.0]), ALL) == 5.0
    assert np.isnan(ratio_over(ALL.astype(float), np.zeros(4), ALL))


@pytest.mark.parametrize(
    ("high", "expected"), [((5.0, 6.0), 1.0), ((1.0, 2.0), 0.5), ((0.0, 0.0), 0.0), ((2.0, 2.0), 0.75)]
)
def test_superiority_counts_pairs_with_ties_by_half(high: tuple[float, float], expected: float) -> None:
    """The probability that a step during lies above one before."""
    before = np.array([True, True, False, False])
    assert superiority(np.array([1.0, 2.0, *high]), before, ~before) == expected


def test_superiority_needs_both_sides() -> None:
    """Without one of them nothing can be said."""
    assert np.isnan(superiority(np.ones(4), ALL, ~ALL))


def test_block_means_are_of_runs_that_are_mostly_known() -> None:
    """A short run breaks at a step that is not chosen or not known; a long one may miss a fifth, not at its ends."""
    values = np.array([1.0, 3.0, NAN, 5.0, 7.0, 9.0])
    chosen = np.array([True, True, True, True, True, True])
    assert_allclose(block_means(values, chosen, 2), [2.0, 6.0, 8.0])
    assert_allclose(block_means(values, chosen, 3), [7.0])
    assert_allclose(block_means(values, chosen, 5), [4.0, 6.0])
    assert len(block_means(values, chosen, 7)) == 0
