"""One victim at one moment: what is to be said of it, having watched the minutes before."""

from dataclasses import dataclass

from correlator.inquiry.inquiry import Inquiry, Progress, Walk
from correlator.model.finding import Finding
from correlator.model.snapshot import Snapshot
from correlator.model.source import SourceError
from correlator.model.topology import PodRef

WATCHED_STEPS = 20
"""Steps judged before the moment itself, each on its whole window: a regression that lasts is known by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is to be said of a victim at `snapshot.at`, regressed or not; `finding` is None where it is not known."""

    finding: Finding | None
    snapshot: Snapshot
    step_seconds: int


def explain(inquiry: Inquiry, victim: PodRef, at: float, progress: Progress | None = None) -> Explanation:
    """Judge the steps that lead up to `at`, then look at the victim. Raises SourceError."""
    step = inquiry.step_between(at, at)
    walk = Walk(inquiry, step, at - WATCHED_STEPS * step)
    snapshot: Snapshot | None = None
    for done, evaluation in enumerate(walk.advance(at), start=1):
        snapshot = evaluation.snapshot
        if progress is not None:
            progress(done, WATCHED_STEPS)
    if snapshot is None:
        raise SourceError(f"{inquiry.source.name}: no step lies before that time", retriable=False)
    return Explanation(finding=walk.explain(victim), snapshot=snapshot, step_seconds=step)
