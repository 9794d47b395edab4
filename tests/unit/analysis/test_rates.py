"""Increments: what a counter gained, true zeros, and what is not known."""

import numpy as np
from numpy.testing import assert_array_equal

from correlator.analysis.rates import MAX_GAP_STEPS, counter_rates, gap_lengths, increments, liveness
from correlator.model.frame import Frame
from correlator.model.grid import Grid

NAN = float("nan")
GRID = Grid(600, 15, 6)


def row(*values: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """One series."""
    return np.array([values], dtype=np.float64)


def test_a_gain_is_the_difference_to_the_step_before() -> None:
    """The first step has nothing to be compared with and stays unknown."""
    assert_array_equal(increments(row(5, 7, 7, 10)), row(NAN, 2, 0, 3))


def test_a_fall_is_a_restart_from_zero() -> None:
    """What the counter holds after a restart was gained since."""
    assert_array_equal(increments(row(5, 7, 3, 4)), row(NAN, 2, 3, 1))


def test_a_slight_fall_is_neither_a_restart_nor_a_gain() -> None:
    """Another of two equal Prometheus answered, which had seen less; or a store rounded. A gap changes nothing."""
    assert_array_equal(increments(row(1000, 1010, 1004, 1013, 1012, 9)), row(NAN, 10, 0, 9, 0, 9))
    assert_array_equal(increments(row(1000, 1010, NAN, 1004, NAN, 9)), row(NAN, 10, NAN, 0, NAN, 9))


def test_counters_that_go_on_together_do_so_even_where_one_fell() -> None:
    """Of a histogram that another Prometheus tells, a small bucket falls by much, and the server has not restarted."""
    goes_on = np.zeros((1, 4), dtype=np.bool_)
    assert_array_equal(increments(row(5, 7, 4, 8), None, goes_on), row(NAN, 2, 0, 4))


def test_counters_that_restart_together_do_so_even_where_one_did_not_fall() -> None:
    """`resets` makes a rise a restart too."""
    resets = np.array([[False, False, True, False]])
    assert_array_equal(increments(row(5, 7, 9, 10), None, resets), row(NAN, 2, 9, 1))


def test_the_gain_over_a_gap_stands_at_its_end() -> None:
    """Nothing is invented for the steps of the gap, and nothing of the gain is lost."""
    assert_array_equal(increments(row(5, NAN, NAN, 11, 12)), row(NAN, NAN, NAN, 6, 1))


def test_a_long_gap_says_nothing() -> None:
    """Over more than MAX_GAP_STEPS nobody knows when the gain happened."""
    for missing, known in ((MAX_GAP_STEPS - 1, True), (MAX_GAP_STEPS, False)):
        gained = increments(row(5, *[NAN] * missing, 11, 12))
        assert np.isfinite(gained[0, missing + 1]) == known
        assert gained[0, -1] == 1


def test_a_birth_under_a_live_target_counts_whole() -> None:
    """CAdvisor makes the series with the first I/O: zeros before, and what it holds when born was gained."""
    alive = np.ones((1, 5), dtype=np.bool_)
    assert_array_equal(increments(row(NAN, NAN, 8, 9, 9), alive), row(NAN, 0, 8, 1, 0))


def test_a_series_that_appears_with_its_target_gained_nothing_that_is_known() -> None:
    """A target that comes back after a gap brings counters that are hours old."""
    alive = np.array([[False, False, True, True]])
    assert_array_equal(increments(row(NAN, NAN, 8000, 8001), alive), row(NAN, NAN, NAN, 1))


def test_a_pod_that_was_away_did_nothing_and_what_it_brings_back_is_new() -> None:
    """A name that comes back after more than MAX_GAP_STEPS under a live target: true zeros, then a whole gain."""
    away = MAX_GAP_STEPS
    values = row(5, 7, *[NAN] * away, 40, 41)
    alive = np.ones(values.shape, dtype=np.bool_)
    assert_array_equal(increments(values, alive), row(NAN, 2, *[0] * away, 33, 1))
    frame = Frame("pod_writes", Grid(600, 1, values.shape[1]), ((("pod", "a"),),), values)
    assert_array_equal(counter_rates(frame, np.array([0]), alive), row(NAN, 2, *[0] * away, 33, 1))
    alive[0, 5] = False
    assert np.isnan(increments(values, alive)[0, 2 : away + 3]).all()


def test_without_knowledge_of_the_target_a_birth_does_not_count() -> None:
    """The total of a series of unknown age is no gain."""
    assert_array_equal(increments(row(NAN, NAN, 8000, 8001)), row(NAN, NAN, NAN, 1))


def test_a_series_that_ended_under_a_live_target_gains_nothing_more() -> None:
    """A pod that is gone does no I/O: that is a true zero."""
    alive = np.ones((1, 5), dtype=np.bool_)
    assert_array_equal(increments(row(1, 3, 4, NAN, NAN), alive), row(NAN, 2, 1, 0, 0))


def test_a_dead_target_is_no_zero() -> None:
    """When the scrape fails, nobody knows what the pod did."""
    alive = np.array([[True, True, True, False, False]])
    assert_array_equal(increments(row(1, 3, 4, NAN, NAN), alive), row(NAN, 2, 1, NAN, NAN))


def test_no_steps_no_gains() -> None:
    """An empty window has empty gains."""
    assert increments(np.empty((3, 0))).shape == (3, 0)


def test_a_rate_over_a_gap_is_its_mean() -> None:
    """The gain at the end of a gap of three steps is spread over three steps."""
    frame = Frame("pod_writes", GRID, ((("pod", "a"),),), row(0, 30, NAN, NAN, 75, 105))
    assert_array_equal(counter_rates(frame, np.array([0]), None), row(NAN, 2, NAN, NAN, 1, 2))
    assert_array_equal(gap_lengths(frame.values), row(1, 1, 1, 1, 3, 1))


def test_a_target_lives_while_its_heartbeat_is_fresh() -> None:
    """Two and a half intervals without a new sample are too many."""
    frame = Frame("pod_writes", GRID, ((("instance", "k"), ("pod", "a")),), np.full((1, 6), NAN))
    times = GRID.times().astype(np.float64)
    beats = times - np.array([1, 1, 30, 37, 38, 60])
    beat = Frame("pod_io_heartbeat", GRID, ((("instance", "k"),),), beats[None, :])
    assert_array_equal(liveness(frame, beat, 15), [[True, True, True, True, False, False]])
    assert liveness(frame, beat, 60).all()


def test_without_a_heartbeat_any_series_of_a_target_tells_that_it_lives() -> None:
    """Another target's series tell nothing."""
    labels = ((("instance", "k"), ("pod", "a")), (("instance", "k"), ("pod", "b")), (("instance", "x"), ("pod", "c")))
    values = np.array([[1, NAN, 3, NAN, 5, 6], [NAN, 2, 2, NAN, 2, 2], [NAN] * 6])
    alive = liveness(Frame("pod_writes", GRID, labels, values), None, None)
    expected = [True, True, True, False, True, True]
    assert_array_equal(alive, [expected, expected, [False] * 6])
