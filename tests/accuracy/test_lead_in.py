"""Quiet steps before an event are not judged: it changes nothing that is said of the event."""

import pytest

from tests.accuracy.frames import inquiry_into
from tests.accuracy.lab import lab_case
from tests.accuracy.moments import LEAD_STEPS, Span, judged_span
from tests.accuracy.ours import run
from tests.simulator.case import Case


def step_of(case: Case) -> int:
    """The step at which a daemon would judge."""
    return inquiry_into(case.telemetry).step_between(case.telemetry.start, case.telemetry.start)


@pytest.mark.parametrize("name", ["one_writer", "slow_compute", "frozen_by_storage"])
def test_short_lead_in_says_the_same(name: str) -> None:
    """All findings, with every number and curve, are those of a walk from the first step on."""
    case = lab_case(name)
    step = step_of(case)
    span = judged_span(case, step)
    whole = run(case, Span(case.telemetry.start, span.last), step)
    short = run(case, span, step)
    assert short.steps < whole.steps - 2 * LEAD_STEPS
    assert short.findings
    assert repr(short.findings) == repr(whole.findings)  # as text, since NaN is not equal to itself
    assert repr(short.records) == repr(whole.records)
