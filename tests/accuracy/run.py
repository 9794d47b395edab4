"""Judges cases of many kinds, on worker processes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.accuracy.judging import Outcome, judge_slot
from tests.accuracy.lab import lab_case
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.pool import each_of
from tests.accuracy.records import RecordFile
from tests.accuracy.results import CaseResult
from tests.accuracy.split import Split, seeds
from tests.scenarios.cases import names
from tests.simulator.case import Case
from tests.simulator.kinds import KINDS
from tests.simulator.simulate import simulate

LAB = "lab:"
"""What the kinds of the lab's recordings begin with."""


@dataclass(frozen=True, slots=True)
class Task:
    """One case that is to be judged."""

    kind: str
    split: Split
    slot: int


def all_kinds() -> list[str]:
    """Every kind that can be simulated."""
    return list(KINDS)


def lab_kinds() -> list[str]:
    """The lab's recordings."""
    return [f"{LAB}{name}" for name in names()]


def tasks(kinds: Sequence[str], cases_per_kind: int, split: Split) -> list[Task]:
    """Slot by slot through all kinds, so that a run that is stopped has seen something of each."""
    return [
        Task(kind, split, slot)
        for slot in range(cases_per_kind)
        for kind in kinds
        if slot == 0 or not kind.startswith(LAB)
    ]


def judge_task(task: Task) -> Outcome:
    """Simulate and judge one case."""
    return judge_slot(task.kind, seeds(task.split, task.slot), case_of)


def case_of(kind: str, seed: int) -> Case:
    """A simulated case, or one of the lab's recordings, whatever the seed."""
    if kind.startswith(LAB):
        return lab_case(kind.removeprefix(LAB))
    return simulate(kind, seed)


def judge_all(work: Sequence[Task], workers: int, records: RecordFile) -> Outcomes:
    """Judge every task; what was seen of suspects goes to the file at once, thousands of cases of it fill memory."""
    found: list[Outcome] = []
    for outcome in each_of(judge_task, work, workers, "judging"):
        if isinstance(outcome, CaseResult):
            records.write(outcome.records)
            found.append(replace(outcome, records=()))
        else:
            found.append(outcome)
    return Outcomes.of(found)
