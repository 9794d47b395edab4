"""Long stretches in which storage hurts nobody, with many victims and all the noise of ordinary days."""

import numpy as np

from tests.simulator import names
from tests.simulator.case import Case, Floats, VictimTruth
from tests.simulator.manners import harmless, heavy
from tests.simulator.media import draw_device
from tests.simulator.ordinary import EPOCH, LEAD_SECONDS, add_neighbour, add_restlessness, add_victim, draw_scraping
from tests.simulator.patterns import waver
from tests.simulator.running import Answered, run
from tests.simulator.scene import Clock, Scene
from tests.simulator.seasons import Season
from tests.simulator.stage import Stage
from tests.simulator.telemetry import telemetry_of

RATES = (1 / 60, 3.0)
VICTIMS_PER_NODE = 3
TICKS_PER_STEP = 3
BLOCK_SECONDS = 600.0
FELT = 0.2
"""More of a usual first token than this is not waited for storage beyond the usual, in any block of minutes."""


def quiet(seed: int, victims: int = 12, step: int = 15, hours: float = 24.0) -> Case:
    """A cluster with so many victims over so many hours; nothing that happens to first tokens is storage's doing.

    Load has its days and its short waves; some devices have a heavy innocent, some a cron job that hurts nobody.
    """
    rng = np.random.default_rng([seed, 0x9717])
    stage = _stage(rng, victims, step, hours)
    outcome = run(stage.scene)
    truths = tuple(_truth(stage.scene, which, answered) for which, answered in enumerate(outcome.answered))
    return Case(
        kind="long_quiet",
        family="quiet",
        seed=seed,
        telemetry=telemetry_of(stage.scene, outcome),
        victims=truths,
        is_validated=all(is_unhurt(stage.scene.clock, answered) for answered in outcome.answered),
    )


def _stage(rng: np.random.Generator, victims: int, step: int, hours: float) -> Stage:
    clock = _clock(rng, step, hours)
    nodes = names.draw_nodes(rng, -(-victims // VICTIMS_PER_NODE))
    devices = [draw_device(rng, node, 0) for node in range(len(nodes))]
    stage = Stage(Scene(rng, clock, nodes, devices, draw_scraping(rng, step)))
    for which in range(victims):
        add_victim(stage, which % len(nodes), float(np.exp(rng.uniform(*np.log(RATES)))), busiest=0.3)
        victim = stage.scene.victims[-1]
        victim.rate = victim.rate * Season.draw(rng, 0.4).at(clock.ticks) * _waves(rng, clock.ticks)
    for device in range(len(devices)):
        add_restlessness(stage, device)
        _neighbours(stage, device)
    return stage


def _clock(rng: np.random.Generator, step: int, hours: float) -> Clock:
    """No event: it would begin when all is over."""
    start = (EPOCH + int(rng.integers(0, 30_000_000))) // step * step
    count, tick = int(hours * 3600 / step), step / TICKS_PER_STEP
    first = start - LEAD_SECONDS
    edges = first + tick * np.arange(int((LEAD_SECONDS + count * step) / tick) + 2, dtype=np.float64)
    return Clock(start, step, count, edges, float(edges[-1]), float(edges[-1]))


def _waves(rng: np.random.Generator, ticks: Floats) -> Floats:
    """A few short waves of load a day."""
    factor = np.ones(len(ticks))
    for _ in range(rng.poisson(4.0 * (ticks[-1] - ticks[0]) / 86_400.0)):
        begin, seconds = rng.uniform(ticks[0], ticks[-1]), rng.uniform(120.0, 1800.0)
        factor[(ticks >= begin) & (ticks < begin + seconds)] *= rng.uniform(1.1, 1.4)
    return np.minimum(factor, 1.5)


def _neighbours(stage: Stage, device: int) -> None:
    rng, ticks = stage.rng, stage.ticks
    season = Season.draw(rng, 0.4).at(ticks)
    for _ in range(int(rng.integers(2, 7))):
        add_neighbour(stage, device)
        for stream in stage.scene.streams[-2:]:
            if stream.device == device:
                stream.pace = stream.pace * season
    if rng.uniform() < 0.3:
        heavy(stage, float(rng.uniform(0.05, 0.3)), device)
    for _ in range(int(rng.integers(0, 3))):
        period = float(rng.choice((900.0, 1800.0, 3600.0, 10800.0)))
        on = ((ticks - rng.uniform(0.0, period)) % period) < rng.uniform(0.05, 0.4) * period
        harmless(stage, stage.add_pod(device), on * waver(rng, ticks, 0.1, 300.0), 0.03, device)


def is_unhurt(clock: Clock, answered: Answered) -> bool:
    """Whether in no block of minutes requests spent much more time in reads than they usually do."""
    at, reads = answered.arrivals.at, answered.read_seconds
    block = ((at - clock.edges[0]) / BLOCK_SECONDS).astype(np.int64)
    number = np.bincount(block)
    spent = np.bincount(block, reads)
    enough = number >= 20
    rise = spent[enough] / number[enough] - float(np.median(reads))
    return bool((rise <= FELT * answered.ttft.mean() + float(reads.std()) / np.sqrt(20.0)).all())


def _truth(scene: Scene, which: int, answered: Answered) -> VictimTruth:
    victim = scene.victims[which]
    pod, ttft = scene.pods[victim.pod], answered.ttft
    half = np.searchsorted(answered.arrivals.at, 0.5 * (scene.clock.edges[0] + scene.clock.edges[-1]))
    return VictimTruth(
        namespace=pod.namespace,
        pod=pod.pod,
        model_name=victim.model_name,
        node=scene.nodes[pod.node].name,
        device=scene.devices[victim.device].name,
        verdict=None,
        culprits=(),
        shares={},
        event_start_at=None,
        event_end_at=None,
        first_affected_at=None,
        twentieth_affected_at=None,
        p95_ratio=float(np.quantile(ttft[half:], 0.95) / np.quantile(ttft[:half], 0.95)),
        mean_ratio=float(ttft[half:].mean() / ttft[:half].mean()),
    )
