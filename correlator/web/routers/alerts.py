"""What is known of an alert: for links in its notifications, so that nothing is ever not found."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime

from correlator.web.alert_lookup import AlertShown, by_fingerprint, by_labels, read_question
from correlator.web.parameters import refuse_unknown_parameters
from correlator.web.respond import answer
from correlator.web.state import Web

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="As Alertmanager gives it: 16 digits.")]
Began = Annotated[AwareDatetime | None, Query(description="When the alert began to fire; else as it came by.")]


@router.get(
    "/{fingerprint}",
    response_model=AlertShown,
    dependencies=[Depends(refuse_unknown_parameters)],
    summary="What is known of an alert, by its fingerprint",
)
def get_alert(state: Web, fingerprint: Fingerprint, starts_at: Began = None) -> Response:
    """Of alerts that came by lately, through the proxy or the webhook. 200 also when nothing is known (yet)."""
    return answer(by_fingerprint(state, fingerprint, starts_at))


@router.get("", response_model=AlertShown, summary="What is known of an alert, by its labels")
def find_alert(request: Request, state: Web, starts_at: Began = None) -> Response:
    """Every other parameter is a label: `?namespace=inference&pod=vllm-0&starts_at=…`. 200 also when nothing is known.

    Labels that name nothing to us do no harm, so that a template may hand over all that it has.
    """
    labels, _ = read_question(request.query_params.multi_items())
    return answer(by_labels(state, labels, starts_at))
