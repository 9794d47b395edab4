"""How a scenario is written down: its pods and their I/O, what else changes, what the right answer is.

Times are seconds at a scrape interval of one second; a run multiplies them by its scale. Offsets count from the start
of the event.
"""

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["contention", "degraded_device", "own_io", "load", "other", "undetermined"]
Role = Literal["culprit", "innocent", "victim", "unaccounted"]
Claim = Literal["ttft_moved", "ttft_kept", "storage_kept", "storage_moved", "load_rose", "other_volume_busy", "froze"]

SHARED, OTHER = 0, 1


@dataclass(frozen=True)
class Stream:
    """One fio process: its options, when it starts; it ends with the event.

    `begins` None is a stream that runs from before the quiet phase to the end of the run. `duty` is (seconds on,
    seconds off), repeated.
    """

    options: tuple[str, ...]
    begins: float | None = 0.0
    duty: tuple[float, float] | None = None


@dataclass(frozen=True)
class PodSpec:
    """A pod: its role in the truth, its identity before the seed adds a suffix, the volume it uses, its I/O.

    `operations_in_event` is what the disk behind the volume still gives it per second, of reads and of writes.
    """

    role: Role
    namespace: str
    owner_kind: Literal["Job", "StatefulSet", "Deployment"]
    base_name: str
    streams: tuple[Stream, ...]
    volume: int = SHARED
    is_born_in_event: bool = False
    operations_in_event: int | None = None


@dataclass(frozen=True)
class VictimChange:
    """What changes for the victim between the start and the end of the event."""

    rate_factor: float = 1.0
    prompt_factor: float = 1.0
    compute_factor: float = 1.0
    hangs: bool = False


@dataclass(frozen=True)
class VolumeSpec:
    """A volume; `cap_bytes_per_second` holds each pod on it to a slow disk's pace."""

    scheduler: Literal["none", "mq-deadline"] = "none"
    cap_bytes_per_second: int | None = None


@dataclass(frozen=True)
class Scenario:
    """One kind of incident, or none: `verdict` None means that nothing should be reported."""

    name: str
    summary: str
    verdict: Verdict | None
    pods: tuple[PodSpec, ...]
    claims: tuple[Claim, ...]
    volumes: tuple[VolumeSpec, ...] = (VolumeSpec(),)
    change: VictimChange = field(default_factory=VictimChange)
    loses_cadvisor: bool = False
    quiet_seconds: float = 95.0
    event_seconds: float = 65.0
    recovery_seconds: float = 50.0
