"""Lets a scene happen: every device in equilibrium, every request served; what was counted, tick by tick."""

from dataclasses import dataclass

import numpy as np

from tests.simulator.arrivals import Arrivals, draw_arrivals, mean_prompt
from tests.simulator.case import Floats
from tests.simulator.devices import Demand, Service, serve
from tests.simulator.scene import Scene, Stream, Victim
from tests.simulator.serving import Served, Work, serve_requests

SYNCHRONOUS = 4.0
"""Up to this depth threads wait for their I/O themselves; deeper it is asynchronous and counts as no waiting."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What one stream did by each edge of the ticks, running totals of shape (T + 1,).

    `operations` are the device's, after merging. `seconds` is time inside the device, flushes' `flush_seconds` apart.
    `device_time` is the device's own work for it. `waiting` is time in which the pod had something in flight.
    """

    operations: Floats
    bytes: Floats
    seconds: Floats
    flushes: Floats
    flush_seconds: Floats
    device_time: Floats
    waiting: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The requests of one victim, with the time that each spent in reads."""

    arrivals: Arrivals
    served: Served
    reads: Floats

    @property
    def ttft(self) -> Floats:
        """Seconds to the first token, shape (N,)."""
        return self.served.first_token_at - self.arrivals.at

    @property
    def read_seconds(self) -> Floats:
        """Seconds in reads, shape (N,)."""
        return self.served.read_at - self.served.started_at


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What happened. `counted` has an entry for each of `streams`, the victims' own last and in their order.

    `busy` (T + 1,) is each device's running total of busy seconds.
    """

    streams: list[Stream]
    counted: list[Counted]
    answered: list[Answered]
    busy: dict[int, Floats]


def run(scene: Scene) -> Outcome:
    """Let it happen."""
    own = [_stream_of(scene, victim) for victim in scene.victims]
    streams = scene.streams + own
    counted: dict[int, Counted] = {}
    answered: dict[int, Answered] = {}
    busy: dict[int, Floats] = {}
    for device in range(len(scene.devices)):
        places = [place for place, stream in enumerate(streams) if stream.device == device]
        service = serve(_demand(scene, device, [streams[place] for place in places]))
        busy[device] = _total(service.busy * scene.clock.tick)
        for row, place in enumerate(places):
            if place < len(scene.streams):
                counted[place] = _count(scene, streams[place], service, row)
            else:
                which = place - len(scene.streams)
                answered[which] = _answer(scene, scene.victims[which], service.seconds[row])
                counted[place] = _count_reads(scene, scene.victims[which], answered[which])
    return Outcome(
        streams, [counted[i] for i in range(len(streams))], [answered[i] for i in range(len(scene.victims))], busy
    )


def _total(gained: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(gained)])


def _stream_of(scene: Scene, victim: Victim) -> Stream:
    """What a victim's requests will ask of its device on the whole."""
    pace = victim.rate * reads_of(victim, mean_prompt(victim.trace) * victim.prompt_factor, victim.reads_factor)
    depth = np.full(len(scene.clock.ticks), float(victim.slots * victim.parallel))
    return Stream(victim.pod, victim.device, victim.read, pace, depth)


def reads_of(victim: Victim, tokens: Floats, factor: Floats) -> Floats:
    """Read operations of prompts with so many tokens."""
    return np.asarray((victim.reads_base + victim.reads_per_token * tokens) * factor)


def _demand(scene: Scene, index: int, streams: list[Stream]) -> Demand:
    device, ticks = scene.devices[index], len(scene.clock.ticks)
    shape = (len(streams), ticks)
    return Demand(
        pace=np.array([stream.pace for stream in streams]).reshape(shape),
        depth=np.array([stream.depth for stream in streams]).reshape(shape),
        cost=np.array([device.cost(stream.operation) for stream in streams]),
        latency=np.array([device.latency(stream.operation) for stream in streams]),
        part=np.array([device.part(stream.operation) for stream in streams]),
        slowdown=scene.slowdown.get(index, np.ones(ticks)),
    )


def _count(scene: Scene, stream: Stream, service: Service, row: int) -> Counted:
    """Whole operations around the rate that the stream got."""
    rng, clock, device = scene.rng, scene.clock, scene.devices[stream.device]
    operation = stream.operation
    slowdown = scene.slowdown.get(stream.device, np.ones(1))
    operations = rng.poisson(service.rate[row] * clock.tick).astype(np.float64)
    flushes = np.floor(_total(operations) * operation.flushes)
    seconds = operations * service.seconds[row]
    flushing = operations * operation.flushes * device.flush_seconds * slowdown
    sizes = operation.size * np.exp(rng.normal(0.0, 0.02, len(operations)))
    inside = service.rate[row] * service.seconds[row]
    synchronous = np.where(stream.depth <= SYNCHRONOUS, np.minimum(inside, 1.0), 0.02 * np.minimum(inside, 1.0))
    return Counted(
        operations=_total(operations),
        bytes=_total(np.round(operations * sizes / 512.0) * 512.0),
        seconds=_total(np.maximum(seconds - flushing, 0.0)),
        flushes=flushes,
        flush_seconds=_total(np.minimum(flushing, seconds)),
        device_time=_total(operations * device.cost(operation)),
        waiting=_total(synchronous * clock.tick),
    )


def _answer(scene: Scene, victim: Victim, seconds: Floats) -> Answered:
    """Serve a victim's requests; `seconds` (T,) is what one read takes."""
    rng, ticks = scene.rng, scene.clock.ticks
    arrivals = _accepted(victim.arrivals or draw_arrivals(rng, victim.trace, ticks, victim.rate), victim)
    tick = np.clip(np.searchsorted(ticks, arrivals.at, side="right") - 1, 0, len(ticks) - 1)
    tokens = arrivals.prompt_tokens * victim.prompt_factor[tick]
    reads = np.maximum(np.round(reads_of(victim, tokens, victim.reads_factor[tick])), 0.0)
    shape = np.maximum(reads, 1.0) / 2.0  # a read's time has a coefficient of variation of 1.4
    felt = reads * rng.gamma(shape) / shape
    compute = (victim.compute_base + victim.compute_per_token * tokens) * victim.compute_factor[tick]
    compute = compute * rng.lognormal(-0.005, 0.1, len(compute))
    for start, end in victim.hangs:  # the first request in it stays on the accelerator until it is over
        first = int(np.searchsorted(arrivals.at, start))
        if first < len(compute):
            compute[first] += max(end - float(arrivals.at[first]), 0.0)
    pace = victim.parallel / seconds
    served = serve_requests(Work(arrivals.at, felt, compute), victim.slots, ticks, pace)
    return Answered(Arrivals(arrivals.at, tokens, arrivals.generated_tokens), served, reads)


def _accepted(arrivals: Arrivals, victim: Victim) -> Arrivals:
    """Requests that arrive while the process is up."""
    up = np.ones(len(arrivals.at), dtype=np.bool_)
    for start, end in victim.pauses:
        up &= (arrivals.at < start) | (arrivals.at >= end)
    return Arrivals(arrivals.at[up], arrivals.prompt_tokens[up], arrivals.generated_tokens[up])


def _count_reads(scene: Scene, victim: Victim, answered: Answered) -> Counted:
    """The reads that the requests really did."""
    edges, device = scene.clock.edges, scene.devices[victim.device]
    served = answered.served
    spent = spread(edges, served.started_at, served.read_at, answered.read_seconds)
    operations = spread(edges, served.started_at, served.read_at, answered.reads)
    gained = np.diff(spent)
    waiting = np.minimum(gained, scene.clock.tick * (1.0 - np.exp(-gained / scene.clock.tick)))
    none = np.zeros(len(edges))
    return Counted(
        operations=operations,
        bytes=operations * victim.read.size,
        seconds=spent * victim.parallel,
        flushes=none,
        flush_seconds=none,
        device_time=operations * device.cost(victim.read),
        waiting=_total(waiting),
    )


def spread(edges: Floats, start: Floats, end: Floats, amount: Floats) -> Floats:
    """Running total at `edges` of amounts that pass evenly from `start` to `end`, all of shape (N,)."""
    if not len(start):
        return np.zeros(len(edges))
    length = np.maximum(end - start, 1e-6)
    at = np.concatenate([start, start + length])
    order = np.argsort(at, kind="stable")
    slope = np.cumsum(np.concatenate([amount / length, -amount / length])[order])
    at = at[order]
    total = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(at))])
    return np.maximum.accumulate(np.interp(edges, at, total))
