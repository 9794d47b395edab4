"""What may get worse about a pod: a quantity with its own words, and the signals that it is read from."""

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """What a symptom is read from. All of them end as what each thing took: seconds, or a part of itself."""

    HISTOGRAM = "histogram"  # buckets of durations, with their sum and count
    MEAN = "mean"  # seconds spent and what was done in them, as two counters
    SHARE = "share"  # what failed of what was done, as two counters
    THROUGHPUT = "throughput"  # what was done, and how many were inside meanwhile: seconds each, by Little's law


class Dependence(StrEnum):
    """Which of its pod's own operations a symptom waits for."""

    READS = "reads"
    WRITES = "writes"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One quantity that is watched.

    `quantity` is what one of the `things` takes, as people call both; `rate` what a throughput is called, empty for
    other forms. `bucket`, `total` (seconds, or what failed), `count`, `inside` and `waiting` (readings), `finished`
    (what left) and `heartbeat` name signals, those that the form asks for. Nobody minds a rise below `ratio` or
    `floor`, in seconds or as a part.
    """

    name: str
    form: Form
    quantity: str
    things: str
    count: str
    bucket: str = ""
    total: str = ""
    inside: str = ""
    waiting: str = ""
    finished: str = ""
    heartbeat: str = ""
    rate: str = ""
    relies_on: Dependence = Dependence.READS
    ratio: float = 1.3
    floor: float = 0.01

    @property
    def told_as(self) -> str:
        """The quantity that people are told: a throughput as a rate."""
        return self.rate or self.quantity

    @property
    def unit(self) -> str:
        """The unit of `told_as`."""
        units = {Form.THROUGHPUT: f"{self.things}/second", Form.SHARE: "ratio"}
        return units.get(self.form, "seconds")

    @property
    def arrivals(self) -> str:
        """What its load is counted in: requests of a server, else the things themselves."""
        return "requests" if self.inside else self.things


TTFT = Symptom(
    name="ttft",
    form=Form.HISTOGRAM,
    quantity="time to first token",
    things="first tokens",
    bucket="ttft_bucket",
    total="ttft_sum",
    count="ttft_count",
    inside="requests_running",
    waiting="requests_waiting",
    finished="requests_finished",
    heartbeat="ttft_heartbeat",
)
"""What the product is for; its thresholds are the settings'."""
