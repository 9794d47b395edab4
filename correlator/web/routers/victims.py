"""Victims: first tokens and other symptoms now, against their baseline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.model.finding import Victim
from correlator.model.incident import Incident
from correlator.model.snapshot import VictimNow
from correlator.model.symptom import TTFT
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import SnapshotListing, answer, snapshot_listing
from correlator.web.scrapes import open_in
from correlator.web.state import Newest, Web, WebState

router = APIRouter(prefix="/api/v1/victims", tags=["victims"])
Namespace = Annotated[str | None, Query(description="Namespace of the victim.")]
Node = Annotated[str | None, Query(description="Node of the victim.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimSeen(VictimNow):
    """A watched pod now, with the id of its open incident; null while there is none."""

    open_incident_id: str | None


@router.get("", response_model=SnapshotListing[VictimSeen], summary="Watched pods")
def list_victims(state: Web, snapshot: Newest, namespace: Namespace = None, node: Node = None) -> Response:
    """All victims of the newest step, regressed ones first."""
    chosen = [
        victim
        for victim in with_open(snapshot.victims, _suffering(state))
        if namespace in {None, victim.namespace} and node in {None, victim.node}
    ]
    return snapshot_listing(snapshot.at, chosen)


@router.get(
    "/{namespace}/{pod}",
    response_model=VictimSeen,
    responses={404: {"model": ProblemDetails, "description": "No such victim"}},
    summary="One victim",
)
def get_victim(state: Web, snapshot: Newest, namespace: str, pod: str) -> Response:
    """Its symptoms, load, volumes and open incident; where a pod serves several models, the one that suffers."""
    named = [victim for victim in snapshot.victims if (victim.namespace, victim.pod) == (namespace, pod)]
    if not named:
        raise not_found("victim", f"{namespace}/{pod}")
    return answer(with_open(named, _suffering(state))[0])


def key_of(victim: Victim | VictimNow) -> tuple[str, str, str]:
    """What tells one victim of a cluster from another."""
    return victim.namespace, victim.pod, victim.model_name


def suffering(open_incidents: Iterable[Incident]) -> dict[tuple[str, str, str], str]:
    """The id of the open incident by its victim: of several symptoms first tokens, or the one detected last."""
    urgent = sorted(open_incidents, key=lambda each: (each.victim.symptom == TTFT.name, each.detected_at, each.id))
    return {key_of(each.victim): each.id for each in urgent}


def _suffering(state: WebState) -> dict[tuple[str, str, str], str]:
    return suffering(state.incidents.every(open_in(state.status().cluster)))


def with_open(victims: Iterable[VictimNow], open_ids: Mapping[tuple[str, str, str], str]) -> list[VictimSeen]:
    """The victims, each with its open incident; those that suffer first, then by name."""
    names = [field.name for field in fields(VictimNow)]
    seen = [
        VictimSeen(
            **{name: getattr(victim, name) for name in names},
            open_incident_id=open_ids.get(key_of(victim)),
        )
        for victim in victims
    ]
    return sorted(seen, key=_urgency)


def _urgency(victim: VictimSeen) -> tuple[bool, bool, str, str]:
    since = (victim.regressed_since, *(each.regressed_since for each in victim.symptoms))
    return victim.open_incident_id is None, not any(since), victim.namespace, victim.pod
