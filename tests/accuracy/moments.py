"""Which steps of a case are judged, and which of them are the event."""

from dataclasses import dataclass

import numpy as np

from tests.simulator.case import Case, Telemetry, VictimTruth

LEAD_STEPS = 10
"""Steps judged before the earliest event; what a longer lead-in changes is proved to be nothing by a test."""

TAIL_STEPS = 20
"""Steps judged after the latest event: it must be seen to end."""

AFTERMATH_STEPS = 5
"""So much later than the event an incident may still begin because of it: queues drain."""

REFERENCE_STEPS = 30
"""Nothing can be said before so many steps are known, where nothing happens and all are judged."""

RANKED_STEPS = 60
"""Ranking methods are asked when the event is over, or so many steps after its onset."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both judged; epoch seconds."""

    first: int
    last: int


def judged_span(case: Case, step: int) -> Span:
    """What is judged of a case at this step: around its events, or all of it where nothing happens."""
    end = case.telemetry.start + (case.telemetry.count - 1) * case.telemetry.step
    begins = [victim.event_start_at for victim in case.victims if victim.event_start_at is not None]
    ends = [victim.event_end_at for victim in case.victims if victim.event_end_at is not None]
    if not begins or not ends:
        return Span(_up(case.telemetry.start + REFERENCE_STEPS * step, step), end // step * step)
    first = max(case.telemetry.start, min(begins) - LEAD_STEPS * step)
    return Span(_up(first, step), int(min(end, max(ends) + TAIL_STEPS * step)) // step * step)


def onset_of(truth: VictimTruth, step: int) -> int | None:
    """The first step that counted a late first token, or I/O of an event that was not felt; None without event."""
    began = truth.first_affected_at if truth.first_affected_at is not None else truth.event_start_at
    return None if began is None else _up(began, step)


def asked_at(truth: VictimTruth, step: int) -> int | None:
    """The step at which ranking methods are asked; None without event."""
    onset = onset_of(truth, step)
    if onset is None or truth.event_end_at is None:
        return None
    return max(onset + 2 * step, min(int(truth.event_end_at) // step * step, onset + RANKED_STEPS * step))


def seen_at(telemetry: Telemetry, truth: VictimTruth, instant: float | None) -> float | None:
    """The first step of which the victim's newest scrape came after `instant`; None where none did."""
    whose = {("namespace", truth.namespace), ("pod", truth.pod)}
    targets = {each["instance"] for each in telemetry.signals["ttft_count"].labels if whose <= set(each.items())}
    beats = telemetry.signals["ttft_heartbeat"]
    rows = [row for row, labels in enumerate(beats.labels) if labels["instance"] in targets]
    if instant is None or not rows:
        return None
    after = (beats.values[rows] >= instant).any(axis=0)
    return float(telemetry.start + int(np.argmax(after)) * telemetry.step) if after.any() else None


def is_of_event(truth: VictimTruth, started_at: float, ended_at: float | None, step: int) -> bool:
    """Whether an incident overlaps the event, with the aftermath of it."""
    if truth.event_start_at is None or truth.event_end_at is None:
        return False
    begins_in_time = started_at <= truth.event_end_at + AFTERMATH_STEPS * step
    return begins_in_time and (ended_at is None or ended_at >= truth.event_start_at - step)


def _up(at: float, step: int) -> int:
    return -int(-at // step) * step
