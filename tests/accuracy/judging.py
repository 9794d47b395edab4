"""One case from simulation to result: ours end to end, and every method where the onset is given."""

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from correlator.analysis.evaluate import evaluate
from correlator.inquiry import Inquiry
from correlator.inquiry.inquiry import Judge
from correlator.model.frame import Frames
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.accuracy.candidates import Candidates, candidates_in, window_at
from tests.accuracy.frames import inquiry_into
from tests.accuracy.methods import BASELINES, Score
from tests.accuracy.moments import asked_at, judged_span, onset_of, seen_at
from tests.accuracy.ours import Run, incidents_of, ours_at, run
from tests.accuracy.results import Answer, CaseResult, Failure, NotValidated, VictimResult
from tests.simulator.case import Case, Telemetry, VictimTruth

OURS = "ours"

MISDATED_SECONDS = (0, -60, 60)
"""By how much the onset that methods are given is wrong."""

Outcome = CaseResult | Failure | NotValidated


def judge_slot(
    kind: str, tried: Iterable[int], simulate: Callable[[str, int], Case], judge: Judge = evaluate
) -> Outcome:
    """The first valid case among the seeds that are tried, judged; whatever goes wrong is a result, too."""
    seeds = []
    for seed in tried:
        seeds.append(seed)
        try:
            case = simulate(kind, seed)
            if case.is_validated:
                return replace(judge_case(case, judge), tried=len(seeds))
        except Exception:  # noqa: BLE001 - a crash is counted and told, not passed on
            return Failure(kind=kind, seed=seed, error=traceback.format_exc())
    return NotValidated(kind=kind, seeds=tuple(seeds))


def judge_case(case: Case, judge: Judge = evaluate) -> CaseResult:
    """Everything that is to be known of one case."""
    inquiry = inquiry_into(case.telemetry, case.history)
    intervals = inquiry.intervals(case.telemetry.start)
    step = inquiry.step(intervals) or case.telemetry.step
    done = run(case, judged_span(case, step), step, judge)
    victims = tuple(_victim(inquiry, done, truth, step, case.telemetry) for truth in case.victims)
    return CaseResult(
        kind=case.kind,
        family=case.family,
        seed=case.seed,
        step=step,
        interval=replace(inquiry, step_seconds=None).step(intervals) or step,
        victims=victims,
        steps_judged=done.steps,
        milliseconds=done.milliseconds,
        records=tuple(_labelled(record, case, victims) for record in done.records),
    )


def _victim(inquiry: Inquiry, done: Run, truth: VictimTruth, step: int, telemetry: Telemetry) -> VictimResult:
    findings = done.findings.get((truth.namespace, truth.pod, truth.model_name), ())
    onset, at = onset_of(truth, step), asked_at(truth, step)
    names: tuple[str, ...] = ()
    answers: dict[tuple[str, int], Answer] = {}
    if onset is not None and at is not None:
        window = window_at(inquiry.source, tuple(inquiry.signals), at, step, inquiry.width(step))
        if PodRef(truth.namespace, truth.pod) in join(window).pods:
            names, answers = _asked(window, truth, onset)
    return VictimResult(
        truth=truth,
        incidents=incidents_of(findings, truth, step),
        candidates=names,
        answers=answers,
        twentieth_seen_at=seen_at(telemetry, truth, truth.twentieth_affected_at),
    )


def _asked(window: Frames, truth: VictimTruth, onset: int) -> tuple[tuple[str, ...], dict[tuple[str, int], Answer]]:
    """The candidates, and all methods' answers with the onset as it was and misdated."""
    topology, grid = join(window), window.grid
    answers: dict[tuple[str, int], Answer] = {}
    names: tuple[str, ...] = ()
    for wrong in MISDATED_SECONDS:
        moved = round(wrong / grid.step) or int(np.sign(wrong))
        index = min(max(grid.index(onset) + moved, 1), grid.count - 2)
        answers[OURS, wrong] = ours_at(window, topology, truth, index)
        begin = time.process_time()
        given = candidates_in(window, topology, truth, index)
        milliseconds = 1000.0 * (time.process_time() - begin)
        names = given.names
        for name, (score, threshold) in BASELINES.items():
            answers[name, wrong] = answer_of(given, score, threshold, milliseconds)
    return names, answers


def answer_of(given: Candidates, score: Score, threshold: float, milliseconds: float = 0.0) -> Answer:
    """A baseline's answer; `milliseconds` is what the candidates themselves cost."""
    begin = time.process_time()
    scores = score(given) if given.names else np.empty(0)
    order = sorted(range(len(given.names)), key=lambda index: (-scores[index], given.names[index]))
    first = frozenset(given.names[index] for index in order[:1] if scores[index] >= threshold)
    return Answer(
        ranking=tuple(given.names[index] for index in order),
        accused=first,
        milliseconds=milliseconds + 1000.0 * (time.process_time() - begin),
    )


def _labelled(record: Mapping[str, object], case: Case, victims: tuple[VictimResult, ...]) -> dict[str, object]:
    """A record with where it comes from, and whether the suspect did it: a look at another moment accuses wrongly."""
    mine = next((v for v in victims if f"{v.truth.namespace}/{v.truth.pod}" == record["victim"]), None)
    is_of_event, is_culprit = False, False
    if mine is not None:
        at_event = [each.detected_at for each in mine.incidents if each.of_event]
        is_of_event = record["detected_at"] in at_event
        is_culprit = is_of_event and record["suspect"] in mine.guilty
    return {
        "kind": case.kind,
        "family": case.family,
        "seed": case.seed,
        "truth": (mine.truth.verdict or "none") if mine is not None else "none",
        "label": int(is_culprit),
        "of_event": int(is_of_event),
        **record,
    }
