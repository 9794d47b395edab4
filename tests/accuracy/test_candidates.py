"""Who is a candidate, with what, and which steps are the event."""

from dataclasses import replace

import numpy as np
import pytest

from correlator.topology import join
from tests.accuracy.candidates import candidates_in, window_at
from tests.accuracy.frames import inquiry_into
from tests.accuracy.lab import lab_case
from tests.accuracy.moments import LEAD_STEPS, TAIL_STEPS, asked_at, is_of_event, judged_span, onset_of
from tests.accuracy.results import UNATTRIBUTED
from tests.accuracy.test_scores import BEGIN, END, truth

CASE = lab_case("one_writer")
CULPRIT = "data/vector-reindex-f8vnh"


def test_candidates_are_the_other_pods_on_the_victims_volume() -> None:
    """Not the victim; with rates that show who wrote, and first tokens that show when."""
    inquiry = inquiry_into(CASE.telemetry)
    at, onset = asked_at(CASE.victim, 1), onset_of(CASE.victim, 1)
    assert at is not None
    assert onset is not None
    window = window_at(inquiry.source, tuple(inquiry.signals), at, 1, inquiry.width(1))
    found = candidates_in(window, join(window), CASE.victim, window.grid.index(onset))
    assert CULPRIT in found.names
    assert f"{CASE.victim.namespace}/{CASE.victim.pod}" not in found.names
    assert set(found.names) == set(CASE.victim.shares) - {
        UNATTRIBUTED,
        f"{CASE.victim.namespace}/{CASE.victim.pod}",
    }
    moved = found.bytes_per_second[found.names.index(CULPRIT)]
    assert np.nanmean(moved[found.is_during]) > 100 * max(np.nanmean(moved[~found.is_during]), 1.0)
    assert np.nanmean(found.ttft[found.is_during]) > 3 * np.nanmean(found.ttft[~found.is_during])
    assert np.nanmean(found.ttft[found.onset - 5 : found.onset]) < 0.1


def test_onset_is_the_first_step_that_counted_something_late() -> None:
    """A step tells of the time since the step before; where nobody was late, the event dates itself."""
    assert onset_of(truth("load"), 15) == 1005
    assert onset_of(replace(truth("load"), first_affected_at=1005.1), 15) == 1020
    assert onset_of(replace(truth("load"), first_affected_at=None), 15) == 1005
    assert onset_of(replace(truth(None), event_start_at=None), 15) is None


def test_methods_are_asked_when_the_event_is_over_or_long_enough() -> None:
    """After sixty steps at the latest, and never before two."""
    assert asked_at(truth("load"), 15) == 1590
    assert asked_at(truth("load"), 5) == 1005 + 60 * 5
    assert asked_at(replace(truth("load"), event_end_at=1010.0), 15) == 1005 + 2 * 15


def test_steps_around_the_event_are_judged() -> None:
    """With a lead-in and a tail, within what was simulated; everything where nothing happens."""
    step = 1
    event = (CASE.victim.event_start_at or 0.0, CASE.victim.event_end_at or 0.0)
    last = CASE.telemetry.start + CASE.telemetry.count - 1
    span = judged_span(CASE, step)
    assert event[0] - LEAD_STEPS <= span.first < event[0] - LEAD_STEPS + step
    assert span.last == min(last, int(event[1]) + TAIL_STEPS)
    nothing = replace(CASE, victims=(replace(CASE.victim, event_start_at=None, event_end_at=None),))
    assert judged_span(nothing, step).last == last
    assert judged_span(nothing, step).first < span.first


@pytest.mark.parametrize(
    ("started_at", "ended_at", "expected"),
    [
        (BEGIN - 100, BEGIN - 30, False),
        (BEGIN - 100, BEGIN, True),
        (BEGIN, None, True),
        (END + 70, None, True),
        (END + 80, None, False),
    ],
)
def test_an_incident_is_of_the_event_that_it_overlaps(
    started_at: float, ended_at: float | None, expected: bool
) -> None:
    """Five steps of 15 s later still: queues drain."""
    assert is_of_event(truth("load"), started_at, ended_at, 15) is expected
