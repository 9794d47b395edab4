"""What pods do to a device when they are not idle: the ways of writing and reading that fill a queue, or do not."""

from dataclasses import dataclass

import numpy as np

from tests.simulator.arrivals import draw_arrivals
from tests.simulator.case import Floats
from tests.simulator.devices import Operation
from tests.simulator.names import OwnerKind
from tests.simulator.patterns import PATTERNS, waver
from tests.simulator.scene import UNSEEN, Stream
from tests.simulator.stage import Stage, usual_ttft

DEEPEST = 1024.0
FLUSHER_SECONDS = 5.0
BEARABLE = 0.7
"""Part of its slots that a slow victim may fill: beyond, requests pile up without bound."""


@dataclass(frozen=True, slots=True)
class Manner:
    """A way of doing I/O: possible sizes of operations in bytes, and flushes for each.

    What `is_buffered` goes through the page cache: the kernel writes it back every few seconds, all at once.
    """

    is_write: bool
    sizes: tuple[int, ...]
    flushes: tuple[float, ...] = (0.0,)
    is_buffered: bool = False


MANNERS = {
    "write": Manner(is_write=True, sizes=(262144, 524288, 1048576)),
    "read": Manner(is_write=False, sizes=(131072, 262144, 524288, 1048576)),
    "small": Manner(is_write=True, sizes=(4096, 8192, 16384)),
    "buffered": Manner(is_write=True, sizes=(262144, 524288), is_buffered=True),
    "metadata": Manner(is_write=True, sizes=(4096, 8192), flushes=(0.25, 0.5, 1.0)),
}


def wanted_wait(stage: Stage, ratio: float, which: int = 0) -> float:
    """Seconds of queueing that make a victim's first tokens so many times as long, at a healthy device."""
    victim = stage.scene.victims[which]
    usual, reads, _ = usual_ttft(stage, victim)
    bearable = BEARABLE * victim.slots / float(victim.rate.mean()) / usual
    device = stage.scene.devices[victim.device]
    return (max(min(ratio, bearable), min(ratio, 1.2)) - 1.0) * usual / (reads * device.read_part)


def draw_ratio(rng: np.random.Generator) -> float:
    """How many times as long first tokens shall take."""
    return float(np.exp(rng.uniform(np.log(1.5), np.log(10.0))))


def saturate(stage: Stage, pod: int, manner: str, wait: float, shape: Floats, device: int | None = None) -> None:
    """Let a pod keep so much work in the device's queue that others wait `wait` seconds; `shape` (T,) says when.

    `pod` may be UNSEEN. Where the depth that this takes is beyond what programs use, it stays below.
    """
    rng, place = stage.rng, stage.victim.device if device is None else device
    target, how = stage.scene.devices[place], MANNERS[manner]
    operation = Operation(how.is_write, float(rng.choice(how.sizes)), float(rng.choice(how.flushes)))
    seconds = target.part(operation) * wait + target.latency(operation)
    depth = float(np.clip(seconds / target.cost(operation), 1.0, DEEPEST))
    if how.is_buffered:
        shape = shape * _written_back(rng, stage.ticks)
    depths = np.maximum(1.0, depth * waver(rng, stage.ticks, 0.1, 60.0)) * shape
    pace = np.where(shape > 0, np.inf, 0.0)
    split = float(rng.choice((1.0, 1.0, rng.uniform(1.0, 1.25)))) if how.is_write else 1.0
    stage.add_stream(Stream(pod, place, operation, pace, depths, split))


def _written_back(rng: np.random.Generator, ticks: Floats) -> Floats:
    """When the kernel's flusher is at work: every five seconds or so; ticks may be too long to show it."""
    if ticks[1] - ticks[0] > FLUSHER_SECONDS / 2:
        return np.ones(len(ticks))
    return (((ticks - rng.uniform(0.0, FLUSHER_SECONDS)) % FLUSHER_SECONDS) < FLUSHER_SECONDS * 0.6).astype(np.float64)


def culprit_pod(stage: Stage, device: int | None = None) -> int:
    """Whoever it will be: a pod born for it, one that came a while ago and was idle, or one of the neighbours."""
    rng, clock = stage.rng, stage.scene.clock
    place = stage.victim.device if device is None else device
    choice = rng.uniform()
    neighbours = _idle_neighbours(stage, place)
    if choice < 0.35 and neighbours:
        return int(rng.choice(neighbours))
    if choice < 0.75:
        born = clock.event_start - rng.uniform(0.5, 4.0)
        ended = clock.event_end + rng.uniform(0.0, 5.0) if rng.uniform() < 0.6 else float("inf")
        owner: OwnerKind = "Job" if rng.uniform() < 0.7 else "ReplicaSet"
        return stage.add_pod(place, owner, born, ended)
    return stage.add_pod(place)


def _idle_neighbours(stage: Stage, device: int) -> list[int]:
    """Pods that have been on a device all along, are no victims and fill no queue yet."""
    scene = stage.scene
    taken = {victim.pod for victim in scene.victims} | {s.pod for s in scene.streams if np.isinf(s.pace).any()}
    since = scene.clock.edges[0]
    return [
        place
        for place, pod in enumerate(scene.pods)
        if pod.device == device and pod.started_at < since and place not in taken
    ]


def draw_shape(stage: Stage, name: str = "") -> Floats:
    """The event's course in time; of a random kind, or of the given one."""
    clock = stage.scene.clock
    chosen = name or str(stage.rng.choice(("steady", "steady", "ramp", "bursts")))
    return PATTERNS[chosen](stage.rng, stage.ticks, clock.event_start, clock.event_end)


def small_starter(stage: Stage, device: int, share: float, at: float, until: float) -> int:
    """A pod that begins with a little I/O at a moment: it takes about `share` of the device's time."""
    rng = stage.rng
    born = at - rng.uniform(0.2, 3.0) if rng.uniform() < 0.6 else None
    pod = stage.add_pod(device, "Job" if born is not None and rng.uniform() < 0.7 else None, born)
    on = ((stage.ticks >= at) & (stage.ticks < until)) * waver(rng, stage.ticks, 0.2, 30.0)
    size = float(rng.choice((4096, 16384, 65536, 131072)))
    paced(stage, pod, device, Operation(bool(rng.uniform() < 0.7), size), share * on)
    return pod


def paced(stage: Stage, pod: int, device: int, operation: Operation, share: Floats) -> None:
    """Let a pod take so much of a device's time, (T,), one or two operations at once."""
    depth = np.full(len(share), float(stage.rng.choice((1.0, 2.0))))
    stage.add_stream(Stream(pod, device, operation, share / stage.scene.devices[device].cost(operation), depth))


def harmless(stage: Stage, pod: int, shape: Floats, rise: float, device: int | None = None) -> None:
    """Let a pod do as much as makes any victim's first tokens longer by a part of `rise` at most.

    It may still be a lot: a fast device bears much before it lets anybody wait.
    """
    place = stage.victim.device if device is None else device
    here = [which for which, victim in enumerate(stage.scene.victims) if victim.device == place]
    wait = min(wanted_wait(stage, 1.0 + rise, which) for which in here)
    target = stage.scene.devices[place]
    is_write = bool(stage.rng.uniform() < 0.75)
    operations = [Operation(is_write, float(size)) for size in (4096, 16384, 65536, 131072, 262144)]
    fitting = [each for each in operations if target.cost(each) <= 2.0 * wait] or operations[:1]
    operation = fitting[int(stage.rng.integers(max(0, len(fitting) - 2), len(fitting)))]
    share = min(0.4, 0.8 * wait / (wait + target.cost(operation)))
    paced(stage, pod, place, operation, share * shape)


def heavy(stage: Stage, share: float, device: int | None = None) -> int:
    """An innocent that has always been there, and takes a good part of a device, the victim's unless given."""
    rng, place = stage.rng, stage.victim.device if device is None else device
    pod = stage.add_pod(place)
    operation = Operation(bool(rng.uniform() < 0.75), float(rng.choice((65536, 262144, 524288))))
    paced(stage, pod, place, operation, share * waver(rng, stage.ticks, 0.08, 120.0))
    return pod


def add_company(stage: Stage) -> None:
    """What may be there on any day: pods that come and go with little I/O, heavy or synchronous neighbours."""
    rng, clock, place = stage.rng, stage.scene.clock, stage.victim.device
    for _ in range(int(rng.poisson(0.8))):
        begin = float(rng.uniform(clock.start, clock.last))
        until = begin + float(rng.exponential(40.0)) * clock.step
        small_starter(stage, place, min(float(rng.lognormal(np.log(0.003), 0.7)), 0.01), begin, until)
    if rng.uniform() < 0.15:
        heavy(stage, float(rng.uniform(0.05, 0.25)))
    if rng.uniform() < 0.25:
        synchronous(stage)


def synchronous(stage: Stage) -> int:
    """A pod that waits for each of its operations, so that it slows down when they do."""
    rng, place = stage.rng, stage.victim.device
    pod, device = stage.add_pod(place), stage.scene.devices[place]
    operation = Operation(bool(rng.uniform() < 0.5), float(rng.choice((4096, 8192, 16384))))
    busy = rng.uniform(0.2, 0.8) * min(1.0, 0.1 * device.latency(operation) / device.cost(operation))
    pace = busy / device.latency(operation) * waver(rng, stage.ticks, 0.1, 60.0)
    stage.add_stream(Stream(pod, place, operation, pace, np.ones(len(pace))))
    return pod


def logger(stage: Stage, share: float) -> int:
    """A pod that writes down every request as it arrives, on the victim's device: it goes with load, step by step.

    To be called when the victim's rate is final. `share` is the device time that it takes at the usual rate.
    """
    rng, victim, clock = stage.rng, stage.victim, stage.scene.clock
    victim.arrivals = victim.arrivals or draw_arrivals(rng, victim.trace, clock.ticks, victim.rate)
    pod = stage.add_pod(victim.device)
    counts, _ = np.histogram(victim.arrivals.at, clock.edges)
    usual = max(float(np.median(victim.rate)) * clock.tick, 1e-9)
    operation = Operation(is_write=True, size=float(rng.choice((4096, 16384, 65536))))
    paced(stage, pod, victim.device, operation, share * counts / usual)
    return pod


def unseen_writer(stage: Stage, wait: float, shape: Floats) -> None:
    """I/O that no pod accounts for."""
    saturate(stage, UNSEEN, str(stage.rng.choice(("write", "read", "small", "buffered"))), wait, shape)
