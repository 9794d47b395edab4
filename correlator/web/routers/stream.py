"""What happens to incidents, as it happens: server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from correlator.incidents.errors import StoreError
from correlator.incidents.lifecycle import Event
from correlator.web.problems import Problem
from correlator.web.respond import encode
from correlator.web.state import Web, WebState

router = APIRouter(prefix="/api/v1/stream", tags=["stream"])
KEEP_ALIVE_SECONDS = 15.0
BATCH = 100
MOST_AT_ONCE = 200
"""Each looks at the store once a second: more than pages that people look at would be in the way of all others."""

LastEventId = Annotated[int | None, Header(alias="last-event-id", ge=0, description="Resume after this event.")]
Steps = Annotated[bool, Query(description="Also tell each new step as `step`, without an id; its data is the time.")]
After = Annotated[int | None, Query(ge=0, description="The same, for clients that cannot set headers.")]


@dataclass(slots=True)
class Streams:
    """How many streams are open."""

    most: int = MOST_AT_ONCE
    open: int = 0


class EventStream(StreamingResponse):
    """A stream of events, as OpenAPI names it."""

    media_type = "text/event-stream"


@router.get("", response_class=EventStream, summary="Server-sent events: opened, updated, resolved")
async def stream(
    request: Request, state: Web, last_event_id: LastEventId = None, after: After = None, *, steps: Steps = False
) -> Response:
    """Each event's id is its place in the log and its data the incident. Begins with what happens from now on."""
    streams: Streams = request.app.state.streams
    if streams.open >= streams.most:
        detail = f"{streams.most} streams are open already"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"retry-after": "10"})
    begin = last_event_id if last_event_id is not None else after
    newest = await run_in_threadpool(state.incidents.last_sequence)
    begin = newest if begin is None else min(begin, newest)  # a sequence of another store would wait for ever
    caller = getattr(request.state, "caller", None)
    events = _events(state, begin, tell_steps=steps, is_welcome=lambda: state.door.still_knows(caller))
    return EventStream(_counted(streams, events), headers={"cache-control": "no-store", "x-accel-buffering": "no"})


async def _counted(streams: Streams, events: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    streams.open += 1
    try:
        async with aclosing(events):
            async for event in events:
                yield event
    finally:
        streams.open -= 1


async def _events(
    state: WebState, sequence: int, *, tell_steps: bool, is_welcome: Callable[[], bool]
) -> AsyncGenerator[bytes]:
    """Events after `sequence` until the daemon stops, or a revoked token says that nothing more is to be told.

    A comment now and then keeps the connection open.
    """
    yield b"retry: 3000\n\n"
    silent_seconds = 0.0
    told = _step(state)
    while not state.stopping() and is_welcome():
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
