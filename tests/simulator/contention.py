"""Kinds in which other I/O makes the victim's reads wait."""

import numpy as np

from tests.simulator.manners import (
    culprit_pod,
    draw_ratio,
    draw_shape,
    heavy,
    logger,
    saturate,
    small_starter,
    synchronous,
    unseen_writer,
    wanted_wait,
)
from tests.simulator.ordinary import add_victim
from tests.simulator.stage import Stage

WRITES = ("write", "buffered")
ANY = ("write", "write", "buffered", "read", "read", "small", "small", "metadata")


def one_writer(stage: Stage) -> None:
    """Large writes, deep."""
    one(stage, WRITES)


def reader(stage: Stage) -> None:
    """Large reads, deep."""
    one(stage, ("read",))


def small_writer(stage: Stage) -> None:
    """Many small writes in flight."""
    one(stage, ("small",))


def metadata_writer(stage: Stage) -> None:
    """Small writes that are made durable one by one or a few at a time."""
    one(stage, ("metadata",))


def bursts(stage: Stage) -> None:
    """On and off."""
    one(stage, ANY, "bursts")


def ramp(stage: Stage) -> None:
    """More and more."""
    one(stage, ANY, "ramp")


def periodic(stage: Stage) -> None:
    """Short, again and again."""
    one(stage, ANY, "periodic")


def one(stage: Stage, manners: tuple[str, ...] = ANY, shape: str = "") -> None:
    """One culprit."""
    manner = str(stage.rng.choice(manners))
    saturate(stage, culprit_pod(stage), manner, wanted_wait(stage, draw_ratio(stage.rng)), draw_shape(stage, shape))


def two_culprits(stage: Stage) -> None:
    """Two share it."""
    _several(stage, 2)


def three_culprits(stage: Stage) -> None:
    """Three share it."""
    _several(stage, 3)


def _several(stage: Stage, count: int) -> None:
    """Each has a good part; some begin later than others."""
    rng, clock = stage.rng, stage.scene.clock
    wait = wanted_wait(stage, draw_ratio(rng))
    parts = 0.6 / count + 0.4 * rng.dirichlet(np.ones(count))
    course = draw_shape(stage)
    manner = str(rng.choice(ANY))
    for place, part in enumerate(parts):
        late = clock.event_start + (rng.uniform(0.0, 0.25) * (clock.event_end - clock.event_start) if place else 0.0)
        begins = course * (stage.ticks >= late) if rng.uniform() < 0.5 else course
        saturate(stage, culprit_pod(stage), manner, float(part) * wait, begins)


def writer_and_bystanders(stage: Stage) -> None:
    """In the same second others begin, with little."""
    one(stage)
    clock, rng = stage.scene.clock, stage.rng
    for _ in range(int(rng.integers(1, 4))):
        begin = clock.event_start + rng.uniform(-1.0, 1.0)
        small_starter(stage, stage.victim.device, float(rng.uniform(0.001, 0.02)), begin, clock.event_end)


def writer_and_logger(stage: Stage) -> None:
    """A little more load, whose log grows with it."""
    victim, rng = stage.victim, stage.rng
    victim.rate = victim.rate * (1.0 + rng.uniform(0.05, 0.3) * stage.event)
    one(stage)
    logger(stage, float(rng.uniform(0.002, 0.02)))


def slowed_neighbours(stage: Stage) -> None:
    """Others that wait for their I/O slow down as the victim does."""
    for _ in range(int(stage.rng.integers(2, 6))):
        synchronous(stage)
    one(stage)


def beside_heavy(stage: Stage) -> None:
    """The largest writer has always been there."""
    heavy(stage, float(stage.rng.uniform(0.15, 0.4)))
    one(stage)


def writer_with_load_rise(stage: Stage) -> None:
    """More requests at the same time, which alone would not do it."""
    victim, rng = stage.victim, stage.rng
    victim.rate = victim.rate * (1.0 + rng.uniform(0.2, 0.5) * stage.event)
    one(stage)


def unattributed(stage: Stage) -> None:
    """Nobody's."""
    unseen_writer(stage, wanted_wait(stage, draw_ratio(stage.rng)), draw_shape(stage))


def unseen_pods(stage: Stage) -> None:
    """A culprit while the kubelet's scrapes fail: nobody can be named."""
    one(stage)
    clock = stage.scene.clock
    stage.scene.lost["cadvisor"] = [(clock.event_start - clock.step, clock.event_end + 5.0 * clock.step)]


def two_victims(stage: Stage) -> None:
    """Two servers on the same device suffer from the same culprit."""
    rng = stage.rng
    add_victim(stage, stage.victim.device, float(stage.victim.rate.mean() * rng.uniform(0.3, 1.0)))
    one(stage)
