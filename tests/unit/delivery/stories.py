"""Events as the store's log has them."""

from datetime import timedelta
from typing import Any

from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.model.finding import EndReason
from correlator.model.incident import Incident, State
from tests.factories import STARTED, make_incident


def opened(sequence: int = 1, **changes: Any) -> Event:  # noqa: ANN401 - a change may be of any field
    """An incident was found."""
    incident = make_incident(updated_at=STARTED + timedelta(seconds=30), **changes)
    return event(TransitionKind.OPENED, incident, sequence)


def updated(sequence: int = 2, *, minutes: int = 2, **changes: Any) -> Event:  # noqa: ANN401 - the same
    """It was looked at again."""
    incident = make_incident(updated_at=STARTED + timedelta(minutes=minutes), **changes)
    return event(TransitionKind.UPDATED, incident, sequence)


def resolved(sequence: int = 3, **changes: Any) -> Event:  # noqa: ANN401 - the same
    """It is over, after ten minutes."""
    over = {"state": State.RESOLVED, "end_reason": EndReason.RECOVERED}
    ended, known = STARTED + timedelta(minutes=10), STARTED + timedelta(minutes=11)
    return event(
        TransitionKind.RESOLVED, make_incident(**{**over, "ended_at": ended, "updated_at": known, **changes}), sequence
    )


def event(kind: TransitionKind, incident: Incident, sequence: int) -> Event:
    """An entry of the log."""
    return Event(sequence=sequence, at=incident.updated_at, kind=kind, incident=incident)
