"""Pages of one incident and of one episode, and the form by which people say whether it was right."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from correlator.model.finding import Evidence
from correlator.model.incident import Incident
from correlator.web.render import missing, render, root_of
from correlator.web.routers.incidents import FeedbackGiven, keep_feedback
from correlator.web.sharing import card_of
from correlator.web.state import Web, WebState
from correlator.wording.curves import panels_of

router = APIRouter(include_in_schema=False)
VICTIMS_DRAWN, VICTIMS_LISTED = 12, 200


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


@router.get("/incidents/{identity}")
def incident(request: Request, state: Web, identity: str) -> Response:
    """All that is known of one incident. `from` and `to` in the address are for the script that draws the charts."""
    found = state.incidents.get(identity)
    return missing(request, state, "incident", identity) if found is None else _incident_page(request, state, found)


@router.post("/incidents/{identity}/feedback")
async def feedback(
    request: Request, state: Web, identity: str, given: Annotated[FeedbackGiven, Depends(_feedback_form)]
) -> Response:
    """Keep what the form says and show the incident again."""
    kept = await run_in_threadpool(keep_feedback, state, identity, given)
    return RedirectResponse(f"{root_of(request)}/incidents/{quote(kept.id)}#feedback", HTTPStatus.SEE_OTHER)


def _incident_page(request: Request, state: WebState, found: Incident) -> Response:
    end = found.ended_at or max(state.now(), found.started_at)
    evidence = state.incidents.evidence(found.id) or Evidence()
    return render(
        request,
        "incident.html",
        status_now=state.status(),
        incident=found,
        evidence=evidence,
        panels=panels_of(evidence, found.symptom),
        card=card_of(request, found),
        logs=state.incidents.logs(found.id),
        lasts_seconds=(end - found.started_at).total_seconds(),
        accused=[suspect for suspect in found.suspects if suspect.accused],
        episode=state.incidents.episode(found.episode_id),
    )


@router.get("/episodes/{identity}")
def episode(request: Request, state: Web, identity: str) -> Response:
    """The incidents that one cause explains, over one time axis."""
    found = state.incidents.episode(identity)
    if found is None:
        return missing(request, state, "episode", identity)
    known = [state.incidents.get(each) for each in found.incident_ids[:VICTIMS_LISTED]]
    incidents = sorted((each for each in known if each is not None), key=lambda each: (each.started_at, each.id))
    lead = max(incidents, key=lambda each: (each.verdict is found.verdict, each.confidence), default=None)
    evidence = (state.incidents.evidence(lead.id) if lead else None) or Evidence()
    end = found.ended_at or max(state.now(), found.started_at)
    return render(
        request,
        "episode.html",
        status_now=state.status(),
        episode=found,
        incidents=incidents,
        hidden=len(found.incident_ids) - len(incidents),
        drawn=incidents[:VICTIMS_DRAWN],
        lead=lead,
        panels=panels_of(evidence)[1:],
        volume_names={each.volume.id: each.volume.name for each in incidents if each.volume},
        lasts_seconds=(end - found.started_at).total_seconds(),
    )
