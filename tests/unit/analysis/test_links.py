"""The links of the chain, each as a probability with its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.level import Level
from correlator.analysis.links import (
    AMPLIFICATION,
    Exposure,
    VolumeChange,
    exposure,
    ramp,
    split_excess,
    volume_change,
)
from correlator.analysis.load import LoadView
from correlator.analysis.victims import Victim
from correlator.analysis.volumes import DeviceUse, PodLoad
from correlator.analysis.windows import Spans
from correlator.model.finding import Change
from correlator.model.frame import Floats
from correlator.model.topology import PodRef, Volume
from tests.unit.analysis.sample_victims import only, victims

STEPS, ONSET = 140, 100
SPANS = Spans.around(ONSET, STEPS, np.ones(STEPS, dtype=np.bool_))
DISK = Volume(id="disk:n1:sda", name="n1/sda", kind="disk", node="n1", device="sda")
UNKNOWN = np.full(STEPS, np.nan)
CALM = LoadView(
    arrivals=Change(4.0, 4.0),
    prompt_length=Change(500.0, 500.0),
    arrivals_up=False,
    prompts_up=False,
    explained_seconds=0.0,
    seen=True,
)


def stepped(low: float, high: float) -> Floats:
    """`low`, from the onset on `high`."""
    return np.where(np.arange(STEPS) < ONSET, low, high)


def device(latency: Floats, reads: Floats, queue: Floats, busy: Floats) -> DeviceUse:
    """A disk that is read only."""
    nothing = np.zeros(STEPS)
    return DeviceUse(
        load=np.stack([reads, nothing, reads * 65536, nothing]),
        utilization=busy,
        queue_depth=queue,
        read_latency=np.where(reads > 0, latency, np.nan),
        write_latency=UNKNOWN,
        read_time=reads * latency,
        write_time=nothing,
        flushes=UNKNOWN,
    )


def got_worse(latency: Floats, queue: Floats, reads: float = 100.0) -> float:
    """The probability that a disk with such latency and queue got worse."""
    use = device(latency, np.full(STEPS, reads), queue, np.minimum(queue, 1.0))
    return volume_change(DISK, use, SPANS).got_worse


def slower(rise: float) -> VolumeChange:
    """A disk whose reads take `rise` seconds longer."""
    use = device(stepped(2e-4, 2e-4 + rise), np.full(STEPS, 100.0), stepped(0.02, 4.0), stepped(0.02, 1.0))
    return volume_change(DISK, use, SPANS)


def victim(rate: int = 60) -> Victim:
    """Four requests a second in steps of 15 s."""
    return only(victims(np.full(STEPS, rate), stepped(0.05, 0.2)))


def reads_of(each: float) -> PodLoad:
    """So many reads for each request."""
    reads = np.full(STEPS, 4.0 * each)
    nothing = np.zeros(STEPS)
    return PodLoad(PodRef("inference", "vllm-0"), np.stack([reads, nothing, reads * 65536, nothing]))


def felt(own: PodLoad | None, pressure: Floats, rise: float, excess: float) -> Exposure:
    """How far the victim feels a disk whose reads take `rise` longer."""
    return exposure(victim(), own, pressure, slower(rise), SPANS, excess)


def test_a_ramp_is_flat_outside_its_points_and_nothing_for_nan() -> None:
    """What cannot be computed has no probability."""
    points = ((1.0, 0.1), (2.0, 0.9))
    assert ramp(0.0, *points) == 0.1
    assert ramp(1.5, *points) == pytest.approx(0.5)
    assert ramp(9.0, *points) == ramp(float("inf"), *points) == 0.9
    assert ramp(float("nan"), *points) == 0.0


def test_a_quiet_disk_did_not_get_worse() -> None:
    """The same latency and queue, with noise."""
    noise = np.random.default_rng(1).normal(1.0, 0.1, STEPS)
    assert got_worse(5e-3 * noise, 0.5 * noise) < 0.05


def test_slow_reads_are_a_disk_that_got_worse() -> None:
    """Ten times the latency in every step."""
    assert got_worse(stepped(2e-4, 2e-3), stepped(0.1, 0.4)) > 0.95


def test_a_rise_below_a_fast_devices_noise_is_none() -> None:
    """From 50 to 150 µs nobody feels anything."""
    assert got_worse(stepped(5e-5, 1.5e-4), stepped(0.01, 0.02)) == 0.0


def test_one_slow_step_is_not_a_slower_disk() -> None:
    """The ratio of sums jumps, but most steps are as before."""
    latency = stepped(1e-3, 1e-3)
    latency[ONSET + 3] = 0.2
    assert got_worse(latency, stepped(0.1, 0.1)) < 0.5


def test_a_full_queue_tells_when_no_read_completes() -> None:
    """A frozen disk has no latency to show."""
    assert got_worse(stepped(2e-4, 2e-4), stepped(0.05, 30.0), reads=0.0) > 0.9


def test_a_deep_queue_beside_reads_as_fast_as_ever_is_no_slower_disk() -> None:
    """Somebody's writes wait behind each other; reads pass them by."""
    assert got_worse(stepped(2e-3, 2.4e-3), stepped(0.5, 30.0)) < 0.2


def test_a_disk_without_counters_is_not_seen() -> None:
    """And did, as far as anybody knows, not get worse."""
    worse = volume_change(DISK, device(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), SPANS)
    assert not worse.seen
    assert worse.got_worse == 0.0
    half = stepped(0.1, np.nan)
    assert not volume_change(DISK, device(UNKNOWN, half, half, half), SPANS).seen


def test_a_victim_that_reads_much_is_exposed() -> None:
    """40 reads that take 4 ms longer explain 160 ms of 150."""
    found = felt(reads_of(40), UNKNOWN, 4e-3, 0.15)
    assert found.reads_per_request == pytest.approx(40, rel=0.01)
    assert found.direct_seconds == pytest.approx(0.16, rel=0.02)
    assert found.probability is not None
    assert found.probability > 0.95


def test_a_victim_that_reads_nothing_is_not_exposed() -> None:
    """However slow the disk: weights sit in memory."""
    assert felt(reads_of(0), UNKNOWN, 4e-3, 0.15).probability == 0.0


def test_a_little_reading_explains_little() -> None:
    """One read of 4 ms a request does not make 150 ms."""
    probability = felt(reads_of(1), UNKNOWN, 4e-3, 0.15).probability
    assert probability is not None
    assert probability < 0.3


def test_pressure_alone_shows_exposure() -> None:
    """Reads through a file system that cgroups do not count still stall the pod: 0.6 s a second of four requests."""
    found = felt(None, stepped(0.01, 0.61), 4e-3, 0.15)
    assert found.direct_seconds == pytest.approx(0.15, rel=0.02)
    assert found.probability is not None
    assert found.probability > 0.95


def test_what_cannot_be_seen_is_not_guessed() -> None:
    """Neither reads nor pressure: no probability."""
    assert felt(None, UNKNOWN, 4e-3, 0.15).probability is None


def test_a_stalled_victim_is_exposed_if_it_read_while_it_worked() -> None:
    """It gives no first tokens whose rise could be explained."""
    assert felt(reads_of(40), UNKNOWN, 4e-2, float("nan")).probability == pytest.approx(0.97)
    assert felt(reads_of(0), UNKNOWN, 4e-2, float("nan")).probability == 0.0
    assert felt(reads_of(0), stepped(0.0, 0.9), 4e-2, float("nan")).probability == pytest.approx(0.97)


def test_reads_that_cost_more_than_first_tokens_took_are_felt_whatever_the_wait() -> None:
    """Where the service is overwhelmed the direct cost is a small part of an endless wait, and still its cause."""
    overwhelmed = felt(reads_of(25), UNKNOWN, 4e-3, 5.0).probability  # 100 ms more, where first tokens took 50 ms
    assert overwhelmed is not None
    assert overwhelmed > 0.9
    mild = felt(reads_of(3), UNKNOWN, 4e-3, 5.0).probability
    assert mild is not None
    assert mild < 0.5


def level(mean: float) -> Level:
    """A level of which only the mean matters."""
    return Level(np.array([100.0]), mean, 100.0)


@settings(max_examples=100)
@given(
    st.floats(0.01, 1.0),
    st.floats(0.0, 2.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.booleans(),
)
def test_the_parts_of_the_excess_sum_to_it(
    before: float, during: float, direct: float, explained: float, up: bool
) -> None:
    """Whatever load and storage explain, and none is negative."""
    exposed = Exposure(reads_per_request=1.0, pressure=Change(None, None), direct_seconds=direct, probability=1.0)
    load = replace(CALM, arrivals_up=up, explained_seconds=explained)
    split = split_excess(level(before), level(during), load, exposed, 1.0)
    assert split.total == pytest.approx(max(0.0, during - before))
    assert split.load + split.storage + split.unexplained == pytest.approx(split.total)
    assert min(split.load, split.storage, split.unexplained) >= -1e-12
    assert split.storage <= AMPLIFICATION * direct + 1e-12 or direct >= before  # then requests queue without bound


def test_load_that_did_not_rise_explains_nothing() -> None:
    """The model may expect something; without a rise of load it is no cause."""
    assert split_excess(level(0.1), level(0.2), replace(CALM, explained_seconds=0.1), None, 0.0).load == 0.0


def test_without_first_tokens_there_is_no_excess() -> None:
    """A stalled victim's mean is unknown, and so is its rise."""
    assert np.isnan(split_excess(level(0.1), level(float("nan")), CALM, None, 0.0).total)


@pytest.mark.parametrize(("every", "expected"), [(4, True), (20, False)])
def test_bursts_are_a_disk_that_got_worse_though_most_steps_are_as_before(every: int, expected: bool) -> None:
    """Every fourth step ten times as slow; every twentieth is what happens anyway."""
    noise = np.random.default_rng(1).normal(1.0, 0.1, STEPS)
    burst = (np.arange(STEPS) >= ONSET) & (np.arange(STEPS) % every == 0)
    assert (got_worse(np.where(burst, 2e-2, 5e-4) * noise, 0.5 * noise) > 0.7) == expected


def test_pressure_of_a_victim_that_reads_nothing_there_is_not_exposure() -> None:
    """It waits for its own writes; one whose reads are not seen may well wait for them."""
    assert (felt(reads_of(0.0), stepped(0.0, 0.5), 5e-3, 0.15).probability or 0.0) < 0.5
    assert (felt(None, stepped(0.0, 0.5), 5e-3, 0.15).probability or 0.0) > 0.9
    assert (felt(reads_of(20.0), stepped(0.0, 0.5), 5e-3, 0.15).probability or 0.0) > 0.9
