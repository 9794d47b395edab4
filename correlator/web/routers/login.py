"""The login of the page: a token once, then a session's cookie."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from correlator.access import Scope
from correlator.web.door import COST_OF_A_FAILURE, Caller, address_of
from correlator.web.identity import session_name
from correlator.web.paths import LOGIN, LOGOUT
from correlator.web.render import render, root_of
from correlator.web.state import Web, WebState

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
UNKNOWN: Final = "This token is not known here."
NOT_READING: Final = "This token is not for reading."


@router.get(LOGIN)
def ask_for_token(request: Request, state: Web) -> Response:
    """The form; where no token is asked for, the overview."""
    if state.door.locks is None:
        return RedirectResponse(f"{root_of(request)}/", HTTPStatus.SEE_OTHER)
    return _form(request, state, request.query_params.get("next", ""))


@router.post(LOGIN)
async def log_in(request: Request, state: Web) -> Response:
    """Begin a session and show what was asked for."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    following = fields.get("next", [""])[-1]
    locks = state.door.locks
    if locks is None:
        return RedirectResponse(f"{root_of(request)}/", HTTPStatus.SEE_OTHER)
    token = locks.tokens().of_secret(fields.get("token", [""])[-1].strip())
    if token is None or Scope.READ not in token.scopes:
        caller, fault = Caller(address_of(request)), UNKNOWN if token is None else NOT_READING
        state.door.count(caller, COST_OF_A_FAILURE)
        log.warning("a login was refused", address=caller.address, reason=fault)
        return _form(request, state, following, fault)
    log.info("a session has begun", by=token.name, address=address_of(request))
    answer = RedirectResponse(f"{root_of(request)}{local(following)}", HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        session_name(request.scope["scheme"]),
        locks.sessions.begin(token),
        max_age=int(locks.sessions.lifetime.total_seconds()),
        secure=request.scope["scheme"] == "https",
        httponly=True,
        samesite="lax",  # a link in a chat must lead to the incident, not to the login
    )
    return answer


@router.post(LOGOUT)
def log_out(request: Request) -> Response:
    """Make the browser forget its session."""
    answer = RedirectResponse(f"{root_of(request)}{LOGIN}", HTTPStatus.SEE_OTHER)
    scheme = request.scope["scheme"]
    answer.delete_cookie(session_name(scheme), secure=scheme == "https", httponly=True, samesite="lax")
    return answer


def local(path: str) -> str:
    """The path, if it is one of ours; browsers take `//host` and a backslash for the way to another host."""
    is_local = path.startswith("/") and not path.startswith("//") and path.isascii() and path.isprintable()
    return path if is_local and "\\" not in path else "/"


def _form(request: Request, state: WebState, following: str, fault: str = "") -> Response:
    status = HTTPStatus.UNAUTHORIZED if fault else HTTPStatus.OK
    return render(request, "login.html", status, status_now=state.status(), next=local(following), fault=fault)
