"""Devices with limited service: what each operation costs, how long it waits, and how the queue is shared.

A device is one server that works off device time. Every stream of I/O asks for a pace and has a limited number of
operations in flight; what it gets is the equilibrium of that closed queueing network, found tick by tick: operations
wait `W` seconds behind others, where W (1 - utilization) = work that is met on arrival (Pollaczek-Khinchine with
exponential service), and a stream with depth d never exceeds d / (W + own latency). So a deep writer fills the queue,
a paced one does not, and synchronous neighbours slow down.
"""

from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Floats

BISECTIONS = 36
LEAST_WAIT_SECONDS = 1e-8


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
    bear: schedulers prefer reads. `flush_seconds` is device time of a flush.
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
    part of the wait. `slowdown` (T,) multiplies costs and latencies.
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
    wait = _wait(demand, cost, latency)
    seconds = latency + demand.part[:, None] * wait
    rate: Floats = np.minimum(demand.pace, demand.depth / seconds)
    return Service(rate, seconds, wait, _busy(rate * seconds, demand.depth))


def _wait(demand: Demand, cost: Floats, latency: Floats) -> Floats:
    """Solve W (1 - sum x s) = sum x s² for W by bisection on its logarithm; the left side less the right grows in W."""
    part = demand.part[:, None]
    bounded = np.where(np.isfinite(demand.pace), np.minimum(demand.depth, demand.pace * 1e3), demand.depth)
    highest = np.log(np.maximum((bounded * cost).sum(axis=0) / demand.part.min(initial=1.0), 1e-6) * 2.0)
    lowest = np.full_like(highest, np.log(LEAST_WAIT_SECONDS))
    highest = np.maximum(highest, lowest + 1.0)
    for _ in range(BISECTIONS):
        middle = 0.5 * (lowest + highest)
        wait = np.exp(middle)
        work = np.minimum(demand.pace, demand.depth / (latency + part * wait)) * cost
        excess = wait * (1.0 - work.sum(axis=0)) - (work * cost).sum(axis=0)
        lowest = np.where(excess < 0, middle, lowest)
        highest = np.where(excess < 0, highest, middle)
    return np.asarray(np.exp(0.5 * (lowest + highest)))


def _busy(in_flight: Floats, depth: Floats) -> Floats:
    """Share of time with anything inside: streams are independent, a synchronous one is in or out."""
    idle = np.where(depth <= 1.0, 1.0 - np.minimum(in_flight, 1.0), np.exp(-in_flight))
    return np.asarray(1.0 - idle.prod(axis=0))
