"""Shares, the unattributed rest, p-values and cadences against what their definitions say."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import spearmanr

from correlator.analysis.cadence import evened, readings
from correlator.analysis.dating import REFERENCE_STEPS, _changed_at
from correlator.analysis.onset import LIKELIHOOD_DROP, REFERENCE_REQUESTS, plausible_onsets, redated
from correlator.analysis.price import Prices
from correlator.analysis.suspects import LAG_STEPS, contributions, lags, p_values
from correlator.analysis.tracking import TRACKING_STEPS, tracking
from correlator.analysis.victims import Victim, VictimKey
from correlator.analysis.volumes import DeviceUse, PodLoad, PodsOnVolume
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats
from correlator.model.topology import PodRef
from tests.oracles import attribution, cadences, onsets
from tests.oracles.ranks import expand

STEP = 15
PRICE = np.array([1.0, 2.0, 4.0, 8.0])


def rates(rng: np.random.Generator, steps: int, missing: float = 0.0) -> Floats:
    """Four rates in whole numbers, some steps unknown."""
    values = rng.integers(0, 6, (4, steps)).astype(np.float64)
    values[:, rng.random(steps) < missing] = np.nan
    return values


def disk(load: Floats) -> DeviceUse:
    """A device under this load; nothing else of it is known."""
    unknown = np.full(load.shape[1], nan)
    return DeviceUse(load, *([unknown] * 7))


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
def test_rises_and_shares_are_those_of_every_order_of_coming(seed: int, pods: int, complete: bool) -> None:
    """Shapley values over all orders, what no pod accounts for being one who came, with pods and steps unknown."""
    rng = np.random.default_rng(seed)
    steps, onset = 24, 16
    spans = Spans.around(onset, steps, np.ones(steps, dtype=np.bool_))
    told = np.ones(steps, dtype=np.bool_) if complete else rng.random(steps) < 0.7
    loads = {f"p{i}": np.where(told, rates(rng, steps), np.nan) for i in range(pods)}
    device = sum(np.nan_to_num(load) for load in loads.values()) + rates(rng, steps) - 2.0
    seen = PodsOnVolume(
        {PodRef("n", name): PodLoad(PodRef("n", name), load) for name, load in loads.items()}, told, None
    )
    found = contributions(seen, disk(device), Prices(PRICE, steps), spans, onset, STEP)
    before, during = np.flatnonzero(spans.before).tolist(), np.flatnonzero(spans.during).tolist()
    settled = [step for step in during if step >= onset + 3]  # two readings and a step
    plain = {name: load.tolist() for name, load in loads.items()}
    plain[""] = attribution.rest_of(device.tolist(), list(plain.values()), told.tolist())
    rises = {
        name: attribution.rise(load, PRICE.tolist(), before, during if name else settled)
        for name, load in plain.items()
    }
    shares = attribution.shapley(rises)
    for item in found.items:
        name = item.ref.pod if item.ref else ""
        assert item.rise == pytest.approx(rises[name], abs=1e-9)
        assert item.share == pytest.approx(shares[name], abs=1e-9)


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.integers(8, 40), st.integers(1, 12), st.floats(0.0, 0.4))
def test_p_values_count_the_stretches_one_by_one(seed: int, onset: int, after: int, missing: float) -> None:
    """All runs of neighbouring quiet steps, with gaps and with steps of other regressions."""
    rng = np.random.default_rng(seed)
    steps = onset + after
    load = np.zeros((4, steps))
    load[0] = np.where(rng.random(steps) < missing, np.nan, rng.integers(0, 5, steps))
    quiet = rng.random(steps) < 0.9
    spans = Spans.around(onset, steps, quiet)
    seen = PodsOnVolume({PodRef("n", "a"): PodLoad(PodRef("n", "a"), load)}, np.ones(steps, dtype=np.bool_), None)
    item = contributions(seen, disk(load), Prices(np.ones(4), steps), spans, onset, STEP).of(PodRef("n", "a"))
    assert item is not None
    before, during = np.flatnonzero(spans.before).tolist(), np.flatnonzero(spans.during).tolist()
    assert item.p_value == pytest.approx(attribution.block_p_value(item.device_time.tolist(), before, during))


def crowd(rng: np.random.Generator, steps: int, onset: int) -> Floats:
    """Device times of seven in whole numbers, so that many tie: steady, idle and rising ones, some with gaps."""
    busy = rng.integers(0, 4, (7, steps)) + rng.integers(0, 4, (7, 1)) * (np.arange(steps) >= onset - 2)
    busy[:2] = [[3], [0]]
    return np.where(rng.random(busy.shape) < rng.choice([0.0, 0.2], (7, 1)), nan, busy)


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.integers(5, 70), st.integers(1, 30))
def test_each_of_many_is_measured_as_if_it_were_alone(seed: int, onset: int, after: int) -> None:
    """Lags by definition, p-values by counting, rank correlations by scipy, with gaps that are each one's own."""
    rng = np.random.default_rng(seed)
    steps = onset + after
    spans = Spans.around(onset, steps, rng.random(steps) < 0.9)
    loads, queue = crowd(rng, steps, onset), rng.integers(0, 6, steps).astype(np.float64)
    before, during = np.flatnonzero(spans.before).tolist(), np.flatnonzero(spans.during).tolist()
    alone = loads.tolist()
    assert lags(loads, spans, onset) == [attribution.lag(each, before, during, onset, LAG_STEPS) for each in alone]
    counted = [attribution.block_p_value(each, before, during) for each in alone]
    assert p_values(loads, spans) == pytest.approx(counted)
    chosen = spans.before | spans.during
    for load, found in zip(loads, tracking(loads, queue, chosen), strict=True):
        known = chosen & np.isfinite(load)
        varies = known.sum() >= TRACKING_STEPS and np.ptp(load[known]) > 0 and np.ptp(queue[known]) > 0
        assert found == pytest.approx(spearmanr(load[known], queue[known]).statistic if varies else 0.0)


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.sampled_from((1, 2, 5, 15)), st.integers(1, 6), st.integers(1, 3))
def test_readings_are_the_moves_of_who_moves_most_often(seed: int, step: int, every: int, pods: int) -> None:
    """Counters that stand still between looks of the kubelet, some pods being idle at some of them."""
    rng = np.random.default_rng(seed)
    loads = []
    for _ in range(pods):
        load = rates(rng, 40, missing=0.1)
        load[:, np.arange(40) % every != 0] = 0.0
        load[:, rng.random(40) < rng.uniform(0.0, 0.9)] = 0.0
        loads.append(load)
    fast, slow = readings(np.stack(loads, axis=1), step), cadences.readings([load.tolist() for load in loads], step)
    assert (None if fast is None else fast.tolist()) == slow


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 29), min_size=1, max_size=10, unique=True))
def test_evened_loads_are_means_over_the_stretch_of_each_reading(seed: int, read: list[int]) -> None:
    """With unknown steps, before the first reading and after the last one."""
    load = rates(np.random.default_rng(seed), 30, missing=0.3)
    steps = np.array(sorted(read), dtype=np.intp)
    assert_allclose(evened(load, steps), [cadences.evened(rate, sorted(read)) for rate in load.tolist()])


def victim(rng: np.random.Generator, steps: int, since: int) -> Victim:
    """A victim with few requests in four buckets, slower from a step on; some scrapes failed."""
    slow = np.arange(steps) >= since
    means = np.where(slow, [[0.3], [0.5], [2.0], [1.0]], [[2.0], [1.0], [0.3], [0.1]])
    counts = rng.poisson(means).astype(np.float64)
    counts[:, rng.random(steps) < 0.1] = np.nan
    none = np.full(steps, np.nan)
    return Victim(
        key=VictimKey(PodRef("n", "v"), ""),
        step=15,
        bounds=np.array([0.1, 0.2, 0.4, np.inf]),
        counts=counts,
        ttft_sum=none,
        first_tokens=counts.sum(axis=0),
        arrivals=none,
        prompt_tokens=none,
        waiting=none,
        running=none,
    )


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(24, 36))
def test_an_onset_is_where_the_requests_to_the_end_lie_highest(seed: int, since: int) -> None:
    """Every request ranked among those of the reference one by one; the set of plausible onsets too."""
    steps, rng = 40, np.random.default_rng(seed)
    seen = victim(rng, steps, since)
    quiet = np.arange(steps) != int(rng.integers(0, 10))
    known = quiet & np.isfinite(seen.first_tokens)
    counted = [[int(n) for n in seen.counts[:, i]] if known[i] else None for i in range(steps)]
    earliest = int(np.flatnonzero(~quiet)[-1]) + 1

    def told(onset: int) -> tuple[list[float], list[float]]:
        """Heights against the steps before an onset, and the same of slow steps alone."""
        clean = [i for i in range(onset - 1) if known[i]]
        reference = [bucket for i in clean for bucket in expand(counted[i] or [])]
        assert len(reference) >= REFERENCE_REQUESTS
        height = onsets.heights(counted, clean, earliest)
        return height, [h if onsets.is_slow(step, reference) else -inf for h, step in zip(height, counted, strict=True)]

    found = redated(seen, since, quiet, quiet)
    _, allowed = told(since)
    assert allowed[found] == pytest.approx(max(allowed))
    height, _ = told(found)
    floor = max(max(height[found], 0.0) ** 2 - LIKELIHOOD_DROP, 1.0)
    likely = plausible_onsets(seen, found, quiet, quiet)
    for i, h in enumerate(height):
        if i != found and abs(max(h, 0.0) ** 2 - floor) > 1e-6:
            assert likely[i] == (max(h, 0.0) ** 2 >= floor)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(26, 36))
def test_a_volume_changed_where_its_readings_lie_highest_to_the_end(seed: int, onset: int) -> None:
    """Readings in whole numbers, so that many tie, with gaps."""
    steps, rng = 44, np.random.default_rng(seed)
    series: Floats = rng.integers(1, 6, steps) + 9.0 * (np.arange(steps) >= onset - int(rng.integers(0, 3)))
    series[rng.random(steps) < 0.05] = nan
    before = rng.random(steps) < 0.95
    usual = [series[i] for i in range(onset - 1) if before[i] and np.isfinite(series[i])]
    found = _changed_at(series, before, onset)
    if len(usual) < REFERENCE_STEPS:
        assert found is None
        return
    height = onsets.changed_at(series.tolist(), usual)
    if max(height) == -inf:
        assert found is None
        return
    assert found is not None
    assert height[found] == pytest.approx(max(height))
