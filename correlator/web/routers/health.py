"""Alive, and ready to be believed."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from correlator.incidents.errors import StoreError
from correlator.web.problems import Problem, ProblemDetails
from correlator.web.respond import answer
from correlator.web.state import NOT_YET, Web, WebState

router = APIRouter(prefix="/-", tags=["health"])


@router.get("/healthy", summary="Whether the process answers")
async def healthy() -> Response:
    """200 as long as the process answers, also while all threads are busy with others' questions."""
    return answer({"status": "healthy"})


@router.get(
    "/ready",
    summary="Whether answers can be believed",
    responses={503: {"model": ProblemDetails, "description": "Not ready; `reasons` say why"}},
)
def ready(state: Web) -> Response:
    """Data fresh, store readable and writable, newest cycle in time."""
    reasons = reasons_against(state)
    if reasons:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "; ".join(reasons), reasons=reasons)
    return answer({"status": "ready"})


def reasons_against(state: WebState) -> tuple[str, ...]:
    """Why not to believe the daemon now."""
    reasons = list(state.status().problems)
    if state.snapshot() is None:
        reasons.append(NOT_YET)
    try:
        state.incidents.last_sequence()
    except StoreError as error:
        reasons.append(f"the store of incidents does not answer: {error}")
    return tuple(dict.fromkeys(reasons))
