"""Whether errors rose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from correlator.logs.burst import rise_of
from correlator.logs.wording import Counted, pod_sentence

QUIET = [0] * 30
STEADY = [1, 0, 1, 2, 0, 1] * 5


def sentence(before: list[int], after: list[int]) -> str:
    """What is said of counts by the minute."""
    counted = Counted(
        errors_before=sum(before) if before else None,
        errors_after=sum(after) if after else None,
        before_seconds=60.0 * len(before),
        after_seconds=60.0 * len(after),
    )
    return pod_sentence(counted, rise_of(before, after))


@given(after=st.lists(st.integers(0, 30), min_size=1, max_size=10))
def test_p_value_is_that_of_the_exact_test(after: list[int]) -> None:
    """Counts without heaps are compared as scipy's binomial test does it."""
    expected = (
        binomtest(sum(after), sum(after) + 30, len(after) / (30 + len(after)), "greater").pvalue if any(after) else 1.0
    )
    assert rise_of([1] * 30, after).p_value == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_burst_is_a_rise_with_its_ratio() -> None:
    """Twelve times as many errors a minute are said to be twelve times as many."""
    before, after = STEADY, [10] * 10
    rise = rise_of(before, after)
    assert rise.is_rise
    assert rise.rate_ratio == pytest.approx(12.0)
    assert sentence(before, after) == "errors rose 12 × at the onset: 25 in 30 min before, 100 in 10 min after"


def test_errors_out_of_nothing_began() -> None:
    """There is no ratio to nothing."""
    assert sentence(QUIET, [0, 9, 4]) == "errors began at the onset: 0 in 30 min before, 13 in 3 min after"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (QUIET, [0, 4]),  # too few to speak of
        (STEADY, STEADY[:10]),  # nothing changed
        ([100] * 30, [150] * 10),  # sure, and not worth saying
        ([0] * 9 + [60] + [0] * 20, [0] * 5 + [30, 0]),  # one heap before, half a heap after
        (QUIET, [0, 0, 80, 0, 0, 0, 0]),  # one heap out of nothing: a stack trace
        (STEADY, [0] * 10),  # fewer
    ],
    ids=["few", "same", "half as many again", "heaps", "stack trace", "none"],
)
def test_nothing_is_said_without_a_clear_rise(before: list[int], after: list[int]) -> None:
    """Neither few lines nor a difference that heaps explain, nor one that nobody would see, is called a rise."""
    assert not rise_of(before, after).is_rise
    assert "rose" not in sentence(before, after)
    assert "began" not in sentence(before, after)


@pytest.mark.parametrize("heap", [1, 5, 30])
@pytest.mark.parametrize("mean", [0.02, 0.2, 2.0, 20.0])
def test_hardly_anything_is_called_a_rise_by_chance(mean: float, heap: int) -> None:
    """Errors that come as they always did, one by one or in heaps, are called a rise less than twice in a hundred."""
    rng = np.random.default_rng(11)
    counts = heap * rng.poisson(mean / heap, (1500, 37))
    rises = sum(rise_of(row[:30], row[30:], tests=3).is_rise for row in counts.tolist())
    assert rises < 0.02 * len(counts)


@pytest.mark.parametrize(("mean", "least"), [(0.2, 0.8), (2.0, 0.99), (20.0, 0.99)])
def test_twelve_times_as_many_is_seldom_missed(mean: float, least: float) -> None:
    """Down to an error in five minutes."""
    rng = np.random.default_rng(12)
    before, after = rng.poisson(mean, (500, 30)).tolist(), rng.poisson(12 * mean, (500, 7)).tolist()
    rises = sum(rise_of(*spans, tests=3).is_rise for spans in zip(before, after, strict=True))
    assert rises > least * len(before)


def test_heaps_make_counts_less_sure() -> None:
    """The same total in heaps of thirty is a weaker sign than one by one."""
    one_by_one = rise_of([1] * 30, [6] * 5).p_value
    in_heaps = rise_of([30] + [0] * 29, [6] * 5).p_value
    assert one_by_one is not None
    assert in_heaps is not None
    assert one_by_one < 1e-6 < in_heaps


def test_pod_without_a_past_cannot_be_compared() -> None:
    """A job that was born at the onset erred for the first time: that is no rise, and the sentence says why."""
    assert rise_of([], [50, 50]).p_value is None
    assert sentence([], [50, 50]) == ("errors: 100 in 2 min after; too few log lines before the onset to compare with")
    assert sentence([], []) == "no log lines"


def test_counts_beyond_belief_are_compared() -> None:
    """A server that makes numbers up gets an answer, not an error."""
    assert rise_of([10**12] * 30, [10**12] * 10).p_value == pytest.approx(0.5, abs=0.01)
    assert rise_of(QUIET, [10**12] * 10).is_rise


def test_many_pods_ask_for_more() -> None:
    """Each pod is one more chance to be wrong."""
    alone, many = rise_of(STEADY, [4] * 5).p_value, rise_of(STEADY, [4] * 5, tests=5).p_value
    assert alone is not None
    assert many == pytest.approx(5 * alone)
