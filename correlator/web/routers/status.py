"""How the daemon is doing."""

from fastapi import APIRouter, Response

from correlator.publish.status import EngineStatus
from correlator.web.respond import answer
from correlator.web.state import Web

router = APIRouter(prefix="/api/v1/status", tags=["status"])


@router.get("", response_model=EngineStatus, summary="Version, source, last cycle, lag, blind spots")
def get_status(state: Web) -> Response:
    """`problems` say why answers may be wrong or old; `demo` that the bundled recording is played.

    `inventory` is what `correlator check` tells: what was found, what is missing, how many victims can be explained.
    """
    return answer(state.status())
