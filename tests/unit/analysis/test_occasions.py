"""Earlier regressions of the same victim as further observations of the same suspect."""

import numpy as np
import pytest

from correlator.analysis.occasions import occasion_balance, occasions
from correlator.analysis.rates import Bools
from correlator.analysis.tracking import tracking
from correlator.analysis.windows import Spans

STEPS, ONSET = 200, 180
EARLIER = ((40, 50), (80, 90), (120, 130))
ALL: Bools = np.ones(STEPS, dtype=np.bool_)


def spans() -> Spans:
    """Three earlier regressions before the one that goes on."""
    quiet = ALL.copy()
    for start, end in EARLIER:
        quiet[start:end] = False
    quiet[ONSET:] = False
    return Spans.around(ONSET, STEPS, quiet)


def busy(*when: tuple[int, int]) -> np.ndarray:
    """Device time of 0.5 at these times and in the present regression, 0.01 otherwise."""
    values = np.full(STEPS, 0.01)
    for start, end in (*when, (ONSET, STEPS)):
        values[start:end] = 0.5
    return values


@pytest.mark.parametrize(("there", "expected"), [(3, 3), (2, 1), (1, -1), (0, -3)])
def test_each_earlier_regression_speaks_for_or_against(there: int, expected: int) -> None:
    """With it, less without it."""
    assert occasion_balance(busy(*EARLIER[:there]), spans()) == expected


def test_what_was_not_seen_then_says_nothing() -> None:
    """A blind spot is neither with nor without."""
    values = busy(*EARLIER)
    values[40:50] = np.nan
    assert occasion_balance(values, spans()) == 2


def test_who_did_not_rise_now_has_no_past() -> None:
    """A constant load recurs with nothing."""
    assert occasion_balance(np.full(STEPS, 0.5), spans()) == 0


def test_occasions_are_the_runs_of_chosen_steps() -> None:
    """In order, at both ends too."""
    steps = np.array([True, False, True, True, False, True])
    assert [np.flatnonzero(run).tolist() for run in occasions(steps)] == [[0], [2, 3], [5]]


def test_tracking_is_a_rank_correlation() -> None:
    """1 for any rising relation, −1 for any falling, 0 where nothing varies or too little is known."""
    rng = np.random.default_rng(1)
    load = rng.lognormal(size=STEPS)
    loads = np.stack([load**3, 1 / load, np.ones(STEPS), np.full(STEPS, np.nan), rng.lognormal(size=STEPS)])
    same, contrary, constant, unknown, other = tracking(loads, load, ALL)
    assert same == pytest.approx(1.0)
    assert contrary == pytest.approx(-1.0)
    assert constant == unknown == 0.0
    assert abs(other) < 0.2
    assert tracking(loads, np.ones(STEPS), ALL).tolist() == [0.0] * 5
