"""What happens to incidents, as it happens: server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from correlator.incidents.errors import StoreError
from correlator.incidents.lifecycle import Event
from correlator.web.respond import encode
from correlator.web.state import Web, WebState

router = APIRouter(prefix="/api/v1/stream", tags=["stream"])
KEEP_ALIVE_SECONDS = 15.0
BATCH = 100
LastEventId = Annotated[int | None, Header(alias="last-event-id", ge=0, description="Resume after this event.")]
Steps = Annotated[bool, Query(description="Also tell each new step as `step`, without an id; its data is the time.")]
After = Annotated[int | None, Query(ge=0, description="The same, for clients that cannot set headers.")]


class EventStream(StreamingResponse):
    """A stream of events, as OpenAPI names it."""

    media_type = "text/event-stream"


@router.get("", response_class=EventStream, summary="Server-sent events: opened, updated, resolved")
async def stream(
    state: Web, last_event_id: LastEventId = None, after: After = None, *, steps: Steps = False
) -> Response:
    """Each event's id is its place in the log and its data the incident. Begins with what happens from now on."""
    begin = last_event_id if last_event_id is not None else after
    newest = await run_in_threadpool(state.incidents.last_sequence)
    begin = newest if begin is None else min(begin, newest)  # a sequence of another store would wait for ever
    return EventStream(
        _events(state, begin, tell_steps=steps), headers={"cache-control": "no-store", "x-accel-buffering": "no"}
    )


async def _events(state: WebState, sequence: int, *, tell_steps: bool) -> AsyncIterator[bytes]:
    """Events after `sequence` until the daemon stops; a comment now and then keeps the connection open."""
    yield b"retry: 3000\n\n"
    silent_seconds = 0.0
    told = _step(state)
    while not state.stopping():
        try:
            batch = await run_in_threadpool(state.incidents.events_after, sequence, limit=BATCH)
        except StoreError:
            return  # the client comes back, and is told then
        for event in batch:
            yield _frame(event)
            sequence = event.sequence
        newest = _step(state)
        if tell_steps and newest != told:
            told = newest
            yield b'event: step\ndata: {"at": %s}\n\n' % encode(newest)
        if batch:
            silent_seconds = 0.0
            continue
        if silent_seconds >= KEEP_ALIVE_SECONDS:
            yield b": still here\n\n"
            silent_seconds = 0.0
        await asyncio.sleep(state.stream_poll_seconds)
        silent_seconds += state.stream_poll_seconds


def _step(state: WebState) -> datetime | None:
    """The step of which the newest snapshot speaks."""
    snapshot = state.snapshot()
    return snapshot.at if snapshot else None


def _frame(event: Event) -> bytes:
    """One event; JSON has no line breaks."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.sequence, event.kind.encode(), encode(event.incident))
