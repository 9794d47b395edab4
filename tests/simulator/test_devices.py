"""Devices behave as devices do."""

import numpy as np
import pytest

from tests.simulator.devices import Demand, Device, Operation, Service, serve

SATA = Device(
    name="sda",
    number="8:0",
    medium="sata",
    node=0,
    read_operation=1.2e-5,
    write_operation=2e-5,
    read_byte=1 / 500e6,
    write_byte=1 / 450e6,
    read_latency=9e-5,
    write_latency=6e-5,
    read_part=0.8,
    write_part=1.0,
    flush_seconds=1e-3,
)
PAGE = Operation(is_write=False, size=65536.0)
LARGE = Operation(is_write=True, size=1048576.0)
SMALL = Operation(is_write=True, size=4096.0)


def served(*streams: tuple[Operation, float, float], slowdown: float = 1.0) -> Service:
    """One tick of streams, each (operation, pace, depth)."""
    operations = [operation for operation, _, _ in streams]
    return serve(
        Demand(
            pace=np.array([[pace] for _, pace, _ in streams]),
            depth=np.array([[depth] for _, _, depth in streams]),
            cost=np.array([SATA.cost(operation) for operation in operations]),
            latency=np.array([SATA.latency(operation) for operation in operations]),
            part=np.array([SATA.part(operation) for operation in operations]),
            slowdown=np.array([slowdown]),
        )
    )


def test_reads_are_quick_on_an_idle_device() -> None:
    """A page of 64 KiB takes a few tenths of a millisecond."""
    quiet = served((PAGE, 100.0, 4.0))
    assert 1e-4 < quiet.seconds[0, 0] < 4e-4
    assert quiet.rate[0, 0] == pytest.approx(100.0)


def test_a_deep_sequential_writer_makes_reads_wait() -> None:
    """With a dozen operations of 1 MiB in flight a page takes more than ten milliseconds, and the disk is full."""
    busy = served((PAGE, 100.0, 4.0), (LARGE, np.inf, 12.0))
    assert 0.01 < busy.seconds[0, 0] < 0.05
    work = busy.rate[:, 0] @ np.array([SATA.cost(PAGE), SATA.cost(LARGE)])
    assert work == pytest.approx(1.0, abs=0.05)
    assert busy.busy[0] > 0.99


def test_small_writes_fill_the_queue_and_move_little() -> None:
    """Sixty-four writes of 4 KiB in flight make reads wait as long as others do with many times the bytes."""
    small = served((PAGE, 100.0, 4.0), (SMALL, np.inf, 64.0))
    large = served((PAGE, 100.0, 4.0), (LARGE, np.inf, 1.0))
    assert small.wait[0] > 0.5 * large.wait[0]
    assert small.rate[1, 0] * SMALL.size < 0.5 * large.rate[1, 0] * LARGE.size


def test_a_paced_writer_below_capacity_gets_its_pace_and_hardly_hurts() -> None:
    """A tenth of the device at depth one moves as much as it wants."""
    mild = served((PAGE, 100.0, 4.0), (LARGE, 0.1 / SATA.cost(LARGE), 1.0))
    assert mild.rate[1, 0] == pytest.approx(0.1 / SATA.cost(LARGE))
    assert mild.seconds[0, 0] < 1e-3


def test_flushes_cost_device_time_that_bytes_do_not_show() -> None:
    """A writer that flushes after each small write makes others wait far longer than one that does not."""
    durable = Operation(is_write=True, size=4096.0, flushes=1.0)
    plain, storm = served((PAGE, 100.0, 4.0), (SMALL, np.inf, 8.0)), served((PAGE, 100.0, 4.0), (durable, np.inf, 8.0))
    assert storm.wait[0] > 5 * plain.wait[0]


def test_synchronous_neighbours_slow_down() -> None:
    """A pod that has one operation in flight and wants many does fewer beside a deep writer."""
    alone = served((SMALL, 5000.0, 1.0))
    beside = served((SMALL, 5000.0, 1.0), (LARGE, np.inf, 12.0))
    assert beside.rate[0, 0] < 0.1 * alone.rate[0, 0]


def test_a_slower_device_takes_longer_for_the_same_load() -> None:
    """Ten times the cost of everything is at least ten times the latency, at the same pace."""
    well, ill = served((PAGE, 100.0, 8.0)), served((PAGE, 100.0, 8.0), slowdown=10.0)
    assert ill.seconds[0, 0] >= 10 * well.seconds[0, 0]
    assert ill.rate[0, 0] == pytest.approx(well.rate[0, 0])


@pytest.mark.parametrize("seed", range(20))
def test_equilibrium_holds_for_any_streams(seed: int) -> None:
    """The backlog is made by the work itself; nobody exceeds pace or depth; a device never works more than always."""
    rng = np.random.default_rng(seed)
    streams = [
        (
            Operation(bool(rng.uniform() < 0.5), float(rng.choice((4096.0, 65536.0, 1048576.0)))),
            float(rng.choice((np.inf, rng.uniform(1.0, 2000.0)))),
            float(rng.integers(1, 128)),
        )
        for _ in range(int(rng.integers(1, 12)))
    ]
    found = served(*streams)
    cost = np.array([SATA.cost(operation) for operation, _, _ in streams])
    work = found.rate[:, 0] * cost
    assert work.sum() <= 1.0 + 1e-9
    assert (found.in_flight[:, 0] <= np.array([depth for _, _, depth in streams]) * (1 + 1e-9)).all()
    assert (found.rate[:, 0] <= np.array([pace for _, pace, _ in streams])).all()
    met = found.seconds[:, 0] - np.array([SATA.latency(operation) for operation, _, _ in streams])
    assert found.wait[0] == pytest.approx((work * (met + cost)).sum(), rel=0.1, abs=1e-8)
