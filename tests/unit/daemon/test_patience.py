"""Connections on which nothing comes to an end."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from correlator.daemon.patience import PatientHttp


class Hasty(PatientHttp):
    """Waits for a moment."""

    patience_seconds = 0.3


async def echo(request: Request) -> Response:
    """What was sent."""
    return PlainTextResponse(await request.body())


async def slow(_: Request) -> Response:
    """An answer that takes longer than a request may."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            await anyio.sleep(Hasty.patience_seconds)
            yield piece

    return StreamingResponse(pieces())


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """A hasty server."""
    app = Starlette(routes=[Route("/", echo, methods=["POST"]), Route("/slow", slow)])
    server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_level="critical", lifespan="off"))
    bound = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield bound.getsockname()
    server.should_exit = True
    thread.join()
    bound.close()


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side ends it."""
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\nHo", HEAD, HEAD + b"hal"])
def test_a_request_that_does_not_come_is_not_waited_for(address: tuple[str, int], begun: bytes) -> None:
    """Neither for its head nor for its body."""
    with socket.create_connection(address) as connection:
        connection.sendall(begun)
        assert b" 200 " not in received(connection)


def test_a_second_request_is_not_waited_for_either(address: tuple[str, int]) -> None:
    """After an answer a connection is as good as a new one, and no better."""
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + b"whole" + b"POST / HT")
        assert received(connection).endswith(b"\r\n\r\nwhole")


def test_an_answer_may_take_its_time(address: tuple[str, int]) -> None:
    """A stream goes on beyond the time that a request has."""
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert received(connection).endswith(b"a\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n")
