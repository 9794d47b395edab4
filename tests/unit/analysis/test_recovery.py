"""When a regression is over."""

import numpy as np
import pytest
from numpy.typing import NDArray

from correlator.analysis.level import Level
from correlator.analysis.recovery import HOLD_STEPS, is_slow, unseen_steps
from correlator.model.frame import Floats
from tests.calibrated import calibrated
from tests.unit.analysis.sample_victims import only, until, victims


def story(rate: int = 40) -> tuple[NDArray[np.int64], Floats]:
    """Slow in [100, 120), normal again after."""
    means = np.full(160, 0.05)
    means[100:120] = 0.2
    return np.full(160, rate), means


@pytest.mark.parametrize("rate", [2, 40])
def test_it_is_slow_while_it_is_and_not_long_after(rate: int) -> None:
    """From the second slow step to the last; calm within eight steps after it, for good."""
    seen = victims(*story(rate))
    baseline = Level.over(only(until(seen, 100)), np.ones(100, dtype=np.bool_))
    states = {end: is_slow(only(until(seen, end)), baseline, 100, calibrated()) for end in range(106, 161)}
    assert all(states[end] for end in range(106, 121))
    assert not any(states[end] for end in range(130, 161))


def test_half_of_what_opened_it_keeps_it_open() -> None:
    """1.3 times opens, 1.15 times closes: between them nothing flaps."""
    requests, means = story(400)
    means[120:] = 0.05 * 1.25
    seen = victims(requests, means)
    baseline = Level.over(only(until(seen, 100)), np.ones(100, dtype=np.bool_))
    quick = calibrated(ttft_floor_seconds=0.001)
    assert is_slow(only(seen), baseline, 100, quick)
    means[120:] = 0.05 * 1.05
    assert not is_slow(only(victims(requests, means)), baseline, 100, quick)


def test_waiting_without_first_tokens_is_slow_and_idleness_is_not() -> None:
    """A stalled victim gives no tokens to measure."""
    requests, means = story()
    requests[120:] = 0
    seen = victims(requests, means)
    baseline = Level.over(only(until(seen, 100)), np.ones(100, dtype=np.bool_))
    assert not is_slow(only(seen), baseline, 100, calibrated())
    seen.waiting[0, 120:] = 3
    assert is_slow(only(seen), baseline, 100, calibrated())


def test_a_victim_that_is_not_seen_for_the_hold_time_is_gone() -> None:
    """A failed scrape or two is not the end of a pod."""
    seen = victims(*story())
    seen.first_tokens[0, 160 - HOLD_STEPS + 1 :] = np.nan
    assert unseen_steps(only(seen)) < HOLD_STEPS
    seen.first_tokens[0, 160 - HOLD_STEPS :] = np.nan
    assert unseen_steps(only(seen)) == HOLD_STEPS
