"""What a sink is: it says what an event is to it, and sends that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.model.incident import Incident, State


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one delivery carries. Parcels of a `group` arrive in order; others may overtake one that has to wait."""

    group: str
    body: bytes


class Sink(Protocol):
    """One receiver. `patience` is how long after an event it is still worth telling."""

    @property
    def name(self) -> str:
        """As in metrics and settings."""
        ...

    @property
    def patience(self) -> timedelta:
        """How long a parcel is tried."""
        ...

    def prepare(self, event: Event) -> Sequence[Parcel]:
        """What is to be sent of an event: depends on nothing else. May be nothing."""
        ...

    def send(self, body: bytes) -> None:
        """Deliver the body of a parcel of `prepare`, maybe not for the first time. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


def as_told(event: Event) -> Incident:
    """The incident as far as the event goes: what opened was open, though it may be over by now."""
    if event.kind is TransitionKind.RESOLVED or event.incident.state is State.OPEN:
        return event.incident
    return replace(event.incident, state=State.OPEN, ended_at=None, end_reason=None)
