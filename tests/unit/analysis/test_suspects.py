"""Who added load: rises, shares, timing, and how unusual."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.features import timeliness
from correlator.analysis.price import PRIOR, Prices
from correlator.analysis.suspects import Contributions, contributions, q_values
from correlator.analysis.volumes import DeviceUse, PodLoad, PodsOnVolume
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats
from correlator.model.topology import PodRef
from tests.oracles.multiple_tests import benjamini_yekutieli

STEPS, STEP, ONSET, END = 160, 15, 100, 140
SPANS = Spans.around(ONSET, END, np.ones(STEPS, dtype=np.bool_))
SEEN = np.ones(STEPS, dtype=np.bool_)
PRICES = Prices(PRIOR, STEPS)


def writes(rate: Floats, size: float = 65536.0) -> Floats:
    """Load of so many writes a second."""
    return np.stack([np.zeros(STEPS), rate, np.zeros(STEPS), rate * size])


def burst(low: float, high: float, start: int = ONSET, end: int = END) -> Floats:
    """`low` writes a second, `high` in [start, end)."""
    rate = np.full(STEPS, float(low))
    rate[start:end] = high
    return rate


def disk(load: Floats) -> DeviceUse:
    """A device under this load, whose queue is what the load costs."""
    unknown = np.full(STEPS, np.nan)
    return DeviceUse(load, unknown, PRICES.of(load), unknown, unknown, unknown, unknown, unknown)


def split(rates: Mapping[str, Floats], hidden: Floats | float = 0.0, *, visible: bool = True) -> Contributions:
    """The split among pods of these rates and what nobody accounts for."""
    pods = {PodRef("n", name): PodLoad(PodRef("n", name), writes(rate)) for name, rate in rates.items()}
    device = sum((pod.load for pod in pods.values()), writes(np.zeros(STEPS) + hidden))
    return contributions(PodsOnVolume(pods, SEEN if visible else ~SEEN, None), disk(device), PRICES, SPANS, ONSET, STEP)


def share(found: Contributions, name: str) -> float:
    """One pod's share."""
    return found.share_of(PodRef("n", name))


def test_two_who_rise_share_by_their_rise() -> None:
    """600 and 200 more: three quarters and one quarter, whatever they did before."""
    found = split({"a": burst(1000, 1600), "b": burst(0, 200)})
    assert share(found, "a") == pytest.approx(0.75)
    assert share(found, "b") == pytest.approx(0.25)


def test_a_heavy_pod_that_was_always_there_added_nothing() -> None:
    """Change, not size."""
    found = split({"heavy": burst(5000, 5000), "new": burst(0, 300)})
    assert share(found, "heavy") == 0.0
    assert share(found, "new") == pytest.approx(1.0)


def test_flushes_count_for_those_whose_writes_bring_them() -> None:
    """A few writes that flush cost the device more than many that do not."""
    quick, slow = burst(100, 1100), burst(0, 100)
    pods = {PodRef("n", name): PodLoad(PodRef("n", name), writes(rate)) for name, rate in (("q", quick), ("s", slow))}
    noise = np.random.default_rng(1).normal(1.0, 0.05, STEPS)
    pods[PodRef("n", "q")] = PodLoad(PodRef("n", "q"), writes(quick * noise))
    device = disk(sum((pod.load for pod in pods.values()), writes(np.zeros(STEPS))))
    dear = Prices(PRIOR, STEPS, flush=0.01)
    flushing = replace(device, flushes=slow)
    found = contributions(PodsOnVolume(pods, SEEN, None), flushing, dear, SPANS, ONSET, STEP)
    cost = PRIOR[1] + 65536 * PRIOR[3]
    assert share(found, "s") == pytest.approx(100 * (cost + 0.01) / (1100 * cost + 1.0), rel=0.05)
    unseen = contributions(PodsOnVolume(pods, SEEN, None), device, dear, SPANS, ONSET, STEP)
    assert share(unseen, "s") == pytest.approx(1 / 11, rel=0.05)


def test_a_falling_rate_is_never_a_share() -> None:
    """Others slow down because of the contention."""
    found = split({"starved": burst(2000, 200), "new": burst(0, 300)})
    starved = found.of(PodRef("n", "starved"))
    assert starved is not None
    assert starved.rise < 0
    assert starved.share == 0.0
    assert share(found, "new") == pytest.approx(1.0)


def test_a_bystander_with_little_io_gets_little() -> None:
    """It starts in the same second."""
    found = split({"culprit": burst(0, 1000), "bystander": burst(0, 20)})
    bystander = found.of(PodRef("n", "bystander"))
    assert bystander is not None
    assert bystander.share < 0.03


def test_io_that_no_pod_accounts_for_is_its_own_suspect() -> None:
    """Device total minus the pods' sum; merged operations make no negative load."""
    found = split({"a": burst(100, 100)}, hidden=burst(0, 900))
    assert found.share_of(None) == pytest.approx(1.0)
    merged = split({"a": burst(0, 500)}, hidden=burst(0, -100))
    assert merged.share_of(None) == 0.0
    assert share(merged, "a") == pytest.approx(1.0)


def test_what_pods_did_while_they_could_not_be_seen_is_not_unattributed() -> None:
    """A blind spot is no suspect."""
    assert split({}, hidden=burst(0, 900), visible=False).share_of(None) == 0.0


def test_nobody_added_anything() -> None:
    """Constant loads: no share, and no rise to speak of."""
    found = split({"a": burst(100, 100), "b": burst(50, 50)})
    assert found.gross_rise == 0.0
    assert all(item.share == 0.0 for item in found.items)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), min_size=1, max_size=6),
    st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)),
)
def test_shares_sum_to_one_or_to_nothing(rates: list[tuple[float, float]], rest: tuple[float, float]) -> None:
    """Whatever each did, the rises divide all of what was added."""
    found = split({f"p{i}": burst(*pair) for i, pair in enumerate(rates)}, hidden=burst(*rest))
    total = sum(item.share for item in found.items)
    assert total == pytest.approx(1.0) or total == 0.0
    assert all(0.0 <= item.share <= 1.0 for item in found.items)
    assert [item.rise for item in found.items] == sorted((item.rise for item in found.items), reverse=True)


@pytest.mark.parametrize("lag", [-10, -2, 0, 1, 5])
def test_the_lag_is_when_its_own_rise_began(lag: int) -> None:
    """In steps from the onset; negative: before it."""
    item = split({"a": burst(10, 500, start=ONSET + lag)}).of(PodRef("n", "a"))
    assert item is not None
    assert item.lag_steps == lag


def test_an_older_burst_is_not_the_rise() -> None:
    """The run of steps that holds at the onset counts."""
    rate = burst(0, 500)
    rate[85:90] = 500
    item = split({"a": rate}).of(PodRef("n", "a"))
    assert item is not None
    assert item.lag_steps == 0


def test_who_rose_first_long_after_the_onset_is_hardly_the_cause() -> None:
    """The probability falls with lateness beyond what scrapes resolve, not within it."""
    late = [split({"a": burst(0, 500, start=ONSET + lag)}).items[0] for lag in (0, 2, 8)]
    chances = [timeliness(item.lag_steps) for item in late]
    assert chances[0] == chances[1] == 1.0
    assert chances[2] < 0.5


def test_what_happens_often_is_not_unusual() -> None:
    """A job that writes as much every few minutes without any regression has a high p-value."""
    often = burst(0, 500)
    for start in range(4, 96, 12):
        often[start : start + 6] = 500
    spans = Spans.around(ONSET, ONSET + 6, np.ones(STEPS, dtype=np.bool_))
    pods = {PodRef("n", "a"): PodLoad(PodRef("n", "a"), writes(often))}
    usual = contributions(PodsOnVolume(pods, SEEN, None), disk(writes(often)), PRICES, spans, ONSET, STEP).of(
        PodRef("n", "a")
    )
    assert usual is not None
    assert usual.p_value is not None
    assert usual.p_value > 0.05
    once = split({"a": burst(0, 500)}).items[0]
    assert once.p_value is not None
    assert once.p_value < 0.05


def test_a_p_value_counts_the_seen_stretch_itself() -> None:
    """It is never zero: with n stretches no less than one in n + 1."""
    item = split({"a": burst(0, 500)}).items[0]
    stretches = 98 - 24 + 1  # 98 quiet steps, stretches of 24: a quarter of them
    assert item.p_value == pytest.approx(1 / (1 + stretches))


def test_a_constant_load_is_not_unusual() -> None:
    """Its means over stretches of different lengths differ by rounding alone: no rise, no lag, a p-value of 1."""
    found = split({"a": burst(0.1, 0.1), "b": burst(1 / 3, 1 / 3), "c": burst(0, 500)})
    for name in ("a", "b"):
        item = found.of(PodRef("n", name))
        assert item is not None
        assert (item.rise, item.share, item.lag_steps, item.p_value) == (0.0, 0.0, None, 1.0)


def test_without_history_there_is_no_p_value() -> None:
    """A pod whose quiet steps are unknown cannot be called unusual."""
    rate = burst(0, 500)
    rate[:ONSET] = np.nan
    item = split({"a": rate}).of(PodRef("n", "a"))
    assert item is not None
    assert item.p_value is None


@settings(max_examples=100)
@given(st.lists(st.none() | st.floats(1e-6, 1.0), max_size=12))
def test_q_values_are_those_of_benjamini_and_yekutieli(p_values: list[float | None]) -> None:
    """Against the definition written out; what has no p-value has no q-value and is not counted."""
    known = [p for p in p_values if p is not None]
    expected = iter(benjamini_yekutieli(known))
    assert q_values(p_values) == pytest.approx([None if p is None else next(expected) for p in p_values])
