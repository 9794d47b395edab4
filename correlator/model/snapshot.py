"""The newest state of everything watched: what the page, `/metrics` and `/api/v1/volumes` answer from."""

from dataclasses import dataclass
from datetime import datetime

from correlator.model.frame import BlindSpot


@dataclass(frozen=True, slots=True, kw_only=True)
class PodOnVolume:
    """A pod's I/O on one volume now. `device_time_ratio`: seconds of priced device time a second."""

    namespace: str
    pod: str
    workload: str
    device_time_ratio: float | None
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None
    read_operations_per_second: float | None
    write_operations_per_second: float | None
    learnt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNow:
    """The volume that another lies on, how that was learnt, and whether it is `certain` or `likely`."""

    volume_id: str
    learnt: str
    sure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeNow:
    """USE of one volume now; None where it was not seen. `errors` are the named error states that hold."""

    id: str
    name: str
    kind: str
    node: str
    device: str
    claims: tuple[str, ...]
    utilization_ratio: float | None
    queue_depth: float | None
    read_latency_seconds: float | None
    write_latency_seconds: float | None
    errors: tuple[str, ...]
    pods: tuple[PodOnVolume, ...]  # by device time, largest first
    below: tuple[LayerNow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TtftNow:
    """One statistic (`p50`, `p95`, `mean`) of a victim's TTFT now and its baseline, in seconds."""

    statistic: str
    observed_seconds: float | None
    baseline_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomNow:
    """What else than first tokens is watched of a victim: its mean now and its baseline, in the symptom's own `unit`.

    None where nothing was done, or it is not known. Where `unit` is a rate, less is worse. `regressed_since` is None
    while it is well.
    """

    name: str
    quantity: str
    unit: str
    observed: float | None
    baseline: float | None
    regressed_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimNow:
    """A watched pod now; `regressed_since` is None while its first tokens are well. `ttft` is empty where it has none.

    `symptoms` are the others that it has, by name.
    """

    namespace: str
    pod: str
    workload: str
    model_name: str
    node: str
    tier: str
    ttft: tuple[TtftNow, ...]
    requests_per_second: float | None
    requests_waiting: float | None
    io_stalled_ratio: float | None
    volume_ids: tuple[str, ...]
    regressed_since: datetime | None
    symptoms: tuple[SymptomNow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeNow:
    """I/O pressure of one node now; None where the node does not tell."""

    node: str
    io_waiting_ratio: float | None
    io_stalled_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeNow:
    """pod → claim → volume → node, and how it was learnt; `sure` is `certain` or `likely`.

    `told_by` is who told of pod, claim and volume: `series`, `kubernetes_api` or `series_and_kubernetes_api`.
    """

    namespace: str
    pod: str
    claim: str
    volume_id: str
    node: str
    learnt: str
    sure: str = "certain"
    told_by: str = "series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything watched at step `at`. `signals` maps a signal's name to whether it has fresh data."""

    at: datetime
    volumes: tuple[VolumeNow, ...] = ()
    victims: tuple[VictimNow, ...] = ()
    nodes: tuple[NodeNow, ...] = ()
    edges: tuple[EdgeNow, ...] = ()
    signals: tuple[tuple[str, bool], ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
