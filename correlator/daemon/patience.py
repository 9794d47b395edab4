"""HTTP for clients that may be slow, but not for ever: who keeps connections half asked takes them from others."""

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientHttp(H11Protocol):
    """Closes a connection whose request is not there in full, head and body, in `patience_seconds`.

    uvicorn bounds the time between two requests alone. How long an answer takes, such as a stream, is not bounded here.
    """

    patience_seconds: ClassVar[float] = 60.0
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request; over TLS the handshake has its own time."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take some, and go on waiting where that was not all."""
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY or self.conn.states == {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._giving_up is None:
            self._giving_up = self.loop.call_later(self.patience_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
