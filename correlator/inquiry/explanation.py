"""One victim at one moment: what the engine, having watched the hours before, had to say."""

from dataclasses import dataclass

from correlator.inquiry.inquiry import Inquiry, Progress
from correlator.model.finding import Finding
from correlator.model.snapshot import Snapshot, VictimNow
from correlator.model.source import SourceError
from correlator.model.topology import PodRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The newest finding on `victim` whose regression lasted at step `at`; None while the victim was well.

    `now` is the victim's own state then; None where nothing was known of it. `step_seconds` is the distance of steps.
    """

    victim: PodRef
    finding: Finding | None
    now: VictimNow | None
    snapshot: Snapshot
    step_seconds: int


def explain(inquiry: Inquiry, victim: PodRef, at: float, progress: Progress | None = None) -> Explanation:
    """Watch for one window up to `at`, then say what is known of the victim. Raises SourceError."""
    step = inquiry.step_between(at, at)
    start = at - inquiry.width(step) * step
    finding: Finding | None = None
    snapshot: Snapshot | None = None
    for evaluation in inquiry.steps(start, at, progress=progress):
        snapshot = evaluation.snapshot
        about = [found for found in evaluation.findings if _ref(found) == victim]
        finding = about[-1] if about else finding
    if snapshot is None:
        raise SourceError(f"{inquiry.source.name}: no step lies before that time", retriable=False)
    now = next((each for each in snapshot.victims if PodRef(each.namespace, each.pod) == victim), None)
    lasts = finding is not None and (finding.ended_at is None or finding.ended_at >= snapshot.at)
    return Explanation(victim=victim, finding=finding if lasts else None, now=now, snapshot=snapshot, step_seconds=step)


def _ref(finding: Finding) -> PodRef:
    return PodRef(finding.victim.namespace, finding.victim.pod)
