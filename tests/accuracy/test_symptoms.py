"""Other symptoms on simulated cases: what the measurement must be able to tell."""

from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest

from correlator.analysis.unseen import MEASURED
from tests.accuracy.accusing import right_and_wrong
from tests.accuracy.frames import frames_of
from tests.accuracy.symptoms import OTHERS, SYMPTOMS, Task, case_for, got_worse, judge
from tests.accuracy.symptoms_report import WATCHED, Watched, lines
from tests.simulator.case import Case, Rows

TOKENS_BESIDE = Task("tokens_per_second", "one_writer", "tuning", 0, beside=True)


@cache
def judged(symptom: str, kind: str, slot: int = 0) -> Watched:
    """A case from the seeds for tuning."""
    found = judge(Task(symptom, kind, "tuning", slot))
    assert found is not None
    return found


def case_of(symptom: str, kind: str, slot: int = 0) -> Case:
    """The case before it is judged."""
    found = case_for(Task(symptom, kind, "tuning", slot))
    assert found is not None
    return found


@pytest.mark.parametrize("symptom", ["tokens_per_second", "etcd_fsync"])
def test_first_tokens_are_hidden(symptom: str) -> None:
    """What is found is not found by them."""
    assert not frames_of(case_of(symptom, "one_writer").telemetry).get("ttft_bucket").labels


@pytest.mark.parametrize("symptom", WATCHED[1:])
def test_a_lone_writer_is_accused(symptom: str) -> None:
    """By an incident of that symptom, and nobody else is."""
    found = judged(symptom, "one_writer")
    (victim,) = found.case.victims
    assert victim.verdict == "contention"
    right, wrong = right_and_wrong(victim)
    assert right >= 1
    assert wrong == 0


@pytest.mark.parametrize(
    ("symptom", "kind"), list(zip(WATCHED[1:], cycle(("compute_slowdown", "other_volume")), strict=False))
)
def test_nobody_is_accused_where_storage_did_nothing(symptom: str, kind: str) -> None:
    """Nothing opens at all."""
    assert [victim.incidents for victim in judged(symptom, kind).case.victims] == [()]


def test_first_tokens_beside_change_no_accusation() -> None:
    """With or without them the same is said of tokens per second; the incident of first tokens is another."""
    hidden, beside = judged("tokens_per_second", "one_writer"), judge(TOKENS_BESIDE)
    assert beside is not None
    assert [victim.incidents for victim in hidden.case.victims] != [()]
    assert [[replace(one, reasons=()) for one in victim.incidents] for victim in hidden.case.victims] == [
        [replace(one, reasons=()) for one in victim.incidents] for victim in beside.case.victims
    ]


def test_a_wrong_accusation_is_told() -> None:
    """With kind, seed and pod, and in the figures: a measurement that could not say so would be none."""
    found = judged("etcd_fsync", "one_writer")
    (victim,) = found.case.victims
    blameless = replace(victim, truth=replace(victim.truth, culprits=()))
    page = "\n".join(lines([replace(found, case=replace(found.case, victims=(blameless,)))]))
    assert f"etcd_fsync: one_writer seed {found.case.seed}: {victim.truth.culprits[0]} by contention" in page
    assert "0.000 (0/1)" in page
    assert "nobody" in "\n".join(lines([found]))


def test_worse_is_what_the_series_show() -> None:
    """A database whose time does not grow faster than its transactions did not get worse, whatever else happened."""
    case = case_of("postgresql_transactions", "reader")
    symptom = SYMPTOMS["postgresql_transactions"]
    assert got_worse(case.telemetry, symptom, case.victim)
    done = case.telemetry.signals[symptom.count]
    even = {**case.telemetry.signals, symptom.total: Rows(done.labels, 0.003 * done.values)}
    assert not got_worse(replace(case.telemetry, signals=even), symptom, case.victim)


def test_what_is_called_measured_is_measured() -> None:
    """The blind spot of the others says that they were not."""
    assert set(OTHERS) == MEASURED
