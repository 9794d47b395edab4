"""What was not delivered to sinks and receivers of alerts, and another try."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from correlator.incidents.delivery_log import DeliveryLog, DeliveryState, Undelivered
from correlator.incidents.query import LARGEST_PAGE
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import Listing, answer, listing
from correlator.web.state import Web, WebState

router = APIRouter(prefix="/api/v1/deliveries", tags=["deliveries"])
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": ProblemDetails, "description": "No such dead letter"}}


class DeliveryFilters(BaseModel):
    """Filters of `/api/v1/deliveries`."""

    state: DeliveryState = Field(default=DeliveryState.DEAD, description="`dead`: given up; `waiting`: still tried.")
    sink: str | None = Field(default=None, description="As in metrics, such as `alerts/oncall`.")
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE, description="Items on a page.")
    cursor: str | None = Field(default=None, description="The `next_cursor` of the page before.")


class Retried(BaseModel):
    """What is tried again."""

    id: str


@router.get("", response_model=Listing[Undelivered], summary="What has not arrived")
def list_deliveries(state: Web, filters: Annotated[DeliveryFilters, Query()]) -> Response:
    """By sink, and then the oldest first. What was delivered is forgotten, and counted in the metrics."""
    page = _log(state).search(filters.state, filters.sink, limit=filters.limit, cursor=filters.cursor)
    return listing(page.items, page.next_cursor)


@router.post("/{identity}/retry", response_model=Retried, responses=_UNKNOWN, summary="Try a dead letter again")
def retry_delivery(state: Web, identity: Annotated[str, Path(max_length=400)]) -> Response:
    """It carries the same idempotency key as before."""
    if not _log(state).retry(identity, state.now()):
        raise not_found("dead letter", identity)
    return answer({"id": identity})


def _log(state: WebState) -> DeliveryLog:
    return state.deliveries()
