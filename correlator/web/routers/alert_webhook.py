"""What Alertmanager posts to a webhook: 200 once it is on disk, 5xx where it has to come again, 4xx for no webhook."""

import asyncio
import queue
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from correlator.alerting.payload import PayloadError
from correlator.web.problems import Problem, field_fault
from correlator.web.respond import answer
from correlator.web.state import Web

router = APIRouter(tags=["alertmanager"])
PATH: Final = "/api/v1/alertmanager/webhook"
LONGEST_SECONDS: Final = 20.0
"""For the disk. Whoever posted comes again then; what is kept nevertheless makes that a double."""


class AlertsTaken(BaseModel):
    """How many alerts there were; `double`: their group said the same already, a short time ago."""

    alerts: int
    double: bool


@router.post(PATH, response_model=AlertsTaken, summary="What Alertmanager posts to a webhook (version 4)")
async def post_webhook(request: Request, state: Web) -> Response:
    """Kept, enriched with what is known of the cause, and delivered to the receivers of the settings."""
    if state.alert_webhook is None:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "alerts are not taken here")
    body = await request.body()
    try:
        notification, stored = state.alert_webhook.post(body)
    except PayloadError as error:
        raise field_fault("body", error.where, str(error)) from error
    except queue.Full as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too many alerts wait for the disk; try again") from error
    try:
        is_new = await asyncio.wait_for(asyncio.wrap_future(stored), LONGEST_SECONDS)
    except TimeoutError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the disk takes too long; try again") from error
    return answer({"alerts": len(notification.alerts), "double": not is_new})
