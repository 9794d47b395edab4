"""What goes over the line packed, and what does not."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

LEAST_BYTES = 1000
LEVEL = 4  # curves get as small as with the default within a few per cent, sooner
_AS_THEY_ARE = ("/prometheus/", "/metrics")


class Compressed:
    """Packs answers for whoever takes gzip; not those that machines next door ask for by the megabyte."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._packed = GZipMiddleware(app, minimum_size=LEAST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one request."""
        path = scope.get("path", "")
        app = self._plain if any(part in path for part in _AS_THEY_ARE) else self._packed
        await app(scope, receive, send)
