"""One way into the API server, on the `kubernetes` package: its configuration, authentication and TLS, raw answers."""

import json
import os
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import orjson
import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.incluster_config import SERVICE_HOST_ENV_NAME, SERVICE_TOKEN_FILENAME, InClusterConfigLoader

from correlator import __version__
from correlator.kubernetes.errors import (
    AbsentError,
    ApiError,
    BusyError,
    ConflictError,
    GoneError,
    InvalidError,
    RefusedError,
)

WHOLE = "application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
ANSWER_SECONDS = 120.0
"""Longest wait for a connection, for the next bytes, and for a whole answer that is no watch."""

LARGEST_ANSWER = 256 * 1024 * 1024
LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes of a page and of an event beyond which an answer is not read on."""

SERVICE_ACCOUNT = Path(SERVICE_TOKEN_FILENAME).parent

_PIECE = 256 * 1024

Query: TypeAlias = Mapping[str, str | int]


class Transport(Protocol):
    """What a follower needs of a connection; both raise ApiError."""

    def get(self, path: str, query: Query, accept: str) -> dict[str, Any]:
        """A whole answer, a JSON object."""
        ...

    def lines(self, path: str, query: Query, accept: str, silence_seconds: float) -> Generator[bytes]:
        """The lines of an answer that goes on; ends when the server ends it, raises after so long a silence."""
        ...

    def close(self) -> None:
        """End what is being read, from any thread."""
        ...


class Connection:
    """A Transport on an ApiClient; for one thread at a time, but for `close`."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        client.user_agent = f"correlator/{__version__}"
        self._open: urllib3.BaseHTTPResponse | None = None

    def get(self, path: str, query: Query, accept: str) -> dict[str, Any]:
        """A whole answer."""
        with _said(path):
            return self._answer(path, self._request(path, query, accept, READ_SECONDS))

    def write(self, method: str, path: str, body: Mapping[str, Any], content_type: str) -> dict[str, Any]:
        """Make or change an object (POST, PATCH); answers what it is then. Raises ApiError."""
        headers = {"Accept": WHOLE, "Content-Type": content_type}
        with _said(path):
            return self._answer(path, self._send(method, path, {}, headers, READ_SECONDS, body))

    def lines(self, path: str, query: Query, accept: str, silence_seconds: float) -> Generator[bytes]:
        """Line by line as they arrive."""
        with _said(path):
            response = self._request(path, query, accept, silence_seconds)
            try:
                yield from _lines(response)
            finally:
                self._end(response)

    def close(self) -> None:
        """End what is being read and give back the connections."""
        response = self._open
        if response is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it may just have ended by itself
                response.shutdown()
        self._client.close()  # type: ignore[no-untyped-call] # the package has no types here

    def _answer(self, path: str, response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        """A JSON object, read to its end."""
        until = time.monotonic() + ANSWER_SECONDS
        try:
            body = _whole(response, until)
        finally:
            self._end(response)
        answer = orjson.loads(body)
        if not isinstance(answer, dict):
            raise ApiError(f"{path}: the answer is no JSON object")
        return answer

    def _request(self, path: str, query: Query, accept: str, read_seconds: float) -> urllib3.BaseHTTPResponse:
        return self._send("GET", path, query, {"Accept": accept}, read_seconds)

    def _send(
        self,
        method: str,
        path: str,
        query: Query,
        headers: dict[str, str],
        read_seconds: float,
        body: Mapping[str, Any] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        method, url, headers, _, _ = self._client.param_serialize(
            method, path, query_params=list(query.items()), header_params=headers, auth_settings=["BearerToken"]
        )
        timeout = (CONNECT_SECONDS, read_seconds)
        answered = self._client.call_api(method, url, headers, body, _request_timeout=timeout)
        response: urllib3.BaseHTTPResponse = answered.response
        self._open = response
        if response.status not in {200, 201}:
            try:
                refused = _refused(path, response)
            finally:
                self._end(response)
            raise refused
        return response

    def _end(self, response: urllib3.BaseHTTPResponse) -> None:
        self._open = None
        response.close()


class _said:  # noqa: N801 - reads as what it does
    """Makes errors of the libraries ours, with what was asked."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case ApiError():
                return
            case orjson.JSONDecodeError():
                raise ApiError(f"{self._path}: the answer is no JSON: {error}") from error
            case urllib3.exceptions.ReadTimeoutError():
                raise ApiError(f"{self._path}: the server fell silent") from error
            case urllib3.exceptions.HTTPError() | ApiException() | ConfigException() | OSError() | ValueError():
                raise ApiError(f"{self._path}: {_short(error)}") from error


def has_service_account(folder: Path = SERVICE_ACCOUNT, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether we run in a pod with a service account."""
    return SERVICE_HOST_ENV_NAME in environment and (folder / "token").is_file()


def in_cluster(folder: Path = SERVICE_ACCOUNT, environment: Mapping[str, str] = os.environ) -> Connection:
    """With the service account of the pod that we run in; its token is read anew every minute, as it is rotated.

    Raises ApiError outside of a pod.
    """
    configuration = _configuration()
    token, authority = str(folder / "token"), str(folder / "ca.crt")
    try:
        InClusterConfigLoader(token, authority, environ=environment).load_and_set(configuration)  # type: ignore[no-untyped-call] # the same
    except (ConfigException, OSError) as error:
        raise ApiError(f"no service account of a pod: {error}") from error
    return Connection(ApiClient(configuration))


def from_kubeconfig(path: Path | None, context: str) -> Connection:
    """With a kubeconfig file (None: where kubectl looks) and one of its contexts ("": the current one)."""
    try:
        client = new_client_from_config(  # type: ignore[no-untyped-call] # the same
            config_file=None if path is None else str(path),
            context=context or None,
            persist_config=False,
            client_configuration=_configuration(),
        )
    except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
        raise ApiError(f"the kubeconfig {path or ''} cannot be used: {_short(error)}") from error
    return Connection(client)


def _configuration() -> Configuration:
    configuration = Configuration()
    configuration.retries = False
    return configuration


def _whole(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The body, as long as it comes in time."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise ApiError(f"an answer of more than {LARGEST_ANSWER} bytes")
        if time.monotonic() > until:
            raise ApiError(f"an answer took longer than {ANSWER_SECONDS:.0f} s")
    return b"".join(pieces)


def _lines(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Complete lines; what is cut off at the end is no line."""
    rest: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE):
        head, *lines = piece.split(b"\n")
        rest.append(head)
        size += len(head)
        if size > LARGEST_EVENT:
            raise ApiError(f"an event of more than {LARGEST_EVENT} bytes")
        if lines:
            yield b"".join(rest)
            yield from lines[:-1]
            rest, size = [lines[-1]], len(lines[-1])


def _refused(path: str, response: urllib3.BaseHTTPResponse) -> ApiError:
    """An answer that is no success, as our error."""
    status, after = response.status, response.headers.get("Retry-After") or ""
    said = f"{path}: the server says {status}{_message(response)}"
    match status:
        case 410:
            return GoneError(said)
        case 401 | 403:
            return RefusedError(said, is_unknown=status == 401)  # noqa: PLR2004 - as just matched
        case 404:
            return AbsentError(said)
        case 409:
            return ConflictError(said)
        case 400 | 413 | 422:
            return InvalidError(said)
    return BusyError(said, retry_after_seconds=float(after) if after.isascii() and after.isdigit() else 0.0)


def _message(response: urllib3.BaseHTTPResponse) -> str:
    """What a Status says of itself."""
    try:
        told = json.loads(response.read1(64 * 1024) or b"null")
    except (ValueError, OSError, urllib3.exceptions.HTTPError):
        return ""
    message = told.get("message") if isinstance(told, dict) else None
    return f": {str(message)[:300]}" if message else ""


def _short(error: BaseException) -> str:
    """An error in a line, without the traces that libraries put into theirs."""
    cause = getattr(error, "reason", None) or error
    return " ".join(str(cause).split())[:300] or type(error).__name__
