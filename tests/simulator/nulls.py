"""Kinds in which first tokens get slower for another reason than storage, or not at all."""

import numpy as np

from tests.simulator.devices import Operation
from tests.simulator.manners import (
    culprit_pod,
    draw_ratio,
    draw_shape,
    harmless,
    heavy,
    logger,
    paced,
    saturate,
    small_starter,
)
from tests.simulator.ordinary import other_device
from tests.simulator.patterns import PATTERNS
from tests.simulator.stage import Stage, compute_seconds, usual_ttft

BUSY_SECONDS_WAITED = 0.05
"""What a saturating writer on another device makes its neighbours there wait, at the most."""


def nothing(stage: Stage) -> None:
    """Nothing at all."""


def busy_but_usual(stage: Stage) -> None:
    """A heavy innocent, and a job that comes and goes without hurting, before as well as during the event."""
    clock, rng = stage.scene.clock, stage.rng
    heavy(stage, float(rng.uniform(0.1, 0.35)))
    course = PATTERNS["periodic"](rng, stage.ticks, float(clock.edges[0]), float(clock.edges[-1]))
    harmless(stage, stage.add_pod(stage.victim.device), course, 0.05)


def load_rise(stage: Stage) -> None:
    """More requests, as many as make the accelerator nearly busy or more than that."""
    victim, rng = stage.victim, stage.rng
    factor = float(np.clip(rng.uniform(0.45, 0.9) / accelerator(stage), 1.6, 12.0))
    victim.rate = victim.rate * (1.0 + (factor - 1.0) * stage.event)


def accelerator(stage: Stage) -> float:
    """The part of its time that the victim's accelerator is busy."""
    return float(stage.victim.rate.mean()) * compute_seconds(stage.victim)


def load_with_logger(stage: Stage) -> None:
    """More requests, and a log of them on the victim's device."""
    load_rise(stage)
    logger(stage, float(stage.rng.uniform(0.002, 0.02)))


def load_with_starters(stage: Stage) -> None:
    """More requests, and pods that begin with a little I/O at the same moment."""
    load_rise(stage)
    _starters(stage)


def prompt_shift(stage: Stage) -> None:
    """Longer prompts."""
    victim, rng = stage.victim, stage.rng
    factor = float(np.clip(rng.uniform(0.4, 0.85) / accelerator(stage), 1.5, 6.0))
    victim.prompt_factor = 1.0 + (factor - 1.0) * stage.event


def compute_slowdown(stage: Stage) -> None:
    """Prefill takes longer."""
    victim = stage.victim
    factor = max(min(draw_ratio(stage.rng), 0.65 / accelerator(stage)), 1.3)
    victim.compute_factor = 1.0 + (factor - 1.0) * stage.event


def compute_with_writer(stage: Stage) -> None:
    """A slow accelerator, and a writer that starts with it and hurts nobody."""
    compute_slowdown(stage)
    harmless(stage, culprit_pod(stage), draw_shape(stage), float(stage.rng.uniform(0.003, 0.03)))


def compute_beside_heavy(stage: Stage) -> None:
    """A slow accelerator beside a heavy innocent."""
    heavy(stage, float(stage.rng.uniform(0.15, 0.4)))
    compute_slowdown(stage)


def compute_with_starters(stage: Stage) -> None:
    """A slow accelerator, and pods that begin with a little I/O."""
    compute_slowdown(stage)
    _starters(stage)


def frozen_process(stage: Stage) -> None:
    """The server hangs by itself: requests wait, and no first token comes."""
    clock = stage.scene.clock
    stage.victim.hangs.append((clock.event_start, clock.event_end))


def unexposed_compute(stage: Stage) -> None:
    """A slow accelerator while a device that the victim reads nothing from is saturated."""
    compute_slowdown(stage)
    _saturate_other(stage)


def other_volume(stage: Stage) -> None:
    """A device that the victim reads nothing from is saturated, and the victim does not feel it."""
    _saturate_other(stage)


def harmless_writer(stage: Stage) -> None:
    """Somebody starts to write on the victim's device, and hurts nobody."""
    harmless(stage, culprit_pod(stage), draw_shape(stage), float(stage.rng.uniform(0.003, 0.05)))


def victim_restart(stage: Stage) -> None:
    """The server restarts: its counters begin anew, its first tokens are as before."""
    clock = stage.scene.clock
    stage.victim.pauses.append((clock.event_start, clock.event_start + float(stage.rng.uniform(10.0, 60.0))))


def degraded_device(stage: Stage) -> None:
    """Every operation takes longer: the device itself, not its load."""
    victim, place = stage.victim, stage.victim.device
    usual, reads, latency = usual_ttft(stage, victim)
    device = stage.scene.devices[place]
    work = sum(
        float(np.where(np.isfinite(each.pace), each.pace, 0.0).mean()) * device.cost(each.operation)
        for each in stage.scene.streams
        if each.device == place
    )
    rate = float(victim.rate.mean())
    own = rate * reads * victim.parallel * device.cost(victim.read)
    slower = 1.0 + (draw_ratio(stage.rng) - 1.0) * usual / (reads * latency)
    bearable = min(0.8 / (work + own), 0.7 * victim.slots / (rate * reads * latency))
    stage.scene.slowdown[place] *= 1.0 + (max(min(slower, bearable), 1.5) - 1.0) * stage.event


def degraded_with_starters(stage: Stage) -> None:
    """The device gets slow in the minute in which small jobs begin."""
    degraded_device(stage)
    _starters(stage)


def _starters(stage: Stage) -> None:
    clock, rng = stage.scene.clock, stage.rng
    for _ in range(int(rng.integers(1, 4))):
        begin = clock.event_start + rng.uniform(-2.0, 2.0)
        small_starter(stage, stage.victim.device, float(rng.uniform(0.001, 0.01)), begin, clock.event_end)


def _saturate_other(stage: Stage) -> None:
    """Somebody fills the queue of another device of the node, where the victim may keep its log."""
    rng, other = stage.rng, other_device(stage)
    manner = str(rng.choice(("write", "read", "small")))
    saturate(stage, culprit_pod(stage, other), manner, BUSY_SECONDS_WAITED, draw_shape(stage), other)
    if rng.uniform() < 0.4:
        device = stage.scene.devices[other]
        log = Operation(is_write=True, size=4096.0)
        share = rng.uniform(0.5, 3.0) * device.cost(log)
        paced(stage, stage.victim.pod, other, log, np.full(len(stage.ticks), share))
