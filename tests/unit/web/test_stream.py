"""`GET /api/v1/stream`: server-sent events. Here the daemon stops after a few looks at the log, which ends them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI

from correlator.access import Links, Scope, Sessions, Tokens, new_token
from correlator.incidents.errors import StoreBusyError
from correlator.incidents.lifecycle import TransitionKind
from correlator.model.incident import State
from correlator.model.snapshot import Snapshot
from correlator.web.door import Door, Locks
from correlator.web.routers import stream
from tests.factories import STARTED, STEP, make_incident
from tests.snapshots import make_snapshot
from tests.unit.web.fakes import FakeIncidents, make_client, make_state


def after(looks: int, first: Callable[[], None] = lambda: None) -> Callable[[], bool]:
    """Stops after so many looks; `first` is called at the first."""
    turns: Iterator[int] = iter(range(looks))

    def stopping() -> bool:
        turn = next(turns, None)
        if turn == 0:
            first()
        return turn is None

    return stopping


def eventful() -> FakeIncidents:
    """A log of three events: opened, updated, resolved."""
    incident = make_incident()
    store = FakeIncidents([incident])
    store.happen(TransitionKind.UPDATED, incident)
    store.happen(TransitionKind.RESOLVED, replace(incident, state=State.RESOLVED))
    return store


def kinds(body: str) -> list[tuple[str, str]]:
    """(id, event) of each frame."""
    frames = [
        dict(line.split(": ", 1) for line in frame.splitlines()) for frame in body.split("\n\n") if "id: " in frame
    ]
    return [(frame["id"], frame["event"]) for frame in frames]


def test_resumes_after_last_event_id() -> None:
    """A client that comes back gets what it missed, each event with its sequence, its kind and the incident."""
    client = make_client(make_state(incidents=eventful(), stopping=after(2)))
    answer = client.get("/api/v1/stream", headers={"last-event-id": "1"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert kinds(answer.text) == [("2", "updated"), ("3", "resolved")]
    assert answer.text.startswith("retry: 3000\n\n")
    assert '"id":"c0ffee5eed"' in answer.text


def test_query_parameter_for_those_who_cannot_set_headers() -> None:
    """`after` does what Last-Event-ID does."""
    client = make_client(make_state(incidents=eventful(), stopping=after(2)))
    assert kinds(client.get("/api/v1/stream", params={"after": 0}).text) == [
        ("1", "opened"),
        ("2", "updated"),
        ("3", "resolved"),
    ]


def test_begins_with_what_happens_from_now_on() -> None:
    """Without a place to resume from, the past is not repeated and the next event is not missed."""
    store = eventful()
    happen = after(2, lambda: store.happen(TransitionKind.OPENED, make_incident(id="new")))
    answer = make_client(make_state(incidents=store, stopping=happen)).get("/api/v1/stream")
    assert kinds(answer.text) == [("4", "opened")]


def test_place_of_another_store_is_forgotten() -> None:
    """A sequence that this store has not reached would wait for ever: the stream begins now instead."""
    store = eventful()
    happen = after(2, lambda: store.happen(TransitionKind.OPENED, make_incident(id="new")))
    client = make_client(make_state(incidents=store, stopping=happen))
    assert kinds(client.get("/api/v1/stream", headers={"last-event-id": "900"}).text) == [("4", "opened")]


def test_silence_is_broken_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing happens a comment now and then tells proxies that the connection lives."""
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.01)
    answer = make_client(make_state(incidents=eventful(), stopping=after(4))).get("/api/v1/stream")
    assert ": still here\n\n" in answer.text


def test_bad_place_is_named() -> None:
    """A Last-Event-ID that is no sequence is a 422 that names it."""
    answer = make_client().get("/api/v1/stream", headers={"last-event-id": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "last-event-id"


def test_store_that_fails_meanwhile_ends_the_stream() -> None:
    """When the store fails the stream ends in order, so that the client comes back and is told."""
    store = eventful()

    def fail() -> None:
        store.fail_with = StoreBusyError("store.db", "locked", "")

    answer = make_client(make_state(incidents=store, stopping=after(9, fail))).get("/api/v1/stream")
    assert (answer.status_code, kinds(answer.text)) == (200, [])


def test_steps_are_told_to_those_who_ask() -> None:
    """A new step comes as an event without an id, so that nobody resumes at it; without asking it does not come."""
    moments = [STARTED, STARTED, STARTED + STEP]

    def snapshot() -> Snapshot:
        return make_snapshot(at=moments.pop(0) if len(moments) > 1 else moments[0])

    for asked, expected in (({"steps": True}, 1), ({}, 0)):
        moments[:] = [STARTED, STARTED, STARTED + STEP]
        state = replace(make_state(incidents=eventful(), stopping=after(4)), snapshot=snapshot)
        body = make_client(state).get("/api/v1/stream", params=asked).text
        assert body.count('event: step\ndata: {"at": "2026-11-23T02:04:30Z"}\n\n') == expected
        assert kinds(body) == []


def test_too_many_streams_are_refused() -> None:
    """Whoever opens ever more of them does not take the store from all others; one that ends makes room."""
    client = make_client(make_state(incidents=eventful(), stopping=after(2)))
    assert isinstance(client.app, FastAPI)
    streams = client.app.state.streams
    streams.open = streams.most
    refused = client.get("/api/v1/stream")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    streams.open -= 1
    assert client.get("/api/v1/stream").status_code == 200
    assert streams.open == streams.most - 1


def test_a_stream_ends_with_its_token() -> None:
    """Who is no longer let in is told nothing more on a connection that is still open."""
    secret, token = new_token("ada", [Scope.READ])
    known = [(token,)] * 3
    locks = Locks(
        tokens=lambda: Tokens(known.pop() if known else ()),
        sessions=Sessions(b"k" * 32, timedelta(hours=1)),
        links=Links(b"k" * 32),
    )
    client = make_client(replace(make_state(incidents=eventful()), door=Door(locks=locks)))
    answer = client.get("/api/v1/stream?after=0", headers={"authorization": f"Bearer {secret}"})
    assert kinds(answer.text) == [("1", "opened"), ("2", "updated"), ("3", "resolved")]
    assert known == []
