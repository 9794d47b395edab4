"""What is measured: one named quantity with a unit, and the PromQL that yields it for one exporter."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How successive values of a series relate."""

    COUNTER = "counter"  # a running total that restarts from zero
    GAUGE = "gauge"  # a reading
    INFO = "info"  # constant 1: its labels are the content
    HEARTBEAT = "heartbeat"  # the epoch seconds of the newest sample, for each target


class Aspect(StrEnum):
    """What a signal tells about the chain from a suspect's I/O to first tokens."""

    TTFT = "ttft"
    LOAD = "load"
    UTILIZATION = "utilization"
    SATURATION = "saturation"
    ERRORS = "errors"
    LATENCY = "latency"
    IO = "io"
    PRESSURE = "pressure"
    TOPOLOGY = "topology"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One row of the catalogue.

    `query` is PromQL that yields one series for each identity; `labels` are the labels that make the
    identity (others are dropped). `heartbeat` names the signal that tells whether this one's target
    is alive: where it stands still, this signal's values are missing, not constant.
    """

    name: str
    unit: str
    kind: Kind
    aspect: Aspect
    query: str
    labels: tuple[str, ...]
    exporter: str
    hint: str = ""
    heartbeat: str = ""
    required: bool = False
