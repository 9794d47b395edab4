"""Where a link in a notification leads: to the incident, else to a page that says that there is none yet."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from correlator.alerting.annotations import AMBIGUOUS
from correlator.web.alert_lookup import AlertShown, by_fingerprint, by_labels, read_question
from correlator.web.render import render, root_of
from correlator.web.routers.alerts import Fingerprint
from correlator.web.state import Web, WebState

router = APIRouter(include_in_schema=False)


@router.get("/alerts/{fingerprint}")
def alert_of_fingerprint(request: Request, state: Web, fingerprint: Fingerprint) -> Response:
    """Of an alert that came by lately."""
    _, starts_at = read_question(request.query_params.multi_items())
    return _lead(request, state, by_fingerprint(state, fingerprint, starts_at))


@router.get("/alerts")
def alert_of_labels(request: Request, state: Web) -> Response:
    """Of an alert with these labels."""
    labels, starts_at = read_question(request.query_params.multi_items())
    return _lead(request, state, by_labels(state, labels, starts_at))


def _lead(request: Request, state: WebState, alert: AlertShown) -> Response:
    if alert.found and alert.annotations["correlator_verdict"] != AMBIGUOUS:
        return RedirectResponse(
            f"{root_of(request)}/incidents/{quote(alert.incidents[0].id)}",
            HTTPStatus.SEE_OTHER,
            {"cache-control": "no-store"},
        )
    return render(request, "alert.html", status_now=state.status(), alert=alert)
