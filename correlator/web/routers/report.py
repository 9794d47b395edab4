"""The report of an incident: its post-mortem as a file of Markdown or HTML."""

import re
from base64 import b64encode
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from correlator.model.finding import Evidence
from correlator.model.incident import Incident
from correlator.report import Material, as_html, as_markdown, postmortem
from correlator.web.routers.incidents import UNKNOWN, incident_of
from correlator.web.security import REPORT_POLICY
from correlator.web.state import Web, WebState

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])
VICTIMS_LISTED = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class ReportFormat(StrEnum):
    """How the report is written."""

    MARKDOWN = "markdown"
    HTML = "html"


class PictureForm(StrEnum):
    """Whether the picture is in the file, or a link to the daemon."""

    INLINE = "inline"
    LINK = "link"


_ENDINGS = {ReportFormat.MARKDOWN: "md", ReportFormat.HTML: "html"}
_TYPES = {ReportFormat.MARKDOWN: "text/markdown", ReportFormat.HTML: "text/html"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {each: {"schema": {"type": "string"}} for each in _TYPES.values()}, "description": "The report"}
}


@router.get(
    "/{identity}/report",
    response_class=Response,
    responses=UNKNOWN | _ANSWERS,
    summary="The post-mortem, as Markdown or HTML",
)
async def get_report(
    request: Request,
    state: Web,
    identity: str,
    form: Annotated[
        ReportFormat | None, Query(alias="format", description="Markdown, unless `Accept` prefers HTML.")
    ] = None,
    picture: Annotated[
        PictureForm | None, Query(description="HTML has it inside, Markdown links to it, unless said otherwise.")
    ] = None,
) -> Response:
    """Summary, timeline, impact, cause with its evidence, advice, logs, other victims, blind spots, provenance."""
    form = form or preferred(request.headers.get("accept", ""))
    picture = picture or (PictureForm.INLINE if form is ReportFormat.HTML else PictureForm.LINK)
    incident = await run_in_threadpool(incident_of, state, identity)
    address = str(request.base_url).rstrip("/")
    shown = f"{address}{state.door.shared(f'{incident.links.self}/plot.png')}"
    if picture is PictureForm.INLINE:
        drawn = await request.app.state.pictures.of(state, incident, "png")
        shown = f"data:image/png;base64,{b64encode(drawn).decode()}"
    written = (await run_in_threadpool(_written, state, incident, (address, shown), form)).encode()
    headers = _headers(incident, form) | {"etag": f'"{sha256(written).hexdigest()[:32]}"'}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(written, headers=headers, media_type=f"{_TYPES[form]}; charset=utf-8")


def preferred(accept: str) -> ReportFormat:
    """HTML where `Accept` names it before Markdown, as browsers do."""
    weights = dict(_weighted(part) for part in accept.split(",") if part.strip())
    html, markdown = weights.get("text/html", 0.0), weights.get("text/markdown", 0.0)
    return ReportFormat.HTML if html > markdown else ReportFormat.MARKDOWN


def _weighted(part: str) -> tuple[str, float]:
    media_type, *parameters = (each.strip().lower() for each in part.split(";"))
    weight = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    return media_type, float(weight) if re.fullmatch(r"\d(\.\d+)?", weight) else 0.0


def _written(state: WebState, incident: Incident, addresses: tuple[str, str], form: ReportFormat) -> str:
    document = postmortem(_material(state, incident, *addresses))
    return as_html(document) if form is ReportFormat.HTML else as_markdown(document)


def _material(state: WebState, incident: Incident, address: str, picture: str) -> Material:
    """All that the store and the engine know around the incident."""
    status = state.status()
    episode = state.incidents.episode(incident.episode_id)
    ids = [each for each in episode.incident_ids if each != incident.id] if episode else []
    others = (state.incidents.get(each) for each in ids[:VICTIMS_LISTED])
    return Material(
        incident=incident,
        evidence=state.incidents.evidence(incident.id) or Evidence(),
        moments=state.incidents.moments(incident.id),
        others=[each for each in others if each is not None],
        others_rest=max(0, len(ids) - VICTIMS_LISTED),
        logs=state.incidents.logs(incident.id),
        address=address,
        picture=picture,
        version=status.version,
        source=status.source,
        demo=status.demo,
        signals=status.signals,
    )


def _headers(incident: Incident, form: ReportFormat) -> dict[str, str]:
    name = _UNSAFE.sub("-", incident.id)
    return {
        "cache-control": "private, no-cache",
        "content-disposition": f'inline; filename="incident-{name}.{_ENDINGS[form]}"',
        "content-security-policy": REPORT_POLICY,
        "vary": "accept",
    }
