"""`python -m tests.accuracy.symptoms`: whom incidents of other symptoms accuse, and how sure they are of it.

The simulator's cases are judged with first tokens hidden (unless `--beside`) and one other symptom visible: tokens per
second or the time for prompt tokens of the victim, or a database beside it. `work_stopped` is a victim whose counters
stand still from the event on, as in `tests.accuracy.silence`. First tokens of the same cases stand beside them.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from correlator import catalog
from correlator.analysis.evaluate import Evaluation, evaluate_unwatched
from correlator.analysis.look import WORK_STOPPED
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.history import NO_HISTORY, History
from correlator.model.symptom import TTFT, Symptom
from correlator.model.topology import Topology
from tests.accuracy.frames import inquiry_into
from tests.accuracy.moments import judged_span
from tests.accuracy.ours import incidents_of, run
from tests.accuracy.page import provenance
from tests.accuracy.pool import each_of
from tests.accuracy.results import CaseResult, VictimResult
from tests.accuracy.run import all_kinds
from tests.accuracy.silence import GAUGES, PRESSURE, column_of, stopped, without
from tests.accuracy.split import Split, seeds
from tests.accuracy.symptoms_report import BY_STORAGE, DATABASES, STOPPED, WATCHED, Watched, lines
from tests.simulator.case import Case, Family, Floats, Rows, Telemetry, VictimTruth
from tests.simulator.simulate import simulate

FIRST_TOKENS = ("ttft_bucket", "ttft_sum", "ttft_count")
PROMPTS = {"ttft_sum": "prompt_seconds", "prompt_tokens": "prompt_tokens_processed"}
"""What stands for a llama.cpp's counters. Unlike its own, these seconds hold the wait for a turn: a harder test."""

OTHERS = {symptom.name: symptom for symptom in catalog.load_symptoms()}
SYMPTOMS = {TTFT.name: TTFT, STOPPED: TTFT, **OTHERS}

CASES_PER_KIND = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One case and the symptom that is watched in it, `beside` first tokens or with these hidden."""

    symptom: str
    kind: str
    split: Split
    slot: int
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Watching:
    """Judges one symptom beside first tokens, as the daemon does where the catalogue has it."""

    symptom: str

    def __call__(
        self,
        frames: Frames,
        topology: Topology,
        memory: Memory,
        at: int,
        parameters: Parameters,
        history: History = NO_HISTORY,
    ) -> Evaluation:
        """One step."""
        watched = (SYMPTOMS[self.symptom],) if self.symptom in OTHERS else ()
        return evaluate_unwatched(frames, topology, memory, at, replace(parameters, symptoms=watched), history)


def case_for(task: Task) -> Case | None:
    """The first case of the task's seeds whose kind claims what happened, with the truth about its symptom."""
    for seed in seeds(task.split, task.slot):
        case = simulate(task.kind, seed, database=DATABASES.get(task.symptom, ""))
        if case.is_validated:
            return _told(case, task)
    return None


def _told(case: Case, task: Task) -> Case:
    """A case as it is to be judged: whoever has the symptom is its victim."""
    if task.symptom == TTFT.name:
        return case
    if task.symptom == STOPPED:
        still = stopped(without(case.telemetry, (*GAUGES, *PRESSURE)), case, column_of(case))
        return replace(case, telemetry=still, victims=(_by_storage(case.victim),))
    case = replace(case, telemetry=replace(case.telemetry, signals=_signals(case.telemetry, task)))
    if case.databases:
        return replace(case, victims=case.databases, family=_family_of_database(case))
    return replace(case, victims=tuple(map(_by_storage, case.victims)))


def _signals(telemetry: Telemetry, task: Task) -> dict[str, Rows]:
    shown = {name: rows for name, rows in telemetry.signals.items() if task.beside or name not in FIRST_TOKENS}
    if task.symptom == "prompt_processing":
        shown |= {name: telemetry.signals[own] for own, name in PROMPTS.items()}
    return shown


def _family_of_database(case: Case) -> Family:
    """What hurts no model may hurt a database, and the other way round."""
    if any(truth.verdict == "contention" for truth in case.databases):
        return "contention"
    return "hard_null" if case.family == "contention" else case.family


def _by_storage(truth: VictimTruth) -> VictimTruth:
    """The truth on what is not first tokens: an incident is right only where storage did it."""
    return replace(truth, verdict=truth.verdict if truth.verdict in BY_STORAGE else None)


def got_worse(telemetry: Telemetry, symptom: Symptom, truth: VictimTruth) -> bool:
    """Whether its mean over the whole event rose by what opens an incident: the symptom's own ratio and floor."""
    if truth.event_start_at is None or truth.event_end_at is None:
        return False
    done, seconds = (_gained(telemetry, name, truth) for name in (symptom.count, symptom.total or symptom.inside))
    if not symptom.total:
        seconds = _of_pod(telemetry, symptom.inside, truth)[1:] * telemetry.step
    known = np.isfinite(done) & np.isfinite(seconds) & (done >= 0) & (seconds >= 0)
    at = telemetry.start + telemetry.step * np.arange(1, telemetry.count)
    sides = at < truth.event_start_at, (at > truth.event_start_at + telemetry.step) & (at <= truth.event_end_at)
    before, during = (float(seconds[known & side].sum() / max(float(done[known & side].sum()), 1.0)) for side in sides)
    return during >= symptom.ratio * before and during - before >= symptom.floor


def _gained(telemetry: Telemetry, signal: str, truth: VictimTruth) -> Floats:
    return np.asarray(np.diff(_of_pod(telemetry, signal, truth)))


def _of_pod(telemetry: Telemetry, signal: str, truth: VictimTruth) -> Floats:
    rows = telemetry.signals[signal]
    mine = [row for row, labels in enumerate(rows.labels) if labels["pod"] == truth.pod]
    return np.asarray(rows.values[mine].sum(axis=0))


def judge(task: Task) -> Watched | None:
    """Walk over a case; None where no seed of the slot gave one."""
    case = case_for(task)
    if case is None:
        return None
    inquiry = inquiry_into(case.telemetry, case.history)
    step = inquiry.step(inquiry.intervals(case.telemetry.start)) or case.telemetry.step
    done = run(case, judged_span(case, step), step, Watching(task.symptom))
    victims = []
    for truth in case.victims:
        told = done.findings.get((truth.namespace, truth.pod, truth.model_name), ())
        mine = tuple(filter(partial(_is_of, task.symptom), told))
        victims.append(VictimResult(truth=truth, incidents=incidents_of(mine, truth, step), candidates=(), answers={}))
    result = CaseResult(
        kind=case.kind,
        family=case.family,
        seed=case.seed,
        step=step,
        interval=step,
        victims=tuple(victims),
        steps_judged=done.steps,
        milliseconds=done.milliseconds,
        records=done.records,
    )
    return Watched(task.symptom, result, tuple(_is_worse(case, task.symptom, truth) for truth in case.victims))


def _is_of(symptom: str, finding: Finding) -> bool:
    """Whether it is about the symptom; work that stopped says so among its reasons."""
    return WORK_STOPPED in finding.reasons if symptom == STOPPED else finding.victim.symptom == symptom


def _is_worse(case: Case, symptom: str, truth: VictimTruth) -> bool:
    if symptom == STOPPED:
        return truth.event_start_at is not None
    return got_worse(case.telemetry, SYMPTOMS[symptom], truth)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.symptoms", description=__doc__)
    parser.add_argument("--cases-per-kind", type=int, default=CASES_PER_KIND)
    parser.add_argument("--first-slot", type=int, default=0, help="the number of the first case of each kind")
    parser.add_argument("--split", choices=("tuning", "report"), default="tuning", help="which seeds; tuning")
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--symptoms", nargs="*", choices=WATCHED, default=WATCHED)
    parser.add_argument("--beside", action="store_true", help="show first tokens too, and their incidents with them")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    slots = range(options.first_slot, options.first_slot + options.cases_per_kind)
    kinds = options.kinds or all_kinds()
    work = [
        Task(name, kind, options.split, slot, options.beside)
        for slot in slots
        for kind in kinds
        for name in options.symptoms
    ]
    found = [one for one in each_of(judge, work, options.workers, "judging") if one is not None]
    found.sort(key=lambda one: (one.symptom, one.case.kind, one.case.seed))
    command = f"python -m tests.accuracy.symptoms --split {options.split} --cases-per-kind {options.cases_per_kind}"
    first, last = seeds(options.split, slots[0])[0], seeds(options.split, slots[-1])[-1]
    facts = provenance(command, f"{len(found)} cases of {len(kinds)} kinds", f"seeds {first} to {last}")
    sys.stdout.write("\n".join([*facts, *lines(found)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
