"""Routes and envelopes.

What is asked is worked out in a few threads of its own, so that no page waits for a panel, nor a list for a query.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from correlator.incidents.errors import StoreError
from correlator.web.prometheus import names, queries
from correlator.web.prometheus.asked import Asked
from correlator.web.prometheus.encoding import Piece
from correlator.web.prometheus.errors import ApiError
from correlator.web.prometheus.forms import read_form
from correlator.web.state import WebState

AT_ONCE: Final = 2
LEAST_COMPRESSED: Final = 1_000
MOST_COMPRESSED: Final = 4_000_000
"""Compressing more takes longer than sending it within a cluster: 10 ms for each MB."""

SENT_AT_ONCE: Final = 1_000_000

_FORMS: Final = ("GET", "POST")
_READS: Final = ("GET",)  # 405 to a POST is how Grafana learns to ask again with GET

Answerer = Callable[[Asked], Iterator[Piece]]


def prometheus_api(state: WebState) -> Starlette:
    """The application over `state`, to be mounted at `/prometheus`."""
    queried, listed = ThreadPoolExecutor(AT_ONCE, "prometheus-query"), ThreadPoolExecutor(AT_ONCE, "prometheus-list")
    paths: tuple[tuple[str, tuple[str, ...], Answerer], ...] = (
        ("query", _FORMS, queries.query),
        ("query_range", _FORMS, queries.query_range),
        ("query_exemplars", _FORMS, queries.query_exemplars),
        ("series", _FORMS, names.series),
        ("labels", _FORMS, names.label_names),
        ("label/{name}/values", _READS, names.label_values),
        ("metadata", _READS, names.metadata),
        ("rules", _READS, names.rules),
        ("alerts", _READS, names.alerts),
        ("status/buildinfo", _READS, names.build_information),
    )
    return Starlette(
        routes=[
            Route(
                f"/api/v1/{path}",
                _endpoint(state, queried if path.startswith("query") else listed, answerer),
                methods=methods,
            )
            for path, methods, answerer in paths
        ],
        exception_handlers={ApiError: _on_error, HTTPException: _on_http, StoreError: _on_store, Exception: _on_crash},
    )


def _endpoint(
    state: WebState, executor: ThreadPoolExecutor, answerer: Answerer
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        asked = Asked(state, await read_form(request), request.path_params)
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "").lower()
        return await asyncio.get_running_loop().run_in_executor(
            executor, lambda: _response(answerer(asked), takes_gzip=takes_gzip)
        )

    return endpoint


def _response(data: Iterator[Piece], *, takes_gzip: bool) -> Response:
    pieces = [b'{"status":"success","data":', *data, b"}"]
    size = sum(map(len, pieces))
    headers = {"vary": "Accept-Encoding"}
    if size > MOST_COMPRESSED:
        headers["content-length"] = str(size)
        return StreamingResponse(batched(pieces), headers=headers, media_type="application/json")
    body = b"".join(pieces)
    if takes_gzip and len(body) >= LEAST_COMPRESSED:
        body = gzip.compress(body, 1)
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")


async def batched(pieces: Iterable[Piece], least: int = SENT_AT_ONCE) -> AsyncIterator[bytes]:
    """The pieces joined to parts of at least that many bytes, but for the last: whole they would be there twice."""
    some: list[Piece] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= least:
            yield b"".join(some)
            some, size = [], 0
    yield b"".join(some)


def _failure(error: ApiError) -> Response:
    body = {"status": "error", "errorType": error.kind, "error": error.message}
    return Response(orjson.dumps(body), error.status, media_type="application/json")


def _on_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for it alone
    return _failure(error)


def _on_store(_: Request, error: Exception) -> Response:
    return _failure(ApiError("unavailable", f"the store does not answer: {error}"))


def _on_http(_: Request, error: Exception) -> Response:
    """Prometheus' router speaks plain text."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == HTTPStatus.NOT_FOUND:
        return PlainTextResponse("404 page not found\n", error.status_code)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


def _on_crash(request: Request, _: Exception) -> Response:
    return _failure(ApiError("internal", f"{request.url.path} failed; the daemon's log says why"))
