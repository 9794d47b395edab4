"""An HTTP server on loopback for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol, TypeVar

POLL_SECONDS = 0.01


class Fake(Protocol):
    """What tests hold of a server that runs here: its address, and what lets go requests that it keeps waiting."""

    url: str
    released: threading.Event


F = TypeVar("F", bound=Fake)


@contextmanager
def served_by(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """Requests answered by `handler`, on a free port unless told, each in a thread of its own; yields host:port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def held_by(held: F, handler: type[BaseHTTPRequestHandler]) -> Iterator[F]:
    """A running fake: its requests are answered by `handler`, which has it as `held`."""
    with served_by(type("Handler", (handler,), {"held": held})) as address:
        held.url = f"http://{address}"
        try:
            yield held
        finally:
            held.released.set()
