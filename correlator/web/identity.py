"""Who asks: by a bearer token, a signed link or a session's cookie, whichever the request has."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection
from starlette.types import Scope

from correlator.access.links import EXPIRES, SIGNATURE
from correlator.web.door import Caller, Locks, address_of
from correlator.web.paths import path_of
from correlator.web.problems import Problem

SESSION: Final = "correlator_session"
SESSION_OVER_TLS: Final = f"__Host-{SESSION}"
"""By this name browsers take it over TLS alone, from this very host, and from no neighbour in its domain."""

CHALLENGE: Final = {"www-authenticate": 'Bearer realm="correlator"'}


def session_name(scheme: str) -> str:
    """What the session's cookie is called. The scheme is the browser's: a proxy that is trusted says which it was."""
    return SESSION_OVER_TLS if scheme == "https" else SESSION


def without_signature(scope: Scope) -> tuple[str, str] | None:
    """Take end and signature of a signed link out of the request; None where there is none."""
    asked = parse_qsl(bytes(scope.get("query_string", b"")).decode("latin-1"), keep_blank_values=True)
    given = dict(asked)
    if SIGNATURE not in given:
        return None
    scope["query_string"] = urlencode([each for each in asked if each[0] not in {EXPIRES, SIGNATURE}]).encode()
    return given.get(EXPIRES, ""), given[SIGNATURE]


def identify(locks: Locks, connection: HTTPConnection, signature: tuple[str, str] | None) -> Caller | None:
    """Who asks; None where nothing was shown. Raises Problem (401, 403) for what lets nobody in."""
    address = address_of(connection)
    kind, _, secret = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":  # what else there is, such as Basic, was for a proxy before us
        return _by_token(locks, address, secret.strip())
    if cookie := connection.cookies.get(session_name(connection.scope["scheme"])):
        token = locks.sessions.token_of(cookie, locks.tokens())
        if token is not None:
            return Caller(address, token, in_browser=True)
    if signature is not None:
        return _by_link(locks, connection, address, *signature)
    return None


def _by_token(locks: Locks, address: str, secret: str) -> Caller:
    token = locks.tokens().of_secret(secret)
    if token is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "this bearer token is not known here", headers=CHALLENGE)
    return Caller(address, token)


def _by_link(locks: Locks, connection: HTTPConnection, address: str, expires: str, signature: str) -> Caller:
    scope = connection.scope
    is_whole = scope["method"] in {"GET", "HEAD"} and not scope["query_string"]
    if not is_whole or not locks.links.opens(path_of(scope), expires, signature):
        raise Problem(HTTPStatus.FORBIDDEN, "this link has ended, or is not as it was sent")
    return Caller(address)
