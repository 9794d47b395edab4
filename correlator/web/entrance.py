"""The entrance: who asks, whether they may, and whether they ask too often. Everything but health passes it."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from correlator import access
from correlator.access import RateLimiter
from correlator.web import paths
from correlator.web.door import COST_OF_A_FAILURE, Caller, Door, address_of
from correlator.web.identity import CHALLENGE, identify, without_signature
from correlator.web.problems import Problem, respond_with

log = structlog.get_logger(__name__)

SAID_PER_MINUTE: Final = 6
"""Refusals of one address that are logged: whoever reaches the port must not fill the disk."""


class Entrance:
    """Lets those in who may ask; from then on they are the `caller` in the state of the request."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door
        self._saying = RateLimiter(SAID_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it here."""
        if scope["type"] == "http" and not paths.is_health(paths.path_of(scope)):
            try:
                answer = self._answer(HTTPConnection(scope), paths.path_of(scope))
            except Problem as problem:
                answer = respond_with(problem)
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _answer(self, connection: HTTPConnection, path: str) -> Response | None:
        """None lets the request in. Raises Problem."""
        signature = without_signature(connection.scope)
        caller = Caller(address_of(connection))
        if self._door.locks is not None and not paths.is_open(path):
            try:
                known = identify(self._door.locks, connection, signature)
            except Problem as problem:
                self._say(caller, connection, problem)
                self._count(caller, path, COST_OF_A_FAILURE)
                raise
            if known is None:
                self._count(caller, path)
                return _who_are_you(connection, path)
            caller = known
        self._count(caller, path)
        self._must_be_allowed(caller, connection, path)
        connection.scope.setdefault("state", {})["caller"] = caller
        return None

    def _count(self, caller: Caller, path: str, cost: int = 1) -> None:
        """Alerts are never turned away because there are many: they would be lost."""
        if not paths.takes_alerts(path):
            self._door.count(caller, cost)

    def _must_be_allowed(self, caller: Caller, connection: HTTPConnection, path: str) -> None:
        if caller.token is None:
            return
        method = connection.scope["method"]
        needed = access.Scope.READ if paths.is_reading(method, path) else access.Scope.WRITE
        if needed not in caller.token.scopes:
            problem = Problem(
                HTTPStatus.FORBIDDEN, f"the token {caller.name} has no scope {needed}, which {method} {path} needs"
            )
            self._say(caller, connection, problem)
            raise problem
        if needed is access.Scope.WRITE and not paths.takes_alerts(path):
            log.info("something is changed", by=caller.name, address=caller.address, method=method, path=quote(path))

    def _say(self, caller: Caller, connection: HTTPConnection, problem: Problem) -> None:
        if not self._saying.take(caller.address):
            log.warning(
                "a request was refused",
                by=caller.name,
                address=caller.address,
                path=quote(paths.path_of(connection.scope)),
                reason=problem.detail,
            )


def _who_are_you(connection: HTTPConnection, path: str) -> Response:
    """To the login for those who look with a browser."""
    wants_page = "text/html" in connection.headers.get("accept", "")
    if connection.scope["method"] != "GET" or not wants_page or paths.is_for_programs(path):
        detail = "a bearer token is needed: Authorization: Bearer …"
        raise Problem(HTTPStatus.UNAUTHORIZED, detail, headers=CHALLENGE)
    root = str(connection.scope.get("root_path", "")).rstrip("/")
    query = bytes(connection.scope["query_string"]).decode("latin-1")
    asked = f"{quote(path)}?{query}" if query else quote(path)
    return RedirectResponse(f"{root}{paths.LOGIN}?{urlencode({'next': asked})}", HTTPStatus.SEE_OTHER)
