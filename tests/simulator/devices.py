"""Devices with limited service: what each operation costs, how long it waits, and how the queue is shared.

A device is one server that works off device time. Every stream of I/O asks for a pace and has a limited number of
operations in flight; what it gets is the equilibrium of that closed queueing network, found tick by tick with
approximate mean value analysis: an operation meets the backlog `W` of device time, less its own stream's part over its
depth (Schweitzer 1979), and a stream with depth d never exceeds d over the seconds of an operation. So a deep writer
fills the queue, a paced one does not, and synchronous neighbours slow down.
"""

from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Floats

BISECTIONS, BISECTIONS_AGAIN, CORRECTIONS = 24, 12, 3
BRACKET = 4.0
LEAST_WAIT_SECONDS = 1e-8
LONGEST_SECONDS = 1e3


@dataclass(frozen=True, slots=True)
class Operation:
    """What one operation is: a read or a write of so many bytes, with so many flushes."""

    is_write: bool
    size: float
    flushes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One disk of a node.

    Prices are seconds of a saturated device for each operation and byte; `*_latency` the seconds an operation takes
    on an idle device beside its bytes. `read_part` and `write_part` say how much of the queue's wait reads and writes
    bear, compared: schedulers prefer reads. `flush_seconds` is device time of a flush.
    """

    name: str
    number: str
    medium: str
    node: int
    read_operation: float
    write_operation: float
    read_byte: float
    write_byte: float
    read_latency: float
    write_latency: float
    read_part: float
    write_part: float
    flush_seconds: float

    def cost(self, operation: Operation) -> float:
        """Device time of one operation."""
        if operation.is_write:
            flushing = operation.flushes * self.flush_seconds
            return self.write_operation + self.write_byte * operation.size + flushing
        return self.read_operation + self.read_byte * operation.size

    def latency(self, operation: Operation) -> float:
        """Seconds of one operation on an idle device."""
        return (self.write_latency if operation.is_write else self.read_latency) + self.cost(operation)

    def part(self, operation: Operation) -> float:
        """The part of the queue's wait that an operation bears."""
        return self.write_part if operation.is_write else self.read_part


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What S streams ask of one device over T ticks.

    `pace` (S, T) is operations a second, infinite for a stream that only its depth limits; `depth` (S, T) its most
    operations in flight; `cost` and `latency` (S,) are of one operation on the healthy, idle device; `part` (S,) its
    part of the wait, compared with others'. `slowdown` (T,) multiplies costs and latencies.
    """

    pace: Floats
    depth: Floats
    cost: Floats
    latency: Floats
    part: Floats
    slowdown: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """What the streams got: `rate` (S, T) operations a second, `seconds` (S, T) of each; `wait` (T,) of the queue.

    `busy` (T,) is the share of time with an operation inside.
    """

    rate: Floats
    seconds: Floats
    wait: Floats
    busy: Floats

    @property
    def in_flight(self) -> Floats:
        """Mean operations inside the device of each stream, by Little's law, shape (S, T)."""
        return self.rate * self.seconds


def serve(demand: Demand) -> Service:
    """The equilibrium of all streams in every tick."""
    cost = demand.cost[:, None] * demand.slowdown
    latency = demand.latency[:, None] * demand.slowdown
    borne = np.ones_like(demand.pace)
    within = np.full(cost.shape[1], LEAST_WAIT_SECONDS), 2.0 * np.maximum(_most_work(demand, cost), 1e-6)
    wait = _solve(demand, (cost, latency), borne, within)
    for _ in range(CORRECTIONS):
        borne = _borne(demand, cost, latency, (borne, wait))
        wait = _solve(demand, (cost, latency), borne, (wait / BRACKET, wait * BRACKET))
    seconds = latency + borne * wait
    rate = _rate(demand, seconds)
    beyond = np.maximum((rate * cost).sum(axis=0), 1.0)  # the approximation exceeds what is possible by some percent
    rate, seconds = rate / beyond, seconds * beyond
    return Service(rate, seconds, wait, _busy(rate * seconds, demand.depth))


def _most_work(demand: Demand, cost: Floats) -> Floats:
    """Device time in the queue when all that may be in flight is, (T,)."""
    paced = np.where(np.isfinite(demand.pace), demand.pace * LONGEST_SECONDS, np.inf)
    return np.asarray((np.minimum(demand.depth, paced) * cost).sum(axis=0))


def _rate(demand: Demand, seconds: Floats) -> Floats:
    """Operations a second when each takes so long."""
    return np.asarray(np.minimum(demand.pace, demand.depth / seconds))


def _borne(demand: Demand, cost: Floats, latency: Floats, known: tuple[Floats, Floats]) -> Floats:
    """The part of the backlog that an operation of each stream waits for, (S, T).

    Less its own stream's part over its depth; and what is preferred waits less at the expense of the others, so that
    the mean over all work stays (Kleinrock's conservation law).
    """
    borne, wait = known
    work = _rate(demand, latency + borne * wait) * cost
    backlog = work * (borne * wait + cost)
    own = backlog / np.maximum(backlog.sum(axis=0), 1e-300)
    part = demand.part[:, None] / np.maximum((own * demand.part[:, None]).sum(axis=0), 1e-3)
    return np.asarray(part * (1.0 - own / np.maximum(demand.depth, 1.0)))


def _solve(demand: Demand, prices: tuple[Floats, Floats], borne: Floats, within: tuple[Floats, Floats]) -> Floats:
    """The backlog W that the work itself makes, by bisection on its logarithm: W less what is met grows in W."""
    cost, latency = prices
    lowest, highest = np.log(within[0]), np.log(within[1])
    count = BISECTIONS if (highest - lowest).max(initial=0.0) > 2.1 * np.log(BRACKET) else BISECTIONS_AGAIN
    for _ in range(count):
        middle = 0.5 * (lowest + highest)
        met = borne * np.exp(middle)
        excess = np.exp(middle) - (_rate(demand, latency + met) * cost * (met + cost)).sum(axis=0)
        lowest = np.where(excess < 0, middle, lowest)
        highest = np.where(excess < 0, highest, middle)
    return np.asarray(np.exp(0.5 * (lowest + highest)))


def _busy(in_flight: Floats, depth: Floats) -> Floats:
    """Share of time with anything inside: streams are independent, a synchronous one is in or out."""
    idle = np.where(depth <= 1.0, 1.0 - np.minimum(in_flight, 1.0), np.exp(-in_flight))
    return np.asarray(1.0 - idle.prod(axis=0))
