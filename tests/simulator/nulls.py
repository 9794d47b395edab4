"""Kinds in which first tokens get slower for another reason, or not at all."""

import numpy as np

from tests.simulator.manners import draw_ratio, wanted_wait
from tests.simulator.stage import Stage, compute_seconds, usual_ttft


def nothing(stage: Stage) -> None:
    """Nothing at all."""


def load_rise(stage: Stage) -> None:
    """More requests, as many as make the accelerator nearly busy or more than that."""
    victim, rng = stage.victim, stage.rng
    usual, _, _ = usual_ttft(stage, victim)
    rate = float(victim.rate.mean())
    busy = rng.uniform(0.8, 1.05)
    factor = float(np.clip(busy / (rate * usual), 1.6, 12.0))
    victim.rate = victim.rate * (1.0 + (factor - 1.0) * stage.event)


def compute_slowdown(stage: Stage) -> None:
    """Prefill takes longer."""
    victim = stage.victim
    bearable = 0.85 / (float(victim.rate.mean()) * compute_seconds(victim))
    factor = max(min(draw_ratio(stage.rng), bearable), 1.3)
    victim.compute_factor = 1.0 + (factor - 1.0) * stage.event


def degraded_device(stage: Stage) -> None:
    """Every operation takes longer: the device itself, not its load."""
    victim = stage.victim
    _, _, latency = usual_ttft(stage, victim)
    device = stage.scene.devices[victim.device]
    wanted = wanted_wait(stage, draw_ratio(stage.rng)) * device.read_part
    work = sum(
        float(np.where(np.isfinite(s.pace), s.pace, 0.0).mean()) * device.cost(s.operation)
        for s in stage.scene.streams
        if s.device == victim.device
    )
    own = float(victim.rate.mean()) * usual_ttft(stage, victim)[1] * victim.parallel * device.cost(victim.read)
    bearable = 0.8 / (work + own)
    stage.scene.slowdown[victim.device] = 1.0 + (min(1.0 + wanted / latency, bearable) - 1.0) * stage.event
