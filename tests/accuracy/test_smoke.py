"""A few simulated cases from end to end: what no version of the engine may get wrong."""

import pytest

from tests.accuracy.accusing import right_and_wrong
from tests.accuracy.frames import inquiry_into
from tests.accuracy.judging import OURS, judge_slot
from tests.accuracy.methods import BASELINES
from tests.accuracy.moments import Span, judged_span
from tests.accuracy.ours import run
from tests.accuracy.results import CaseResult, Failure, NotValidated
from tests.accuracy.run import case_of
from tests.accuracy.split import ATTEMPTS, TUNING_BELOW, seeds
from tests.simulator.case import Case


def judged(kind: str, slot: int) -> CaseResult:
    """A case that counts, from the seeds for tuning."""
    outcome = judge_slot(kind, seeds("tuning", slot), case_of)
    assert isinstance(outcome, CaseResult), outcome
    return outcome


@pytest.mark.parametrize("slot", range(3))
def test_a_lone_writer_is_named_first_and_accused(slot: int) -> None:
    """From end to end and where the onset is given; every method ranks every candidate."""
    (victim,) = judged("one_writer", slot).victims
    assert victim.verdict == "contention"
    assert victim.incident is not None
    assert victim.incident.suspects[0].name in victim.targets
    right, wrong = right_and_wrong(victim)
    assert right >= 1  # twice where it recovers in between and comes back
    assert wrong == 0
    assert victim.answers[OURS, 0].ranking[0] in victim.targets
    for name in BASELINES:
        assert set(victim.answers[name, 0].ranking) == set(victim.candidates)


@pytest.mark.parametrize("kind", ["degraded_device", "compute_slowdown", "quiet"])
def test_nobody_is_accused_where_nobody_did_it(kind: str) -> None:
    """Two of each."""
    for slot in range(2):
        assert [right_and_wrong(victim) for victim in judged(kind, slot).victims] == [(0, 0)]


def test_quiet_steps_may_be_left_out_of_a_simulated_case() -> None:
    """As `test_lead_in`, with jittered and missing scrapes, restarts and pods that come and go."""
    case = case_of("one_writer", 0)
    step = inquiry_into(case.telemetry).step_between(case.telemetry.start, case.telemetry.start)
    span = judged_span(case, step)
    whole = run(case, Span(case.telemetry.start, span.last), step)
    short = run(case, span, step)
    assert short.steps < whole.steps
    assert repr(short.findings) == repr(whole.findings)


def test_a_crash_is_a_result() -> None:
    """With kind, seed and what went wrong."""

    def broken(kind: str, seed: int) -> Case:
        raise ZeroDivisionError(f"{kind} {seed}")

    outcome = judge_slot("one_writer", seeds("report", 2), broken)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.seed) == ("one_writer", TUNING_BELOW + 2 * ATTEMPTS)
    assert "ZeroDivisionError: one_writer" in outcome.error


def test_a_slot_without_a_valid_case_says_which_seeds_were_tried() -> None:
    """It is neither judged nor forgotten."""
    invalid = next(case for case in (case_of("degraded_device", seed) for seed in range(9)) if not case.is_validated)
    outcome = judge_slot("degraded_device", [invalid.seed], case_of)
    assert outcome == NotValidated(kind="degraded_device", seeds=(invalid.seed,))


def test_splits_share_no_seed() -> None:
    """No seed is tried for two cases, and those that report are never those for tuning."""
    tuning = [seed for slot in range(200) for seed in seeds("tuning", slot)]
    report = [seed for slot in range(200) for seed in seeds("report", slot)]
    assert len({*tuning, *report}) == 2 * 200 * ATTEMPTS
    assert max(tuning) < TUNING_BELOW <= min(report)
    with pytest.raises(ValueError, match="expected a case number below"):
        seeds("tuning", TUNING_BELOW)
