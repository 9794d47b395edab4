"""Which limit a volume ran into, on volumes that are made to have one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.case import VolumeCase
from correlator.analysis.limit import limit_of
from correlator.analysis.links import Exposure, split_excess, volume_change
from correlator.analysis.load import LoadView, change
from correlator.analysis.suspects import Contributions
from correlator.analysis.volumes import DeviceUse
from correlator.analysis.windows import Spans
from correlator.model.finding import Change, Limit, Verdict
from correlator.model.frame import Floats
from correlator.model.topology import Volume
from tests.unit.analysis.playing import level_of

STEPS, ONSET = 200, 150
SPANS = Spans.around(ONSET, STEPS, np.ones(STEPS, dtype=np.bool_))
NOISE = 0.02
VOLUME = Volume(id="v", name="n1/v", kind="disk", node="n1", device="v")


def around(before: float, during: float, seed: int = 0, noise: float = NOISE) -> Floats:
    """A rate that goes from one level to another, with noise of so much of itself."""
    rate = np.where(np.arange(STEPS) < ONSET, before, during)
    return np.asarray(rate * (1.0 + noise * np.random.default_rng(seed).standard_normal(STEPS)))


def volume(operations: Floats, size: Floats | float, queue: Floats, errors: tuple[str, ...] = ()) -> VolumeCase:
    """A volume that serves so many operations of such a size, all of them writes, with such a queue."""
    none = np.zeros(STEPS)
    latency = queue / operations
    use = DeviceUse(
        load=np.stack([operations / 10, operations, operations / 10 * size, operations * size]),
        utilization=np.minimum(queue, 1.0),
        queue_depth=queue,
        read_latency=latency,
        write_latency=latency,
        read_time=latency * operations / 10,
        write_time=latency * operations,
        flushes=none,
    )
    worse = replace(volume_change(VOLUME, use, SPANS, errors), got_worse=0.99)
    felt = Exposure(reads_per_request=1.0, pressure=Change(0.0, 0.0), direct_seconds=0.0, probability=1.0)
    unknown = LoadView(
        arrivals=Change(None, None),
        prompt_length=Change(None, None),
        arrivals_up=False,
        prompts_up=False,
        explained_seconds=0.0,
        seen=False,
    )
    return VolumeCase(
        worse=worse,
        exposure=felt,
        split=split_excess(level_of(0.05), level_of(0.2), unknown, felt, 0.99),
        contributions=Contributions((), 0.0, 0.0),
        pods_seen=True,
        readings=10,
    )


def told(case: VolumeCase, verdict: Verdict = Verdict.CONTENTION) -> Limit:
    """The limit, which is there."""
    found = limit_of(case, SPANS, verdict)
    assert found is not None
    return found


QUEUE = around(0.2, 30.0)


def test_operations_that_stand_still_while_others_wait_are_the_limit() -> None:
    """4 KiB writes at 3000 a second with 30 waiting, after 500 before: the bytes are nothing."""
    found = told(volume(around(500, 3000), 4096.0, QUEUE))
    assert found.bound == "operations"
    assert found.operations_per_second.observed == pytest.approx(3300, rel=0.03)
    assert f"ran out of operations: {found.operations_per_second.observed:.0f} operations/s" in found.sentence


def test_large_operations_run_out_of_throughput() -> None:
    """1 MiB writes: the operations are few, the bytes stand still."""
    found = told(volume(around(5, 400), 1048576.0, QUEUE))
    assert found.bound == "throughput"
    assert "MB/s" in found.sentence
    assert found.steady_ratio is not None
    assert found.steady_ratio < 0.05


def test_a_rate_that_was_exceeded_before_is_not_the_limit() -> None:
    """64 KiB: it gave more operations when they were small, so the bytes must be it, whatever the size says."""
    size = np.where(np.arange(STEPS) < ONSET, 4096.0, 65536.0 / 4)
    assert told(volume(around(6000, 3000), size, QUEUE)).bound == "throughput"


def test_a_size_that_changes_while_the_bytes_stand_still_is_throughput() -> None:
    """Operations go up and down with their size; what they carry together does not."""
    size = np.asarray(4096.0 * 2.0 ** np.random.default_rng(1).integers(0, 3, STEPS), dtype=np.float64)
    moved = np.where(np.arange(STEPS) < ONSET, 1e6, 1e8)
    assert told(volume(moved / size, size, QUEUE)).bound == "throughput"


def test_a_size_that_changes_while_the_operations_stand_still_is_operations() -> None:
    """The other way round, with operations so large that their size alone would say throughput."""
    size = np.asarray(262144.0 * 2.0 ** np.random.default_rng(1).integers(0, 3, STEPS), dtype=np.float64)
    assert told(volume(around(20, 500), size, QUEUE)).bound == "operations"


def test_a_queue_that_grows_while_no_rate_stands_still_is_just_a_queue() -> None:
    """Bursts that come and go: the device follows the demand."""
    wild = np.where(np.arange(STEPS) < ONSET, 500.0, 1000.0 * np.random.default_rng(2).uniform(0.3, 3.0, STEPS))
    found = told(volume(wild, 16384.0, QUEUE))
    assert found.bound == "queue"
    assert found.steady_ratio is None
    assert "times as deep" in found.sentence


def test_a_device_that_broke_ran_out_of_nothing_that_it_gave_before() -> None:
    """The same steady load, served with a long queue: its rate is what it is asked for, not a limit."""
    assert told(volume(around(500, 500), 16384.0, QUEUE), Verdict.DEGRADED_DEVICE).bound == "queue"


@pytest.mark.parametrize("verdict", [Verdict.DEGRADED_DEVICE, Verdict.CONTENTION])
def test_a_cap_that_took_hold_is_a_provisioned_limit(verdict: Verdict) -> None:
    """It gave 3000 operations a second with a short queue, and gives a flat 1000 with a long one."""
    found = told(volume(around(3000, 1000), 16384.0, QUEUE), verdict)
    assert found.bound == "provisioned"
    assert "burst or provisioned" in found.sentence


def test_errors_come_first_on_a_device_that_broke() -> None:
    """What the kernel reports needs no guess."""
    found = told(volume(around(500, 500), 16384.0, QUEUE, ("its RAID array is degraded",)), Verdict.DEGRADED_DEVICE)
    assert found.bound == "errors"
    assert "RAID" in found.sentence


def test_without_a_queue_nothing_ran_out() -> None:
    """Slower operations that nobody waits behind are no limit."""
    assert limit_of(volume(around(10, 30), 4096.0, around(0.1, 0.4)), SPANS, Verdict.CONTENTION) is None


def test_a_volume_that_did_not_get_worse_has_no_limit() -> None:
    """A queue alone is not asked about."""
    case = volume(around(500, 3000), 4096.0, QUEUE)
    assert limit_of(replace(case, worse=replace(case.worse, got_worse=0.2)), SPANS, Verdict.OTHER) is None


def test_too_few_steps_tell_no_level() -> None:
    """Three steps with a queue are chance."""
    queue = np.where(np.arange(STEPS) < STEPS - 3, 0.2, 30.0)
    assert limit_of(volume(around(500, 3000), 4096.0, queue), SPANS, Verdict.CONTENTION) is None


def test_gaps_are_left_out() -> None:
    """Half of the scrapes are missing; the rest says the same."""
    lost = np.random.default_rng(3).random(STEPS) < 0.5
    operations, queue = around(500, 3000), QUEUE.copy()
    operations[lost], queue[lost] = np.nan, np.nan
    assert told(volume(operations, 4096.0, queue)).bound == "operations"


@settings(max_examples=40)
@given(
    st.sampled_from(("operations", "throughput")),
    st.floats(0.0, 0.08),
    st.floats(5.0, 200.0),
    st.integers(0, 10_000),
)
def test_the_limit_that_was_built_in_is_found(kind: str, noise: float, depth: float, seed: int) -> None:
    """Small operations against a limit of operations, large ones against one of bytes, however long the queue."""
    operations, size = (
        (around(200, 5000, seed, noise), 4096.0) if kind == "operations" else (around(3, 300, seed, noise), 1e6)
    )
    assert told(volume(operations, size, around(0.2, depth, seed + 1))).bound == kind


def test_figures_are_of_the_steps_with_a_queue() -> None:
    """The most before, and the level now, for both rates and the queue."""
    found = told(volume(around(500, 3000, noise=0.0), 4096.0, around(0.2, 30.0, noise=0.0)))
    assert found.operations_per_second == change(550.0, 3300.0)
    assert found.queue_depth.observed == pytest.approx(30.0)
