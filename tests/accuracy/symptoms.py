"""`python -m tests.accuracy.symptoms`: whom incidents of other symptoms accuse, and how sure they are of it.

The simulator's cases are judged with first tokens hidden and one other symptom visible: the victim's tokens per second,
or a database beside it on the same device. First tokens of the same cases, as the daemon judges them, stand beside it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from correlator import catalog
from correlator.analysis.evaluate import Evaluation, evaluate_unwatched
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.model.frame import Frames
from correlator.model.history import NO_HISTORY, History
from correlator.model.symptom import TTFT
from correlator.model.topology import Topology
from tests.accuracy import accusing, ranking, verdicts
from tests.accuracy.calibration import Judgement, brier, expected_calibration_error, judgements
from tests.accuracy.frames import inquiry_into
from tests.accuracy.moments import judged_span
from tests.accuracy.ours import incidents_of, run
from tests.accuracy.page import provenance
from tests.accuracy.pool import each_of
from tests.accuracy.results import CaseResult, VictimResult
from tests.accuracy.run import all_kinds
from tests.accuracy.split import Split, seeds
from tests.accuracy.tables import interval, number, share, table
from tests.simulator.case import Case, Family, Floats, Telemetry, VictimTruth
from tests.simulator.simulate import simulate

FIRST_TOKENS = ("ttft_bucket", "ttft_sum", "ttft_count")
DATABASES = {"etcd_fsync": "etcd", "postgresql_transactions": "postgresql"}
WATCHED = (TTFT.name, "tokens_per_second", *DATABASES)
SYMPTOMS = {symptom.name: symptom for symptom in (TTFT, *catalog.load_symptoms())}

BY_STORAGE = ("contention", "degraded_device")
"""The only verdicts for which another symptom opens an incident."""

WORSE = 1.5
"""From this change of its mean over the whole event on a symptom should have been found."""

CASES_PER_KIND = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One case and the symptom that is visible in it."""

    symptom: str
    kind: str
    split: Split
    slot: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What one symptom came to in a case; `worse` is how much worse it really got, for each victim."""

    symptom: str
    case: CaseResult
    worse: tuple[float, ...]


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
        watched = () if self.symptom == TTFT.name else (SYMPTOMS[self.symptom],)
        return evaluate_unwatched(frames, topology, memory, at, replace(parameters, symptoms=watched), history)


def case_for(task: Task) -> Case | None:
    """The first case of the task's seeds whose kind claims what happened, with the truth about its symptom."""
    for seed in seeds(task.split, task.slot):
        case = simulate(task.kind, seed, database=DATABASES.get(task.symptom, ""))
        if case.is_validated:
            return _told(case, task.symptom)
    return None


def _told(case: Case, symptom: str) -> Case:
    """A case as it is to be judged: whoever has the symptom is its victim."""
    if symptom == TTFT.name:
        return case
    hidden = {name: rows for name, rows in case.telemetry.signals.items() if name not in FIRST_TOKENS}
    case = replace(case, telemetry=replace(case.telemetry, signals=hidden))
    if case.databases:
        return replace(case, victims=case.databases, family=_family_of_database(case))
    return replace(case, victims=tuple(_of_tokens(case.telemetry, victim) for victim in case.victims))


def _family_of_database(case: Case) -> Family:
    """What hurts no model may hurt a database, and the other way round."""
    if any(truth.verdict == "contention" for truth in case.databases):
        return "contention"
    return "hard_null" if case.family == "contention" else case.family


def _of_tokens(telemetry: Telemetry, truth: VictimTruth) -> VictimTruth:
    """The truth on tokens per second: an incident is right only where storage did it."""
    verdict = truth.verdict if truth.verdict in BY_STORAGE else None
    return replace(truth, verdict=verdict, mean_ratio=_seconds_each(telemetry, truth))


def _seconds_each(telemetry: Telemetry, truth: VictimTruth) -> float:
    """By how much the time of all running requests for each token rose in the event; NaN without one."""
    if truth.event_start_at is None or truth.event_end_at is None:
        return float("nan")

    def column(at: float) -> int:
        return int(min(max((at - telemetry.start) // telemetry.step, 0), telemetry.count - 1))

    def seconds(first: int, last: int) -> float:
        inside, tokens = (_of_pod(telemetry, name, truth) for name in ("requests_running", "generation_tokens"))
        gained = np.diff(tokens[first : last + 1])
        known = np.isfinite(gained) & (gained >= 0) & np.isfinite(inside[first + 1 : last + 1])
        done = gained[known].sum()
        return float(inside[first + 1 : last + 1][known].sum() / done) if done > 0 else float("nan")

    begins, ends = column(truth.event_start_at), column(truth.event_end_at)
    return seconds(begins, ends) / seconds(0, begins)


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
        mine = tuple(finding for finding in told if finding.victim.symptom == task.symptom)
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
    return Watched(task.symptom, result, tuple(truth.mean_ratio for truth in case.victims))


def lines(found: Sequence[Watched]) -> list[str]:
    """A table with a column for each symptom, and one of the kinds in which anything was accused wrongly."""
    columns = [(name, [one for one in found if one.symptom == name]) for name in WATCHED]
    columns = [(name, mine) for name, mine in columns if mine]
    figures = [_figures(mine) for _, mine in columns]
    rows = [(figure, *(each[figure] for each in figures)) for figure in figures[0]]
    wrong = [
        f"- {one.symptom}: {one.case.kind} seed {one.case.seed}: {_wrong(one.case)}"
        for one in found
        if _wrong(one.case)
    ]
    return [*table(("figure", *(name for name, _ in columns)), rows), "", "Accused wrongly:", *(wrong or ["- nobody"])]


def _figures(found: Sequence[Watched]) -> dict[str, str]:
    cases = [one.case for one in found]
    victims = [victim for case in cases for victim in case.victims]
    worse = [victim for one in found for victim, by in zip(one.case.victims, one.worse, strict=True) if by >= WORSE]
    due = [victim for victim in worse if victim.truth.verdict in BY_STORAGE]
    told = [victim for victim in victims if victim.incident is not None]
    hard, nulls = [case for case in cases if case.family == "hard_null"], accusing.on_nulls(cases)
    listed, sure = judgements(victims), judgements(victims, "contention")
    named = ranking.end_to_end(told)
    return {
        "cases, victims": f"{len(cases)}, {len(victims)}",
        "found, of those that storage made half again as slow": share(
            accusing.Proportion(sum(victim.incident is not None for victim in due), len(due))
        ),
        "precision of accusations": interval(accusing.precision(victims)),
        "AC@1 where an incident opened": f"{number(named.ac1)} of {named.victims}",
        "culprits accused where an incident opened": share(accusing.recall(told)),
        "hard nulls accusing": share(accusing.accusing(hard)),
        "accusations on nulls": f"{nulls.accusations} in {nulls.victim_days:.1f} victim-days",
        "verdict right, of incidents of the event": share(verdicts.accuracy(told)),
        "Brier, ECE of listed suspects": _calibration(listed),
        "the same in incidents called contention": _calibration(sure),
        "right, of those given 0.8 or more": interval(_given(listed, 0.8, 1.01)),
        "right, of those given 0.2 to 0.8": interval(_given(listed, 0.2, 0.8)),
    }


def _given(judged: Sequence[Judgement], low: float, high: float) -> accusing.Proportion:
    chosen = [one.is_culprit for one in judged if low <= one.confidence < high]
    return accusing.Proportion(sum(chosen), len(chosen))


def _calibration(judged: Sequence[Judgement]) -> str:
    return f"{number(brier(judged))}, {number(expected_calibration_error(judged))} of {len(judged)}"


def _wrong(case: CaseResult) -> str:
    """Who was accused and did not do it, with the verdict and the part of the added device time that was theirs."""
    told = [
        f"{name} by {incident.verdict}, share {victim.truth.shares.get(name, 0.0):.2f}"
        for victim in case.victims
        for incident in victim.incidents
        for name in sorted(incident.accused - (victim.guilty if incident.of_event else frozenset()))
    ]
    return "; ".join(told)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.symptoms", description=__doc__)
    parser.add_argument("--cases-per-kind", type=int, default=CASES_PER_KIND)
    parser.add_argument("--first-slot", type=int, default=0, help="the number of the first case of each kind")
    parser.add_argument("--split", choices=("tuning", "report"), default="tuning", help="which seeds; tuning")
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--symptoms", nargs="*", choices=WATCHED, default=WATCHED)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    slots = range(options.first_slot, options.first_slot + options.cases_per_kind)
    kinds = options.kinds or all_kinds()
    work = [Task(name, kind, options.split, slot) for slot in slots for kind in kinds for name in options.symptoms]
    found = [one for one in each_of(judge, work, options.workers, "judging") if one is not None]
    found.sort(key=lambda one: (one.symptom, one.case.kind, one.case.seed))
    command = f"python -m tests.accuracy.symptoms --split {options.split} --cases-per-kind {options.cases_per_kind}"
    first, last = seeds(options.split, slots[0])[0], seeds(options.split, slots[-1])[-1]
    facts = provenance(command, f"{len(found)} cases of {len(kinds)} kinds", f"seeds {first} to {last}")
    sys.stdout.write("\n".join([*facts, *lines(found)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
