"""The HTTP side of a Prometheus: form bodies, timeouts, safe retries, credentials, columns instead of JSON.

`PrometheusSession` is given to prometheus-api-client's `PrometheusConnect`, whose methods then return an `Answer`
where they would return the JSON result.
"""

import gc
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

import correlator
from correlator.model.source import SourceError
from correlator.sources.answer import Received, read_answer, read_json

_RETRIED_STATUS = (429, 502, 503, 504)


class NoConnectionError(SourceError):
    """Nobody answers there, after all repetitions: another question would fare no better."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retriable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach a Prometheus. Secrets are read from files, the token anew for each request since it may rotate.

    `read_timeout_seconds` bounds the silence before and within an answer; the server is asked to stop a second later.
    `parameters` are sent with every query (Thanos' `dedup`, …), `headers` with every request (a tenant), and so is the
    first line of each file of `header_files`. Only series whose labels are as in `match` are read: one cluster of many.
    `replica_labels` tell Thanos which labels only say which of several equal Prometheus saw a series.
    `retries` counts further attempts; the wait doubles from `backoff_seconds`, and a server's Retry-After is
    followed up to `longest_wait_seconds`.
    """

    bearer_token_file: Path | None = None
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    verify_certificate: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    header_files: Mapping[str, Path] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
    replica_labels: tuple[str, ...] = ()
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 60.0
    retries: int = 3
    backoff_seconds: float = 0.5
    longest_wait_seconds: float = 30.0


class SafeRetry(Retry):
    """Repeats what is safe to repeat: queries are reads, by POST as well, so both methods are.

    Repeated are connections that fail or break and 429, 502, 503 and 504; no other 4xx, and no answer that did not
    come in time: asking again would only add to what keeps the server busy.
    """

    longest_wait_seconds: float = 30.0

    @classmethod
    def of(cls, access: Access) -> Self:
        """The policy that `access` asks for."""
        made = cls(
            total=access.retries,
            backoff_factor=access.backoff_seconds,
            backoff_max=access.longest_wait_seconds,
            status_forcelist=_RETRIED_STATUS,
            allowed_methods={"GET", "POST"},
            raise_on_status=False,
        )
        made.longest_wait_seconds = access.longest_wait_seconds
        return made

    def new(self, **changes: Any) -> Self:  # noqa: ANN401 - urllib3's own signature
        """A changed copy, as urllib3 makes one for each attempt."""
        made = super().new(**changes)
        made.longest_wait_seconds = self.longest_wait_seconds
        return made

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: Any = None,  # noqa: ANN401 - urllib3's own signature
    ) -> Self:
        """Count an attempt; an answer that did not come in time is the end."""
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """How long the server asks us to wait, bounded."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, self.longest_wait_seconds)


class BearerFile(AuthBase):
    """Authorization by a token that stands in a file; the file is read for each request."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into the request."""
        request.headers["Authorization"] = f"Bearer {read_secret(self._path)}"
        return request


def authorization(access: Access, in_url: tuple[str, str] | None) -> AuthBase | tuple[str, str] | None:
    """How requests prove who asks: a token's file, else user and password, else what stood in the URL."""
    if access.bearer_token_file:
        return BearerFile(access.bearer_token_file)
    if access.username:
        return access.username, read_secret(access.password_file) if access.password_file else ""
    return in_url


def read_secret(path: Path) -> str:
    """The first line of a file; raises SourceError when it cannot be read or is empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the secret in {path}: {error}", retriable=False) from error
    if not lines or not lines[0].strip():
        raise SourceError(f"the secret in {path} is empty", retriable=False)
    return lines[0].strip()


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """The base URL without user information, and that information; raises SourceError on what is no base URL."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise SourceError(f"no address of a Prometheus: {error}", retriable=False) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        raise SourceError(
            f"{shown!r} is no address of a Prometheus: expected http(s)://host[:port][/path]", retriable=False
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return base, None
    return base, (unquote(parts.username), unquote(parts.password or ""))


class Answered(requests.Response):
    """A response whose `json()` has columns (`Answer`) in the place of the query's result."""

    def __init__(self, response: requests.Response, decoding: threading.Lock) -> None:
        super().__init__()
        self.__dict__.update(vars(response))
        self._decoding = decoding

    def json(self, **_: object) -> dict[str, Any]:
        """What prometheus-api-client takes apart; raises SourceError when it is no query result."""
        with self._decoding, _without_collections():
            return {"data": {"result": read_answer(received(self))}}


@contextmanager
def _without_collections() -> Iterator[None]:
    """No search for cycles meanwhile: JSON has none, and the search through its objects takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def received(response: requests.Response) -> Received:
    """The parts of a response that reading it needs."""
    return Received(
        url=response.url,
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        location=response.headers.get("Location", ""),
        body=response.content,
    )


class PrometheusSession(requests.Session):
    """A session that sends POST parameters as a form body, never waits for ever and raises SourceError alone.

    prometheus-api-client would leave the parameters of a POST in the URL, where long queries do not fit.
    """

    def __init__(self, access: Access) -> None:
        super().__init__()
        self._access = access
        self._decoding = threading.Lock()  # one answer at a time becomes Python objects: that bounds memory
        self.verify = str(access.ca_file) if access.ca_file else access.verify_certificate
        if access.certificate_file:
            self.cert = (str(access.certificate_file), str(access.key_file or access.certificate_file))
        self.headers.update({"User-Agent": f"io-contention-correlator/{correlator.__version__}", **access.headers})

    def request(self, method: str | bytes, url: str | bytes, *_: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - handed through
        """Ask once, with the session's timeouts; raises SourceError when no answer came or it is a refusal."""
        if method == "POST":
            options["data"] = {**(options.pop("params", None) or {}), **self._access.parameters}
        options["timeout"] = (self._access.connect_timeout_seconds, self._access.read_timeout_seconds)
        secret = {name: read_secret(path) for name, path in self._access.header_files.items()}
        if secret:
            options["headers"] = {**(options.get("headers") or {}), **secret}
        options["allow_redirects"] = False  # a redirected POST would become a GET without its query
        try:
            answered = Answered(super().request(method, url, **options), self._decoding)
        except OSError as error:  # requests' own errors are OSErrors; a missing certificate file is a bare one
            raise self._failure(str(url), error) from error
        if answered.status_code != requests.codes.ok:
            read_json(received(answered))
        return answered

    def _failure(self, url: str, error: OSError) -> SourceError:
        cause = error.args[0] if error.args else error
        reason = getattr(cause, "reason", cause)
        if isinstance(error, requests.exceptions.SSLError):
            return SourceError(f"{url}: the certificate or TLS failed: {reason}", retriable=False)
        if isinstance(error, requests.exceptions.ReadTimeout) or isinstance(cause, ReadTimeoutError):
            return SourceError(f"{url} gave no answer within {self._access.read_timeout_seconds:g} s", retriable=True)
        if isinstance(error, requests.exceptions.ConnectionError):
            return NoConnectionError(f"{url}: no connection: {_without_object(str(reason))}")
        if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
            return SourceError(f"{url}: the answer broke off: {reason}", retriable=True)
        return SourceError(f"{url}: the request failed: {error}", retriable=False)


def _without_object(reason: str) -> str:
    """urllib3's words without the Python object that it names first."""
    return reason.partition("): ")[2] if reason.startswith("HTTP") and "): " in reason else reason
