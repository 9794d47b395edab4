"""Plays a story through the engine step by step, as the daemon would."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from correlator.analysis.case import Case, Scene
from correlator.analysis.evaluate import Evaluation, evaluate
from correlator.analysis.judge import judge
from correlator.analysis.level import Level
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.analysis.victims import victims_of
from correlator.analysis.windows import Spans
from correlator.model.finding import Finding, Suspect
from correlator.model.frame import Frame, Frames
from correlator.model.grid import Grid
from correlator.model.topology import Topology
from correlator.topology import join
from tests.calibrated import calibrated
from tests.scenes import Story

WIDTH = 241


def window(frames: Frames, end: int, width: int = WIDTH) -> Frames:
    """The `width` columns before column `end`."""
    start = max(0, end - width)
    grid = Grid(frames.grid.start + start * frames.grid.step, frames.grid.step, end - start)
    cut = {name: Frame(name, grid, f.labels, f.values[:, start:end]) for name, f in frames.by_signal.items()}
    return Frames(grid, cut, frames.intervals, frames.quality)


@dataclass(frozen=True)
class Played:
    """All findings of a story, oldest first, and its last evaluation."""

    findings: tuple[Finding, ...]
    evaluation: Evaluation

    @property
    def last(self) -> Finding:
        """The newest finding."""
        return self.findings[-1]

    @property
    def accused(self) -> set[str]:
        """Everybody who was accused at any time; unattributed I/O by that name."""
        return {name(s) for f in self.findings for s in f.suspects if s.accused}

    @property
    def incidents(self) -> int:
        """How many regressions were opened."""
        return len({(f.victim, f.detected_at) for f in self.findings})


def name(suspect: Suspect) -> str:
    """The pod, or what else it is."""
    return suspect.pod or suspect.kind.value


def shares(finding: Finding) -> dict[str, float]:
    """Share of each listed suspect."""
    return {name(s): s.share_ratio or 0.0 for s in finding.suspects}


def play_frames(
    frames: Frames, first: int, last: int, memory: Memory | None = None, parameters: Parameters | None = None
) -> Played:
    """Judge the windows that end at columns `first` to `last`, both included, with everything encoded in between."""
    kept = Memory() if memory is None else memory
    findings: list[Finding] = []
    evaluation: Evaluation | None = None
    for end in range(first, last + 1):
        seen = window(frames, end)
        evaluation = evaluate(seen, join(seen), kept, seen.grid.last, parameters or calibrated())
        kept = Memory.decode(evaluation.memory.encode())
        findings += evaluation.findings
    assert evaluation is not None
    return Played(tuple(findings), evaluation)


def play(story: Story, first: int, last: int | None = None) -> Played:
    """`play_frames` of a story; to its end unless `last` is given."""
    return play_frames(story.frames(), first, story.steps if last is None else last)


def texts(findings: Sequence[Finding]) -> list[str]:
    """The explanations."""
    return [finding.explanation for finding in findings]


def level_of(mean: float, requests: float = 100.0) -> Level:
    """A level of first tokens of which only the mean matters."""
    return Level(np.array([requests]), mean, requests)


def case_of(story: Story, onset: int, last: int) -> tuple[Case, Topology]:
    """The case of a story's victim in the window that ends at column `last`, with the true onset."""
    seen = window(story.frames(), last)
    topology, victim = join(seen), victims_of(seen).one(0)
    spans = Spans.around(onset, last, np.ones(last, dtype=np.bool_))
    scene = Scene(
        frames=seen,
        topology=topology,
        victim=victim,
        spans=spans,
        onset=onset,
        before=Level.over(victim, spans.before),
        stalled=False,
    )
    return judge(scene, calibrated()), topology
