"""The page: an overview, and one incident with the picture that convinces."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.model.finding import Evidence
from correlator.model.incident import Incident, State
from correlator.web.render import render
from correlator.web.routers.health import reasons_against
from correlator.web.routers.incidents import FeedbackGiven, keep_feedback
from correlator.web.routers.metrics import open_in
from correlator.web.routers.victims import suffering, with_open
from correlator.web.routers.volumes import saturation
from correlator.web.security import refuse_foreign_forms
from correlator.web.state import IncidentReads, Web, WebState

router = APIRouter(include_in_schema=False)
OPEN_SHOWN, RECENT_SHOWN, VOLUMES_SHOWN, VICTIMS_SHOWN = 50, 15, 25, 50


class _Known:
    """What the store tells; nothing but that it fails while it does, since the rest of the page is still true."""

    def __init__(self, incidents: IncidentReads, cluster: str) -> None:
        self.fails = False
        self.open: Sequence[Incident] = ()
        self.recent: Sequence[Incident] = ()
        self.suffering: Mapping[tuple[str, str, str], str] = {}
        self.hidden = 0
        past = IncidentQuery(state=State.RESOLVED, cluster=cluster)
        try:
            opened = list(incidents.every(open_in(cluster)))
            self.recent = incidents.search(past, limit=RECENT_SHOWN).items
        except StoreError:
            self.fails = True
        else:
            self.open, self.hidden = opened[:OPEN_SHOWN], len(opened) - OPEN_SHOWN
            self.suffering = suffering(opened)


async def _feedback_form(request: Request) -> FeedbackGiven:
    """The form's fields; culprits stand one on a line."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    said = {name: values[-1] for name, values in fields.items()}
    given = {
        "verdict_right": said.get("verdict_right"),
        "culprits": said.get("culprits", "").split(),
        "note": said.get("note", ""),
    }
    try:
        return FeedbackGiven.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error


@router.get("/")
def overview(request: Request, state: Web) -> Response:
    """What is wrong now, what was lately, and what is watched."""
    snapshot = state.snapshot()
    status = state.status()
    incidents = _Known(state.incidents, status.cluster)
    volumes = sorted(snapshot.volumes, key=saturation) if snapshot else []
    victims = with_open(snapshot.victims, incidents.suffering) if snapshot else []
    return render(
        request,
        "overview.html",
        status_now=status,
        now=state.now(),
        reasons=reasons_against(state),
        snapshot=snapshot,
        incidents=incidents,
        volumes=volumes[:VOLUMES_SHOWN],
        hidden_volumes=len(volumes) - VOLUMES_SHOWN,
        victims=victims[:VICTIMS_SHOWN],
        hidden_victims=len(victims) - VICTIMS_SHOWN,
        volume_names={volume.id: volume.name for volume in volumes},
    )


@router.get("/incidents/{identity}")
def incident(request: Request, state: Web, identity: str) -> Response:
    """All that is known of one incident."""
    found = state.incidents.get(identity)
    if found is None:
        return render(
            request, "missing.html", HTTPStatus.NOT_FOUND, status_now=state.status(), what="incident", name=identity
        )
    return _incident_page(request, state, found)


@router.post("/incidents/{identity}/feedback", dependencies=[Depends(refuse_foreign_forms)])
async def feedback(
    request: Request, state: Web, identity: str, given: Annotated[FeedbackGiven, Depends(_feedback_form)]
) -> Response:
    """Keep what the form says and show the incident again."""
    kept = await run_in_threadpool(keep_feedback, state, identity, given)
    root = request.scope.get("root_path", "").rstrip("/")
    return RedirectResponse(f"{root}/incidents/{kept.id}#feedback", HTTPStatus.SEE_OTHER)


def _incident_page(request: Request, state: WebState, found: Incident) -> Response:
    end = found.ended_at or max(state.now(), found.started_at)
    return render(
        request,
        "incident.html",
        status_now=state.status(),
        incident=found,
        evidence=state.incidents.evidence(found.id) or Evidence(),
        logs=state.incidents.logs(found.id),
        lasts_seconds=(end - found.started_at).total_seconds(),
        accused=[suspect for suspect in found.suspects if suspect.accused],
        episode=state.incidents.episode(found.episode_id),
    )
