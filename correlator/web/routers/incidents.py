"""Incidents: lists, one, its evidence, its picture, and what people say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from correlator.model.finding import Evidence
from correlator.model.incident import Feedback, Incident
from correlator.model.logs import LogEvidence
from correlator.picture import Format
from correlator.web.flat import IncidentShown, with_milliseconds
from correlator.web.parameters import IncidentFilters, PodName
from correlator.web.pictures import tag_of
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import Listing, answer, listing
from correlator.web.security import PICTURE_POLICY
from correlator.web.state import Web, WebState

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": ProblemDetails, "description": "No such incident"}}
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


Roles = Annotated[Sequence[str], Query(description="Only curves of these roles; may be given several times.")]


def _picture(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {}}, "description": "The picture"}}


class FeedbackGiven(BaseModel):
    """What a person says of a verdict; `culprits` are `namespace/pod`."""

    model_config = ConfigDict(extra="forbid")

    verdict_right: bool
    culprits: list[PodName] = Field(default=[], max_length=100)
    note: str = Field(default="", max_length=10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceShown(Evidence):
    """The series behind a verdict, and why it is that one; beside it, in `logs`, what pods wrote around the onset.

    `logs` is null where no Loki is set, and until somebody looked.
    """

    logs: LogEvidence | None = None


@router.get("", response_model=Listing[IncidentShown], summary="Incidents, newest first")
def list_incidents(state: Web, filters: Annotated[IncidentFilters, Query()]) -> Response:
    """All filters must hold; a page at a time."""
    page = state.incidents.search(filters.incident_query(), limit=filters.limit, cursor=filters.cursor)
    return listing([with_milliseconds(each) for each in page.items], page.next_cursor)


@router.get("/{identity}", response_model=IncidentShown, responses=UNKNOWN, summary="One incident")
def get_incident(state: Web, identity: str) -> Response:
    """Verdict, suspects and effect as they are known by now."""
    return answer(with_milliseconds(incident_of(state, identity)))


@router.get("/{identity}/evidence", response_model=EvidenceShown, responses=UNKNOWN, summary="The series behind it")
def get_evidence(state: Web, identity: str, role: Roles = ()) -> Response:
    """Curves on one time axis, and why it is that one: who else was considered, what was ruled out. May be empty."""
    incident_of(state, identity)
    evidence = state.incidents.evidence(identity) or Evidence()
    if role:
        evidence = replace(evidence, series=tuple(curve for curve in evidence.series if curve.role in role))
    series = {field.name: getattr(evidence, field.name) for field in fields(Evidence)}
    return answer(EvidenceShown(**series, logs=state.incidents.logs(identity)))


@router.get(
    "/{identity}/plot.svg",
    response_class=Response,
    responses=UNKNOWN | _picture("image/svg+xml"),
    summary="The picture as SVG",
)
async def plot_svg(request: Request, state: Web, identity: str) -> Response:
    """First tokens, volume and suspects on one time axis."""
    return await _plot(request, state, identity, "svg")


@router.get(
    "/{identity}/plot.png",
    response_class=Response,
    responses=UNKNOWN | _picture("image/png"),
    summary="The picture as PNG",
)
async def plot_png(request: Request, state: Web, identity: str) -> Response:
    """First tokens, volume and suspects on one time axis."""
    return await _plot(request, state, identity, "png")


@router.post("/{identity}/feedback", response_model=Incident, responses=UNKNOWN, summary="Say whether it was right")
def give_feedback(state: Web, identity: str, given: FeedbackGiven) -> Response:
    """Kept and shown; the newest replaces what was said before. Answers the incident."""
    return answer(keep_feedback(state, identity, given))


def incident_of(state: WebState, identity: str) -> Incident:
    """The incident, or the problem that nobody knows it."""
    incident = state.incidents.get(identity)
    if incident is None:
        raise not_found("incident", identity)
    return incident


def keep_feedback(state: WebState, identity: str, given: FeedbackGiven) -> Incident:
    """Add what was said, with the time; the incident as it is then."""
    culprits = tuple(dict.fromkeys(given.culprits))
    said = Feedback(verdict_right=given.verdict_right, culprits=culprits, note=given.note.strip(), given_at=state.now())
    incident = state.incidents.add_feedback(identity, said)
    if incident is None:
        raise not_found("incident", identity)
    return incident


async def _plot(request: Request, state: WebState, identity: str, kind: Format) -> Response:
    """The picture, drawn only where the one at hand is old."""
    incident = await run_in_threadpool(incident_of, state, identity)
    headers = {
        "etag": f'"{tag_of(incident, kind)}"',
        "cache-control": "private, no-cache",  # kept, but asked for anew each time: an open incident changes
        "content-security-policy": PICTURE_POLICY,
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    picture = await request.app.state.pictures.of(state, incident, kind)
    return Response(picture, headers=headers, media_type=MEDIA_TYPES[kind])
