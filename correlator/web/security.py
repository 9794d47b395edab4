"""What every answer carries so that a browser does nothing that we did not mean."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from correlator.web.door import Door
from correlator.web.paths import SAFE_METHODS, is_health, must_come_again, path_of, takes_alerts
from correlator.web.problems import Problem, respond_with

PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
REPORT_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

_HEADERS = {
    "cache-control": "no-store",  # unless an answer says otherwise: no cache on the way is to keep what a token opened
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

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest, refusal = self._rule(path_of(scope))
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > largest:
            await respond_with(Problem(refusal.status_code, refusal.detail))(scope, receive, send)
        else:
            await self._app(scope, _counting(receive, largest, refusal), send)

    def _rule(self, path: str) -> tuple[int, HTTPException]:
        """What is too much, and how that is said: who posts alerts must not give up on them."""
        largest = self._door.largest_alerts_bytes if takes_alerts(path) else self._door.largest_body_bytes
        status = HTTPStatus.SERVICE_UNAVAILABLE if must_come_again(path) else HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return largest, HTTPException(status, f"the body is larger than {largest} bytes")


def _counting(receive: Receive, largest: int, refusal: HTTPException) -> Receive:
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > largest:
            raise refusal
        return message

    return receive_some


class RefuseForeign:
    """Another site must not speak for the person at the browser, nor lead a browser here by a name of its own.

    What changes something is refused from other sites, by whatever path; programs send neither header. And whoever
    calls us by a name that is not ours has been led here by it (DNS rebinding): their browser takes us for that site.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._hosts = door.hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        if scope["type"] == "http" and (problem := self._problem(scope)) is not None:
            await respond_with(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and is_from_elsewhere(headers):
            return Problem(HTTPStatus.FORBIDDEN, "this was sent from another site")
        if not is_health(path_of(scope)) and not self._is_ours(host_of(headers.get("host", ""))):
            return Problem(HTTPStatus.MISDIRECTED_REQUEST, "this daemon has another name: see web.host_names")
        return None

    def _is_ours(self, name: str) -> bool:
        return self._hosts is None or name in self._hosts or _is_address(name)


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that a page of another site has sent this."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site:
        return site not in {"same-origin", "none"}
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def host_of(header: str) -> str:
    """The name in a `Host` header, without port and in small letters; empty for what is none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """Nobody owns a name that is an address, so nobody can lead it elsewhere."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
