"""What engine and web process tell each other, pickled over a pipe that nobody else can reach."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from correlator.model.finding import Finding
from correlator.model.snapshot import Snapshot
from correlator.model.topology import PodRef
from correlator.publish.status import EngineStatus
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class Start:
    """The first message to an engine process: what it is to do. `recording` is played as if it were now."""

    settings: Settings
    started_at: datetime
    recording: Path | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Explain a victim at an instant in epoch seconds; None: now."""

    number: int
    victim: PodRef
    at: float | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish the step in hand and end."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the engine is doing; `snapshot` is None where it is the one reported before."""

    status: EngineStatus
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; `failure` says why there is none."""

    number: int
    finding: Finding | None = None
    failure: str = ""


ToEngine: TypeAlias = Start | Question | Stop
FromEngine: TypeAlias = Report | Answer
