"""What every answer carries so that a browser does nothing that we did not mean."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from correlator.web.problems import Problem, respond_with

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
REPORT_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers that are not set yet; a stream passes through unbuffered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        await self._app(scope, receive, _adding(send) if scope["type"] == "http" else send)


def _adding(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


class RefuseLargeBodies:
    """Refuses a body by the size that it announces, and cuts off one that grows beyond it."""

    def __init__(self, app: ASGIApp, largest_bytes: int, larger: Mapping[str, int]) -> None:
        """`larger` says what else may come to a path."""
        self._app = app
        self._largest_bytes = largest_bytes
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        largest = self._larger.get(scope.get("path", ""), self._largest_bytes)
        announced = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if announced.isdecimal() and int(announced) > largest:
            await respond_with(Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(largest)))(scope, receive, send)
        else:
            await self._app(scope, self._counting(receive, largest), send)

    def _counting(self, receive: Receive, largest: int) -> Receive:
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(largest))
            return message

        return receive_some


def _too_large(largest: int) -> str:
    return f"the body is larger than {largest} bytes"


def refuse_foreign_forms(request: Request) -> None:
    """Another site's form must not speak for the person at the browser; programs send neither header."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if site not in {"same-origin", "none"} if site else is_foreign:
        raise Problem(HTTPStatus.FORBIDDEN, "this form was sent from another site")
