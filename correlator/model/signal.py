"""What is measured: one named quantity with a unit, and the PromQL that yields it for one exporter."""

from collections.abc import Iterable
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
    SYMPTOM = "symptom"


class Measured(StrEnum):
    """Where a signal of an inference server is taken, when it is not the server's own first token."""

    SERVER = "server"  # in the server itself: what its name says
    STAND_IN = "stand_in"  # in the server, which has no such series: the nearest that it has
    GATEWAY = "gateway"  # in front of the servers: the gateway's own time is part of it, the pod is the gateway


class State(StrEnum):
    """How sure it is that an exporter shows a signal as the catalogue says."""

    TESTED = "tested"  # on the exporter itself
    DOCUMENTED = "documented"  # on text as its documents or its source show it
    UNCONFIRMED = "unconfirmed"  # nobody of us has read it there


MEASURED = "measured"
"""The label that says so of a series; the server's own have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One row of the catalogue: what one exporter supplies of a named quantity.

    Rows of one name come together in one frame. `query` is PromQL that yields one series for each identity;
    `labels` are the labels that make the identity (others are dropped), and `rename` has pairs of such a label and
    the exporter's own name of it. `factor` turns the exporter's numbers into ours: bounds where the identity has
    `le`, values otherwise. `metrics` are regular expressions: where no metric has such a name, there is nothing to
    ask for; empty where that is not known. `required`: nothing can be judged where nobody supplies it; one row of a
    name says so. `heartbeat` names the signal that tells whether this one's target
    is alive: where it stands still, this signal's values are missing, not constant. `narrow`: its query was narrowed to
    the series of some targets.
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
    rename: tuple[tuple[str, str], ...] = ()
    factor: float = 1.0
    metrics: tuple[str, ...] = ()
    measured: Measured = Measured.SERVER
    state: State = State.UNCONFIRMED
    note: str = ""
    narrow: bool = False

    def exported(self, label: str) -> str:
        """The exporter's own name of a label."""
        return dict(self.rename).get(label, label)


def one_of_each(signals: Iterable[Signal]) -> list[Signal]:
    """The first row of each name, in order: what a signal is, whoever supplies it."""
    found: dict[str, Signal] = {}
    for signal in signals:
        found.setdefault(signal.name, signal)
    return list(found.values())
