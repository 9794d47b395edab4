"""Our engine on a case: from end to end as the daemon runs it, and its attribution where an onset is given."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from correlator.analysis.evaluate import Evaluation, evaluate
from correlator.analysis.look import Window, look
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.analysis.quiet import quiet_steps
from correlator.analysis.statement import Life
from correlator.analysis.victims import VictimKey, victims_of
from correlator.inquiry import Walk
from correlator.inquiry.inquiry import Judge
from correlator.model.finding import Finding, Suspect
from correlator.model.frame import Frames
from correlator.model.history import NO_HISTORY, History
from correlator.model.topology import PodRef, Topology
from tests.accuracy.frames import inquiry_into
from tests.accuracy.moments import Span, is_of_event
from tests.accuracy.records import name_of, records_of
from tests.accuracy.results import Answer, IncidentSeen, Named
from tests.calibrated import calibrated
from tests.simulator.case import Case, VictimTruth


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A walk over a case: findings by victim, records of every look, and what it cost."""

    findings: Mapping[tuple[str, str, str], tuple[Finding, ...]]
    records: tuple[dict[str, object], ...]
    steps: int
    milliseconds: float


class _Timed:
    """Judges as the daemon does, and takes the time."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.seconds = 0.0

    def __call__(
        self,
        frames: Frames,
        topology: Topology,
        memory: Memory,
        at: int,
        parameters: Parameters,
        history: History,
    ) -> Evaluation:
        begin = time.process_time()
        evaluation = self._judge(frames, topology, memory, at, parameters, history)
        self.seconds += time.process_time() - begin
        return evaluation


def run(case: Case, span: Span, step: int, judge: Judge = evaluate) -> Run:
    """Walk over a span of the case step by step, from an empty memory."""
    timed = _Timed(judge)
    walk = Walk(inquiry_into(case.telemetry, case.history, timed), step, span.first)
    findings: dict[tuple[str, str, str], list[Finding]] = {}
    steps = 0
    for evaluation in walk.advance(span.last):
        steps += 1
        for finding in evaluation.findings:
            victim = finding.victim
            findings.setdefault((victim.namespace, victim.pod, victim.model_name), []).append(finding)
    records = [record for each in findings.values() for finding in each for record in records_of(finding)]
    found = {victim: tuple(each) for victim, each in findings.items()}
    return Run(findings=found, records=tuple(records), steps=steps, milliseconds=1000.0 * timed.seconds)


def incidents_of(findings: tuple[Finding, ...], truth: VictimTruth, step: int) -> tuple[IncidentSeen, ...]:
    """The incidents of one victim, oldest first."""
    by_identity: dict[float, list[Finding]] = {}
    for finding in findings:
        by_identity.setdefault(finding.detected_at.timestamp(), []).append(finding)
    return tuple(_incident(looks, truth, step) for _, looks in sorted(by_identity.items()))


def _incident(looks: list[Finding], truth: VictimTruth, step: int) -> IncidentSeen:
    last = looks[-1]
    started_at = last.started_at.timestamp()
    ended_at = None if last.ended_at is None else last.ended_at.timestamp()
    return IncidentSeen(
        started_at=started_at,
        detected_at=last.detected_at.timestamp(),
        ended_at=ended_at,
        verdict=last.verdict.value,
        reasons=last.reasons,
        suspects=tuple(map(_named, last.suspects)),
        accused=frozenset(name_of(each) for finding in looks for each in finding.suspects if each.accused),
        looks=len(looks),
        of_event=is_of_event(truth, started_at, ended_at, step),
    )


def _named(suspect: Suspect) -> Named:
    return Named(
        name=name_of(suspect),
        confidence=suspect.confidence,
        share=suspect.share_ratio or 0.0,
        accused=suspect.accused,
    )


def ours_at(window: Frames, topology: Topology, truth: VictimTruth, onset: int) -> Answer:
    """Our attribution at the window's last step with the onset (an index into it) as given, not as we would date it."""
    begin = time.process_time()
    victims = victims_of(window)
    parameters, memory = calibrated(), Memory()
    shared = Window(window, topology, victims, memory, quiet_steps(victims, memory), parameters, NO_HISTORY)
    row = victims.keys.index(VictimKey(PodRef(truth.namespace, truth.pod), truth.model_name))
    stalled = not np.nansum(victims.first_tokens[row, onset:]) > 0
    finding = look(shared, row, onset, Life(detected_at=shared.at), stalled=stalled).finding
    return Answer(
        ranking=tuple(map(name_of, finding.suspects)),
        accused=frozenset(name_of(each) for each in finding.suspects if each.accused),
        verdict=finding.verdict.value,
        milliseconds=1000.0 * (time.process_time() - begin),
    )
