"""Draws the ordinary day: nodes, devices, neighbours with their usual I/O, and a victim."""

from dataclasses import replace

import numpy as np

from tests.simulator import names
from tests.simulator.arrivals import mean_prompt
from tests.simulator.devices import Device, Operation
from tests.simulator.media import draw_device
from tests.simulator.names import OwnerKind, Pod
from tests.simulator.patterns import waver
from tests.simulator.scene import Clock, Scene, Scraping, Stream, Victim
from tests.simulator.stage import Stage, Wishes
from tests.simulator.vllm import SGLANG_BOUNDS, VLLM_BOUNDS

STEPS = (5, 10, 15, 15, 15, 30, 60)
LADDER = (5, 10, 15, 30, 60)
EPOCH = 1_760_000_000
LEAD_SECONDS = 90.0
REQUESTS_AT_MOST = 40_000.0
SHARE_OF_CODE = 0.2


def draw_stage(rng: np.random.Generator, step: int | None, wishes: Wishes) -> Stage:
    """A cluster with one victim on an ordinary day."""
    rate = float(np.exp(rng.uniform(*np.log(wishes.rates))))
    clock = _clock(rng, step, wishes, rate)
    nodes = names.draw_nodes(rng, int(rng.choice((1, 2, 3, 4), p=(0.4, 0.3, 0.2, 0.1))))
    devices: list[Device] = []
    for node in range(len(nodes)):
        for index in range(int(rng.integers(1, 4))):
            medium = str(rng.choice(wishes.media)) if wishes.media and not devices else None
            devices.append(draw_device(rng, node, index, medium))
    devices = [
        replace(device, name=_unlike(devices[:place], device.name, device.node)) for place, device in enumerate(devices)
    ]
    stage = Stage(Scene(rng, clock, nodes, devices, draw_scraping(rng, clock.step)))
    for device in range(len(devices)):
        add_restlessness(stage, device)
        most = wishes.pods if device == 0 else (1, 6)
        for _ in range(int(rng.integers(*most))):
            add_neighbour(stage, device)
    rate = min(rate, REQUESTS_AT_MOST / (clock.edges[-1] - clock.edges[0]))
    add_victim(stage, 0, rate)
    return stage


def other_device(stage: Stage) -> int:
    """A second device of the victim's node, with its own neighbours."""
    scene, own = stage.scene, stage.victim.device
    node = scene.devices[own].node
    others = [place for place, device in enumerate(scene.devices) if device.node == node and place != own]
    if others:
        return int(stage.rng.choice(others))
    drawn = draw_device(stage.rng, node, len(scene.devices))
    scene.devices.append(replace(drawn, name=_unlike(scene.devices, drawn.name, node)))
    add_restlessness(stage, len(scene.devices) - 1)
    for _ in range(int(stage.rng.integers(1, 5))):
        add_neighbour(stage, len(scene.devices) - 1)
    return len(scene.devices) - 1


def _unlike(others: list[Device], name: str, node: int) -> str:
    """The name, changed where another device of the node has it."""
    taken = {device.name for device in others if device.node == node}
    while name in taken:
        name = name[:-1] + chr(ord(name[-1]) + 1) if not name.endswith("n1") else f"nvme{int(name[4:-2]) + 1}n1"
    return name


def _clock(rng: np.random.Generator, step: int | None, wishes: Wishes, rate: float) -> Clock:
    seconds = int(rng.choice(STEPS)) if step is None else step
    quiet = int(rng.integers(*wishes.quiet))
    least = int(np.ceil(max(wishes.event_requests / rate, 100.0) / seconds))
    event = int(np.clip(rng.integers(*wishes.event), min(least, 140), 160))
    recovery = int(rng.integers(*wishes.recovery))
    start = (EPOCH + int(rng.integers(0, 30_000_000))) // seconds * seconds
    tick = float(np.clip(seconds / 8.0, 1.0, 6.0))
    count = quiet + event + recovery
    first = start - LEAD_SECONDS - rng.uniform(0.0, tick)
    number = int(np.ceil((start + count * seconds - first) / tick)) + 1
    edges = first + tick * np.arange(number + 1, dtype=np.float64)
    began = float(edges[np.searchsorted(edges, start + seconds * (quiet - rng.uniform()))])
    ended = float(edges[np.searchsorted(edges, began + event * seconds)])
    return Clock(start, seconds, count, edges, began, ended)


def draw_scraping(rng: np.random.Generator, step: int) -> Scraping:
    """Mostly one interval for all, as long as a step; sometimes some are scraped more often."""
    shorter = [interval for interval in LADDER if interval <= step and step % interval == 0] or [step]
    intervals = [step] * 3
    if rng.uniform() < 0.4:
        intervals = [int(rng.choice(shorter)) for _ in range(3)]
        intervals[int(rng.integers(3))] = step
    return Scraping(
        vllm=intervals[0],
        node=intervals[1],
        cadvisor=intervals[2],
        kube_state=min(max(30, step), 60),
        housekeeping=float(rng.choice((0.0, 10.0, 12.0, 15.0), p=(0.15, 0.45, 0.2, 0.2))),
        lost=float(rng.choice((0.0, rng.uniform(0.001, 0.02)))),
        outage=str(rng.choice(("", "vllm", "node", "cadvisor"), p=(0.94, 0.02, 0.02, 0.02))),
        has_pod_pressure=bool(rng.uniform() < 0.5),
        has_node_pressure=bool(rng.uniform() < 0.7),
        has_flushes=bool(rng.uniform() < 0.95),
    )


def add_restlessness(stage: Stage, device: int) -> None:
    """No device takes the same time twice: its housekeeping, its heat, its host."""
    rng = stage.rng
    stage.scene.slowdown[device] = waver(
        rng, stage.ticks, float(rng.uniform(0.01, 0.1)), float(rng.uniform(15.0, 300.0))
    )


def add_neighbour(stage: Stage, device: int, load: float | None = None) -> int:
    """A pod with ordinary I/O on a device, long there: a database, a log, a queue, something idle.

    `load` is about the share of the device's time that it takes.
    """
    rng, target, ticks = stage.rng, stage.scene.devices[device], stage.ticks
    pod = stage.add_pod(device)
    share = float(rng.lognormal(np.log(0.003), 1.3)) if load is None else load
    share = min(share, 0.35)
    writes = rng.uniform(0.1, 1.0)
    size = float(rng.choice((4096, 8192, 16384, 65536, 131072, 262144)))
    depths = np.full(len(ticks), float(rng.choice((1.0, 1.0, 2.0, 4.0))))
    flushes = float(rng.choice((0.0, 0.0, 0.05, 0.5)))
    split = float(rng.choice((1.0, 1.0, rng.uniform(1.0, 1.3))))
    on = waver(rng, ticks, rng.uniform(0.05, 0.5), rng.uniform(20.0, 300.0))
    if rng.uniform() < 0.15:  # a small cron job of its own
        period = rng.uniform(120.0, 1200.0)
        on = on * (0.2 + 2.0 * (((ticks - rng.uniform(0, period)) % period) < 0.2 * period))
    for is_write, part in ((True, writes), (False, 1.0 - writes)):
        if part * share > 1e-6:
            operation = Operation(is_write, size, flushes if is_write else 0.0)
            pace = np.asarray(part * share / target.cost(operation) * on)
            stage.add_stream(Stream(pod, device, operation, pace, depths, split if is_write else 1.0))
    return pod


def add_victim(stage: Stage, device: int, rate: float, busiest: float = 0.5) -> None:
    """A server whose accelerator is busy for up to so much of its time, and whose requests read for a small part."""
    rng, scene, ticks = stage.rng, stage.scene, stage.ticks
    target = scene.devices[device]
    trace = "code" if rng.uniform() < SHARE_OF_CODE else "conversation"
    is_sglang = bool(rng.uniform() < 0.25)
    lowest, highest = (0.06, 2.0) if is_sglang else (0.02, 1.5)
    compute = float(np.clip(rng.uniform(0.05, busiest) / rate, lowest, min(highest, 1.1 * busiest / rate)))
    base = compute * rng.uniform(0.2, 0.7)
    read = Operation(is_write=False, size=float(rng.choice((16384, 65536, 65536, 131072, 262144))))
    parallel = int(rng.choice((1, 1, 2, 4)))
    latency = target.latency(read)
    reads = max(2.0, rng.uniform(0.05, 0.4) * compute * parallel / latency)
    reads = min(reads, 0.2 / (rate * target.cost(read)))
    by_length = rng.uniform(0.0, 0.8)
    namespace, server = str(rng.choice(("inference", "llm", "serving"))), str(rng.choice(names.SERVERS))
    kind: OwnerKind = "StatefulSet" if rng.uniform() < 0.5 else "ReplicaSet"
    name, owner = stage.unused_name(kind, namespace, server)
    started = scene.clock.edges[0] - rng.uniform(7200.0, 20 * 86400.0)
    scene.pods.append(
        Pod(
            namespace=namespace,
            pod=name,
            container="server",
            uid=names.draw_uid(rng),
            owner_kind=kind,
            owner_name=owner,
            node=target.node,
            device=device,
            claim=f"models-{name}",
            volume=f"pvc-{names.draw_uid(rng)}",
            started_at=float(started),
        )
    )
    ones = np.ones(len(ticks))
    victim = Victim(
        pod=len(scene.pods) - 1,
        device=device,
        model_name=str(rng.choice(names.MODELS)),
        engine="" if is_sglang else "0",
        trace=trace,
        bounds=SGLANG_BOUNDS if is_sglang else VLLM_BOUNDS,
        slots=int(rng.choice((4, 8, 16, 32, 64))),
        reads_base=reads * (1.0 - by_length),
        reads_per_token=reads * by_length / mean_prompt(trace),
        read=read,
        parallel=parallel,
        compute_base=base,
        compute_per_token=(compute - base) / mean_prompt(trace),
        decode_per_token=float(rng.uniform(0.008, 0.03)),
        rate=rate * waver(rng, ticks, rng.uniform(0.0, 0.15), 300.0),
        prompt_factor=ones.copy(),
        compute_factor=ones.copy(),
        reads_factor=ones.copy(),
    )
    scene.victims.append(victim)
