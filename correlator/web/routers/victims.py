"""Victims: first tokens now against their baseline."""

from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.model.snapshot import VictimNow
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import SnapshotListing, answer, snapshot_listing
from correlator.web.routers.metrics import OPEN
from correlator.web.state import IncidentReads, Newest, State

router = APIRouter(prefix="/api/v1/victims", tags=["victims"])
Namespace = Annotated[str | None, Query(description="Namespace of the victim.")]
Node = Annotated[str | None, Query(description="Node of the victim.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimSeen(VictimNow):
    """A watched inference pod now, with the id of its open incident; null while there is none."""

    open_incident_id: str | None


@router.get("", response_model=SnapshotListing[VictimSeen], summary="Watched inference pods")
def list_victims(state: State, snapshot: Newest, namespace: Namespace = None, node: Node = None) -> Response:
    """All victims of the newest step, regressed ones first."""
    chosen = [
        victim
        for victim in with_incidents(snapshot.victims, state.incidents)
        if namespace in {None, victim.namespace} and node in {None, victim.node}
    ]
    return snapshot_listing(snapshot.at, chosen)


@router.get(
    "/{namespace}/{pod}",
    response_model=VictimSeen,
    responses={404: {"model": ProblemDetails, "description": "No such victim"}},
    summary="One victim",
)
def get_victim(state: State, snapshot: Newest, namespace: str, pod: str) -> Response:
    """Its first tokens, load, volumes and open incident."""
    named = [victim for victim in snapshot.victims if (victim.namespace, victim.pod) == (namespace, pod)]
    if not named:
        raise not_found("victim", f"{namespace}/{pod}")
    return answer(with_incidents(named, state.incidents)[0])


def with_incidents(victims: tuple[VictimNow, ...] | list[VictimNow], incidents: IncidentReads) -> list[VictimSeen]:
    """The victims, each with its open incident; those that suffer first, then by name."""
    suffering = {(each.victim.namespace, each.victim.pod): each.id for each in incidents.every(OPEN)}
    names = [field.name for field in fields(VictimNow)]
    seen = [
        VictimSeen(
            **{name: getattr(victim, name) for name in names},
            open_incident_id=suffering.get((victim.namespace, victim.pod)),
        )
        for victim in victims
    ]
    return sorted(seen, key=_urgency)


def _urgency(victim: VictimSeen) -> tuple[bool, bool, str, str]:
    return victim.open_incident_id is None, victim.regressed_since is None, victim.namespace, victim.pod
