"""What the engine says of one victim: field names and nesting are those of the published incident."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from correlator.model.frame import BlindSpot


class Verdict(StrEnum):
    """Why first tokens got slow."""

    CONTENTION = "contention"
    DEGRADED_DEVICE = "degraded_device"
    OWN_IO = "own_io"
    LOAD = "load"
    OTHER = "other"
    UNDETERMINED = "undetermined"


STRENGTH = (
    Verdict.CONTENTION,
    Verdict.DEGRADED_DEVICE,
    Verdict.OWN_IO,
    Verdict.LOAD,
    Verdict.OTHER,
    Verdict.UNDETERMINED,
)
"""Verdicts from the strongest to the weakest: an episode has the strongest of its incidents'."""


class EndReason(StrEnum):
    """Why a regression ended."""

    RECOVERED = "recovered"
    NEW_NORMAL = "new_normal"
    GONE = "gone"


class SuspectKind(StrEnum):
    """What a suspect is."""

    POD = "pod"
    NODE = "node"
    UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, slots=True)
class Change:
    """A quantity before the onset and during the regression; None where it was not seen."""

    baseline: float | None
    observed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """The pod that is watched, and for what: `symptom` is `ttft` or the name of another. Unknown strings are empty."""

    namespace: str
    pod: str
    workload: str = ""
    model_name: str = ""
    node: str = ""
    tier: str = ""
    symptom: str = "ttft"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanExcess:
    """Mean TTFT beyond baseline in seconds, split so that the parts sum to `total`; None: could not be split."""

    total: float | None
    suspects: float | None = None
    load: float | None = None
    own_io: float | None = None
    unattributed_io: float | None = None
    unexplained: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TtftEffect:
    """How much slower first tokens got. `ratio` is observed over baseline; a stalled victim gave none at all.

    Of a victim with another symptom nothing is said here: see SymptomEffect.
    """

    statistic: str  # "p95", "p50" or "mean": the one that moved most
    baseline_seconds: float | None
    observed_seconds: float | None
    peak_seconds: float | None
    ratio: float | None
    requests_affected: int
    stalled: bool
    mean_excess_seconds: MeanExcess


NO_TTFT = TtftEffect(
    statistic="mean",
    baseline_seconds=None,
    observed_seconds=None,
    peak_seconds=None,
    ratio=None,
    requests_affected=0,
    stalled=False,
    mean_excess_seconds=MeanExcess(total=None),
)
"""Of a victim that is watched for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomEffect:
    """How much worse what is watched got, in its own `unit`; of first tokens what `ttft` says as well.

    `quantity` is what one of the `things` takes, or how many there are a second. `ratio` is observed over baseline:
    below 1 where less is worse. `stopped`: nothing is done at all; `silent`: and nobody is known to wait for it.
    """

    name: str
    quantity: str
    things: str
    unit: str
    statistic: str
    baseline: float | None
    observed: float | None
    ratio: float | None
    affected: int
    stopped: bool
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSeen:
    """The volume that the verdict speaks of. `bound`: what it ran out of; `via`: `own` or `depends_on`."""

    id: str
    name: str
    kind: str
    node: str
    device: str
    claims: tuple[str, ...] = ()
    bound: str | None = None
    via: str = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseChange:
    """USE of the volume and its node before and during; ratios 0–1."""

    utilization_ratio: Change
    queue_depth: Change
    node_io_stalled_ratio: Change
    victim_io_stalled_ratio: Change
    read_latency_seconds: Change
    write_latency_seconds: Change
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """How a suspect's workload behaved in the days before, or in the window, over `seconds` in which it could be seen.

    `rises` counts how often it was as busy for as long while first tokens were normal; `regressions` how often they
    were as slow, `regressions_with` in how many of these it was as busy.
    """

    seconds: float
    rises: int
    regressions: int
    regressions_with: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """What may have caused it. `confidence` is a probability; `share_ratio` its part of the volume's added load.

    `features` are the numbers that the confidence was calculated from, as `chain.…` and `culprit.…`; empty where the
    verdict left nobody to ask for.
    `p_value` rests on the days of `recurrence`; where that is None, and on shared back ends, on the quiet steps of the
    window alone.
    """

    kind: SuspectKind
    namespace: str
    pod: str
    workload: str
    node: str
    tier: str
    confidence: float
    accused: bool
    direction: str  # "read", "write" or "both"
    share_ratio: float | None
    mean_excess_seconds: float | None
    lag_seconds: float | None
    p_value: float | None
    q_value: float | None
    read_bytes_per_second: Change
    write_bytes_per_second: Change
    read_operations_per_second: Change
    write_operations_per_second: Change
    features: Mapping[str, float] = field(default_factory=dict)
    recurrence: Recurrence | None = None

    @property
    def name(self) -> str:
        """`namespace/pod`, `node/NAME` or `unattributed`."""
        if self.kind is SuspectKind.POD:
            return f"{self.namespace}/{self.pod}"
        return f"node/{self.node}" if self.kind is SuspectKind.NODE else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do: what, why, and a command to copy."""

    action: str
    why: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSeries:
    """One curve behind a verdict. `role`: ttft, ttft_baseline, requests, volume, suspect, unattributed, victim_io.

    `values` align with the evidence's times; None where nothing is known.
    """

    role: str
    name: str  # "ttft_p95", "read_latency", "queue_depth", "device_time", …
    label: str  # for the legend: a pod, a volume
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One who was on the volume and is not blamed, and why not.

    `share_ratio` is its part of the device time that was added, 0 when it fell; `device_time_ratio` seconds of device
    time a second; `lag_seconds` when its own rise began, from the onset. `reason` is one of `not_seen`, `idle`, `fell`,
    `constant`, `small`, `no_contention`, `no_rise_near`, `early`, `late`, `usual`, `not_sure`; `sentence` says it with
    its number. Without namespace and pod: I/O that no pod accounts for; a node has no namespace and is `node/NAME`.
    """

    namespace: str
    pod: str
    workload: str
    share_ratio: float
    device_time_ratio: Change
    bytes_per_second: Change
    lag_seconds: float | None
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut:
    """A cause that the numbers speak against: `load`, `degraded_device`, `own_io` or `contention`.

    `figure` is the number that it rests on, in `unit`, before and during.
    """

    cause: str
    figure: Change
    unit: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the volume ran out of (`bound`), and what that rests on.

    The rates' `baseline` is the most that it gave before, `observed` what it gives while its queue is long;
    `steady_ratio` by which part of itself that rate varies, None where no rate stands still.
    """

    bound: str
    operations_per_second: Change
    bytes_per_second: Change
    queue_depth: Change
    steady_ratio: float | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanTtft:
    """Mean TTFT before, during, and as it would have been during without those who are accused (or most suspect)."""

    baseline_seconds: float | None
    observed_seconds: float | None
    without_suspects_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The series behind a verdict on one time axis (`times`, length of each series' values), and why it is that one.

    `considered` are the largest of those on the volume who are not blamed, `considered_rest` how many more there are.
    """

    times: tuple[datetime, ...] = ()
    onset: datetime | None = None
    ended_at: datetime | None = None
    series: tuple[EvidenceSeries, ...] = ()
    considered: tuple[Considered, ...] = ()
    considered_rest: int = 0
    ruled_out: tuple[RuledOut, ...] = ()
    mean_ttft: MeanTtft | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A statement about one victim's regression at step `at`.

    The same regression yields a finding when it is detected, at preset later looks, and when it ends; all carry
    the same `victim` and `detected_at`, which identify it.
    """

    at: datetime
    victim: Victim
    started_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    end_reason: EndReason | None
    verdict: Verdict
    confidence: float
    reasons: tuple[str, ...]
    ttft: TtftEffect
    volume: VolumeSeen | None
    use: UseChange | None
    suspects: tuple[Suspect, ...]
    blind_spots: tuple[BlindSpot, ...]
    explanation: str
    advice: tuple[Advice, ...]
    symptom: SymptomEffect | None = None
    evidence: Evidence = field(default_factory=Evidence)
