"""Pages of one volume and of one victim: how it does now, who is on it, what happened to it."""

from fastapi import APIRouter, Request, Response

from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.model.incident import Incident
from correlator.model.snapshot import Snapshot, VictimNow, VolumeNow
from correlator.web.render import missing, render
from correlator.web.routers.victims import VictimSeen, suffering, with_open
from correlator.web.scrapes import open_in
from correlator.web.state import Web, WebState

router = APIRouter(include_in_schema=False)
PAST_SHOWN = 15


@router.get("/volumes/{identity:path}")
def volume(request: Request, state: Web, identity: str) -> Response:
    """USE now, everybody on it, and the incidents that it was in."""
    snapshot = state.snapshot() or Snapshot(at=state.now())
    found = next((each for each in snapshot.volumes if identity in {each.id, each.name}), None)
    past = _past(state, IncidentQuery(volume=identity, cluster=state.status().cluster))
    seen = next((each.volume for each in past or () if each.volume), None)
    if found is None and seen is None:
        return missing(request, state, "volume", identity)
    return render(
        request,
        "volume.html",
        status_now=state.status(),
        now=state.now(),
        at=snapshot.at,
        name=found.name if found else seen.name if seen else identity,
        volume=found,
        node=next((each for each in snapshot.nodes if found and each.node == found.node), None),
        below=_below(snapshot, found),
        victims=_seen(state, [each for each in snapshot.victims if found and found.id in each.volume_ids]),
        edges=[each for each in snapshot.edges if found and each.volume_id == found.id],
        past=past,
    )


@router.get("/victims/{name:path}")
def victim(request: Request, state: Web, name: str) -> Response:
    """First tokens now against what is usual, the volumes in use with who else is on them, and what happened."""
    snapshot = state.snapshot() or Snapshot(at=state.now())
    namespace, _, pod = name.partition("/")
    found = [each for each in snapshot.victims if f"{each.namespace}/{each.pod}" == name]
    past = _past(state, IncidentQuery(namespace=namespace, pod=pod, cluster=state.status().cluster))
    if not found and not past:
        return missing(request, state, "watched pod", name)
    used = {identity for each in found for identity in each.volume_ids}
    return render(
        request,
        "victim.html",
        status_now=state.status(),
        now=state.now(),
        at=snapshot.at,
        name=name,
        models=_seen(state, found),
        volumes=[each for each in snapshot.volumes if each.id in used],
        past=past,
    )


def _past(state: WebState, query: IncidentQuery) -> tuple[Incident, ...] | None:
    """The newest incidents; None while the store fails, since the rest of the page is still true."""
    try:
        return state.incidents.search(query, limit=PAST_SHOWN).items
    except StoreError:
        return None


def _seen(state: WebState, victims: list[VictimNow]) -> list[VictimSeen]:
    """Victims with their open incidents, where the store tells."""
    try:
        opened = suffering(state.incidents.every(open_in(state.status().cluster)))
    except StoreError:
        opened = {}
    return with_open(victims, opened)


def _below(snapshot: Snapshot, volume: VolumeNow | None) -> list[tuple[str, str, str]]:
    """Id, name and how it was learnt of every volume that this one lies on."""
    names = {each.id: each.name for each in snapshot.volumes}
    layers = volume.below if volume else ()
    return [(each.volume_id, names.get(each.volume_id, each.volume_id), each.learnt) for each in layers]
