"""Kinds in which the victim's own I/O makes its reads wait, or its reads become more."""

from tests.simulator.manners import draw_ratio, draw_shape, saturate, wanted_wait
from tests.simulator.patterns import within
from tests.simulator.stage import Stage, usual_ttft


def kv_offload(stage: Stage) -> None:
    """The victim writes its cache to the device that it reads from."""
    saturate(stage, stage.victim.pod, "write", wanted_wait(stage, draw_ratio(stage.rng)), draw_shape(stage))


def weight_loading(stage: Stage) -> None:
    """The victim loads weights of another model."""
    saturate(stage, stage.victim.pod, "read", wanted_wait(stage, draw_ratio(stage.rng)), draw_shape(stage, "steady"))


def cold_cache(stage: Stage) -> None:
    """After a restart each request reads more than before, until the cache is warm again."""
    victim, clock, rng = stage.victim, stage.scene.clock, stage.rng
    usual, reads, latency = usual_ttft(stage, victim)
    device = stage.scene.devices[victim.device]
    rate = float(victim.rate.mean())
    more = 1.0 + (draw_ratio(rng) - 1.0) * usual / (reads * latency)
    bearable = min(
        0.6 / (rate * reads * victim.parallel * device.cost(victim.read)),
        0.5 * victim.slots / (rate * reads * latency),
    )
    back = clock.event_start + float(rng.uniform(5.0, 40.0))
    victim.pauses.append((clock.event_start, back))
    victim.reads_factor = 1.0 + (max(min(more, bearable), 1.0) - 1.0) * within(stage.ticks, back, clock.event_end)
