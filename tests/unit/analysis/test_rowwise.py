"""Levels of many series at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from correlator.analysis.rowwise import above, at_least, block_means, deviations, means


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 24))
def test_rows_are_measured_one_by_one(seed: int, steps: int, length: int) -> None:
    """Means, deviations and runs by definition, with unknown steps and runs as long as the window or longer."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.0, 9.0, (2, 3, steps))
    values[rng.random(values.shape) < 0.2] = np.nan
    chosen = rng.random(steps) < 0.8
    blocks = block_means(values, chosen, length)
    assert blocks.shape == (2, 3, max(0, steps - length + 1))
    for place in np.ndindex(2, 3):
        usable = chosen & np.isfinite(values[place])
        known = values[place][usable]
        assert means(values, chosen)[place] == pytest.approx(known.mean() if len(known) else np.nan, nan_ok=True)
        assert deviations(values, chosen)[place] == pytest.approx(known.std() if len(known) else 0.0)
        for first, block in enumerate(blocks[place]):
            run = slice(first, first + length)
            good = usable[run]
            whole = 5 * good.sum() >= 4 * length and good[0] and good[-1]
            assert_allclose(block, values[place][run][good].mean() if whole else np.nan)


def test_equal_numbers_are_equal_however_they_were_added_up() -> None:
    """A tenth ten times is not quite one; neither more nor less. What is unknown reaches nothing."""
    once, often = np.ones(1), np.array([sum([0.1] * 10)])
    assert once != often
    assert at_least(once, often)
    assert at_least(often, once)
    assert not above(once, often)
    assert not above(often, once)
    assert above(once * 1.001, once)
    assert not at_least(once, once * 1.001)
    assert not at_least(np.array([np.nan]), 0.0)
