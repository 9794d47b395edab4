"""One step of judgement: frames and topology in, findings, a snapshot and the next memory out."""

from dataclasses import dataclass

from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.snapshot import Snapshot
from correlator.model.topology import Topology


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one step yields. `memory` belongs to step `at` and is the input of the next."""

    at: int
    findings: tuple[Finding, ...]
    snapshot: Snapshot
    memory: Memory


def evaluate(frames: Frames, topology: Topology, memory: Memory, at: int, parameters: Parameters) -> Evaluation:
    """Judge step `at`, the last step of `frames.grid`, in the light of the whole window."""
    raise NotImplementedError
