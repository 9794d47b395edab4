"""A cluster to be simulated: its clock, devices, pods, streams of I/O and victims."""

from dataclasses import dataclass, field

import numpy as np

from tests.simulator.arrivals import Arrivals
from tests.simulator.case import Floats
from tests.simulator.devices import Device, Operation
from tests.simulator.names import Node, Pod

UNSEEN = -1
"""The pod of I/O that no pod accounts for."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """The grid of steps, the finer ticks of the simulation, and the event.

    `edges` (T + 1,) are the ticks' bounds in epoch seconds: they begin before the first step and end after the last.
    """

    start: int
    step: int
    count: int
    edges: Floats
    event_start: float
    event_end: float

    @property
    def tick(self) -> float:
        """Seconds of a tick."""
        return float(self.edges[1] - self.edges[0])

    @property
    def ticks(self) -> Floats:
        """The beginnings of the ticks, shape (T,)."""
        return self.edges[:-1]

    @property
    def last(self) -> int:
        """The last step."""
        return self.start + (self.count - 1) * self.step


@dataclass(slots=True, eq=False)
class Stream:
    """One kind of operation of one pod on one device; arrays have shape (T,).

    `pace` is wanted operations a second, infinite where only `depth` (operations in flight) limits it. A pod counts
    `split` operations for one of the device, which merges them.
    """

    pod: int
    device: int
    operation: Operation
    pace: Floats
    depth: Floats
    split: float = 1.0


@dataclass(slots=True, eq=False)
class Victim:
    """An inference server; arrays have shape (T,).

    Requests arrive as in the named trace, at another rate. Each does `reads_base + reads_per_token * tokens` times the
    operation `read` on `device`, `parallel` at once, then computes `compute_base + compute_per_token * tokens` seconds.
    `rate` is requests a second; factors are 1 on a quiet day. In `pauses` the process is down: what arrives is refused,
    its counters begin anew. In `hangs` it is up and does nothing. `arrivals` are those that were drawn before, None
    where any will do.
    """

    pod: int
    device: int
    model_name: str
    engine: str
    trace: str
    bounds: tuple[float, ...]
    slots: int
    reads_base: float
    reads_per_token: float
    read: Operation
    parallel: int
    compute_base: float
    compute_per_token: float
    decode_per_token: float
    rate: Floats
    prompt_factor: Floats
    compute_factor: Floats
    reads_factor: Floats
    pauses: list[tuple[float, float]] = field(default_factory=list)
    hangs: list[tuple[float, float]] = field(default_factory=list)
    arrivals: Arrivals | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Database:
    """A pod whose every transaction is one operation of `stream`, made durable, after `compute` seconds of its own.

    `exporter` is who tells of it: "etcd" as a histogram of fsyncs, "postgresql" as transactions and time in them.
    """

    stream: Stream
    compute: float
    exporter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraping:
    """How exporters are scraped: intervals in seconds, the kubelet's own, what gets lost and what is not exported."""

    vllm: int
    node: int
    cadvisor: int
    kube_state: int
    housekeeping: float
    lost: float
    outage: str = ""
    has_pod_pressure: bool = True
    has_node_pressure: bool = True
    has_flushes: bool = True


@dataclass(slots=True, eq=False)
class Scene:
    """Everything that happens. `slowdown` holds a factor (T,) on costs and latencies of devices.

    `lost` are stretches of epoch seconds in which no scrape of an exporter succeeds.
    """

    rng: np.random.Generator
    clock: Clock
    nodes: list[Node]
    devices: list[Device]
    scraping: Scraping
    pods: list[Pod] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    victims: list[Victim] = field(default_factory=list)
    databases: list[Database] = field(default_factory=list)
    slowdown: dict[int, Floats] = field(default_factory=dict)
    lost: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
