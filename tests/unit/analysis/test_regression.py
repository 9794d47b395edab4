"""Detection of slower first tokens, and the date of their onset."""

import numpy as np
import pytest

from correlator.analysis.level import Level, effect, is_practical
from correlator.analysis.onset import onset_of
from correlator.analysis.regression import detect
from tests.calibrated import calibrated
from tests.unit.analysis.sample_victims import COARSE, first_found, found, only, slowed, until, victims

ALL = np.ones((1, 240), dtype=np.bool_)


@pytest.mark.parametrize("step", [1, 5, 15, 30, 60])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_rise_is_found_within_a_minute_or_three_steps(step: int, seed: int) -> None:
    """At any scrape interval: four requests a second that take four times as long."""
    first = first_found(slowed(4.0, step, 200, steps=220, seed=seed), 201)
    assert first is not None
    end, detection = first
    assert (end - 200) <= max(3, 60 // step)
    assert not detection.stalled


@pytest.mark.parametrize("step", [5, 15, 60])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_onset_is_dated_within_two_steps(step: int, seed: int) -> None:
    """When it is detected, and still ten steps later."""
    seen = slowed(4.0, step, 200, steps=216, seed=seed)
    first = first_found(seen, 201)
    assert first is not None
    assert abs(first[1].onset - 200) <= 2
    assert abs(onset_of(only(seen), ALL[0, :216]) - 200) <= 2


@pytest.mark.parametrize("seed", range(6))
def test_steady_traffic_opens_nothing(seed: int) -> None:
    """Two hundred looks at noise: at 15 s steps that is most of an hour."""
    rng = np.random.default_rng(seed)
    assert first_found(victims(rng.poisson(20, 240), np.full(240, 0.05), seed=seed), 40) is None


@pytest.mark.parametrize("seed", range(3))
def test_slow_waves_that_were_always_there_open_nothing(seed: int) -> None:
    """Autocorrelated TTFT is overdispersed: its own waves are its normal."""
    rng = np.random.default_rng(seed)
    waves = 0.05 * (1 + 0.25 * np.sin(np.arange(240) / 6 + seed))
    assert first_found(victims(rng.poisson(20, 240), waves, seed=seed), 120) is None


def test_one_slow_request_opens_nothing() -> None:
    """A single outlier of a minute in steady traffic."""
    seen = victims(np.full(120, 5), np.full(120, 0.05))
    seen.counts[0, -1, 110] += 1
    seen.ttft_sum[0, 110] += 60.0
    seen.first_tokens[0, 110] += 1
    assert first_found(seen, 111) is None


def test_one_slow_step_that_is_gone_opens_nothing() -> None:
    """Most raw change points are gone a minute later: both the rise and its staying are needed."""
    means = np.full(120, 0.05)
    means[110] = 0.5
    assert first_found(victims(np.full(120, 60), means), 111) is None


def test_faster_is_no_regression() -> None:
    """Only slower opens."""
    assert found(slowed(4.0, 15, 200, ratio=0.2)) == []


def test_significant_but_not_felt_opens_nothing() -> None:
    """Ten per cent is nothing that a user feels, however many requests prove it."""
    assert found(slowed(200.0, 15, 100, ratio=1.1)) == []


def test_coarse_buckets_still_show_a_rise() -> None:
    """Three finite bounds: what leaves the first bucket tells."""
    means = np.full(120, 0.05)
    means[110:] = 0.3
    detections = found(victims(np.full(120, 20), means, bounds=COARSE))
    assert [d.onset for d in detections] == [110]


def test_sparse_traffic_needs_more_steps_but_is_found() -> None:
    """A request in fifteen seconds: found within twenty of them."""
    first = first_found(slowed(1 / 15, 15, 200, ratio=8.0, steps=230), 201)
    assert first is not None
    assert first[0] - 200 <= 20


def test_too_little_history_opens_nothing() -> None:
    """Without a baseline there is no regression, only a service that is slow."""
    assert found(until(slowed(4.0, 15, 8), 16)) == []
    assert found(slowed(0.02, 15, 60)) == []


def test_steps_of_a_known_regression_are_no_reference() -> None:
    """With the slow steps as its baseline the rise would not be one."""
    means = np.full(200, 0.05)
    means[60:140] = 0.2
    means[190:] = 0.2
    seen = victims(np.full(200, 40), means)
    quiet = np.ones((1, 200), dtype=np.bool_)
    quiet[0, 58:142] = False
    detections = detect(seen, quiet, calibrated())
    assert [d.onset for d in detections] == [190]


def test_missing_scrapes_are_neither_slow_nor_fast() -> None:
    """A gap before the rise moves nothing."""
    seen = slowed(4.0, 15, 200)
    for values in (seen.first_tokens, seen.ttft_sum, seen.counts[0]):
        values[..., 150:170] = np.nan
    assert [d.onset for d in found(seen)] == [200]


def test_waiting_without_first_tokens_is_a_stall() -> None:
    """The worst regression, dated where the silence began."""
    seen = victims(np.array([40] * 100 + [0] * 4), np.full(104, 0.05))
    seen.waiting[0, 100:] = 12
    detections = found(seen)
    assert [(d.onset, d.stalled) for d in detections] == [(100, True)]


def test_silence_without_requests_is_idleness() -> None:
    """Nobody waits: nothing is wrong. The same where nobody knows whether any wait."""
    seen = victims(np.array([40] * 100 + [0] * 20), np.full(120, 0.05))
    assert found(seen) == []
    seen.waiting[:] = seen.running[:] = np.nan
    assert found(seen) == []


def test_a_pause_of_a_sparse_service_is_no_stall() -> None:
    """A request a minute: four steps of 15 s without first tokens are usual, also while one runs."""
    seen = victims(np.array([1, 0, 0, 0] * 40 + [0] * 4), np.full(164, 0.05))
    seen.running[0, -4:] = 1
    assert found(seen) == []


def test_the_statistic_that_moved_most_is_told() -> None:
    """A tail that grew shows in the 95th percentile first; quantiles need twenty requests."""
    seen = victims(np.full(40, 40), np.full(40, 0.05))
    before = Level.over(only(seen), np.arange(40) < 30)
    tail = before.counts / 3
    tail[-1] += 0.08 * tail.sum()
    slower = Level(tail, before.mean * 1.1, float(tail.sum()))
    moved = effect(before, slower, seen.bounds)
    assert moved is not None
    assert moved.statistic == "p95"
    few = Level(tail / tail.sum() * 10, before.mean * 1.1, 10.0)
    mean = effect(before, few, seen.bounds)
    assert mean is not None
    assert mean.statistic == "mean"


def test_practical_needs_ratio_and_floor() -> None:
    """A doubling from 2 to 4 ms is below the floor; 40 ms on a second is below the ratio."""
    bounds = np.array([np.inf])
    for before, after, felt in ((0.002, 0.004, False), (1.0, 1.04, False), (0.05, 0.08, True)):
        level = Level(np.array([10.0]), before, 10.0)
        assert is_practical(effect(level, Level(np.array([10.0]), after, 10.0), bounds), calibrated()) == felt
    nothing = Level(np.zeros(1), float("nan"), 0.0)
    assert effect(nothing, nothing, bounds) is None
    assert not is_practical(None, calibrated())
