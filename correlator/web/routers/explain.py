"""A finding for any victim at any moment."""

import threading
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from correlator.model.finding import Finding
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from correlator.web.parameters import PodName
from correlator.web.problems import Problem, ProblemDetails, field_fault
from correlator.web.respond import answer
from correlator.web.state import Web, WebState

AT_ONCE = 8
"""Each holds a thread while the source is asked: others are to find some left."""

router = APIRouter(prefix="/api/v1/explain", tags=["explain"])


def _joined(victim: Any) -> Any:  # noqa: ANN401 - whatever the body holds
    """An object as incidents have it, as the name that people write."""
    if isinstance(victim, dict) and {"namespace", "pod"} <= victim.keys():
        return f"{victim['namespace']}/{victim['pod']}"
    return victim


class Question(BaseModel):
    """Which victim, and when."""

    model_config = ConfigDict(extra="forbid")

    victim: Annotated[PodName, BeforeValidator(_joined, json_schema_input_type=str)] = Field(
        description="`namespace/pod`", examples=["inference/vllm-7c9f4-x2x8q"]
    )
    at: AwareDatetime | None = Field(default=None, description="RFC 3339; now where it is missing.")


@router.post(
    "",
    response_model=Finding,
    responses={
        404: {"model": ProblemDetails, "description": "Nothing is to be said of that victim then"},
        502: {"model": ProblemDetails, "description": "The source of the data failed"},
        504: {"model": ProblemDetails, "description": "The source of the data took too long"},
    },
    summary="Why a victim was slow at any moment",
)
def explain(request: Request, state: Web, question: Question) -> Response:
    """Fetches and judges anew; stores nothing."""
    explaining: threading.Semaphore = request.app.state.explaining
    if not explaining.acquire(blocking=False):
        detail = f"{AT_ONCE} questions are being answered already"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"retry-after": "5"})
    try:
        return _explained(state, question)
    finally:
        explaining.release()


def _explained(state: WebState, question: Question) -> Response:
    namespace, _, pod = question.victim.partition("/")
    if question.at is not None and question.at > state.now():
        raise field_fault("body", "at", "lies in the future")
    try:
        finding = state.explain(PodRef(namespace, pod), question.at)
    except SourceError as error:
        raise Problem(HTTPStatus.BAD_GATEWAY, str(error)) from error
    except TimeoutError as error:
        raise Problem(HTTPStatus.GATEWAY_TIMEOUT, f"the answer took too long: {error}") from error
    if finding is None:
        moment = question.at.isoformat() if question.at else "now"
        raise Problem(HTTPStatus.NOT_FOUND, f"{question.victim} at {moment}: not a victim with data then")
    return answer(finding)
