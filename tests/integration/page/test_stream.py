"""The stream of events over a real connection."""

from dataclasses import replace

import httpx

from correlator.incidents.lifecycle import TransitionKind
from correlator.model.incident import State
from tests.factories import make_incident
from tests.integration.page.looking import serving
from tests.unit.web.fakes import FakeIncidents, make_state


def test_events_arrive_while_the_connection_is_open() -> None:
    """What happens after a client came is sent at once, in order, over the same connection."""
    store = FakeIncidents([make_incident()])
    with (
        serving(make_state(incidents=store)) as address,
        httpx.stream("GET", f"{address}/api/v1/stream", headers={"last-event-id": "0"}, timeout=30) as answer,
    ):
        lines = answer.iter_lines()
        seen = [next(line for line in lines if line.startswith("event: "))]
        for kind, state in ((TransitionKind.UPDATED, State.OPEN), (TransitionKind.RESOLVED, State.RESOLVED)):
            store.happen(kind, replace(make_incident(), state=state))
            seen.append(next(line for line in lines if line.startswith("event: ")))
    assert seen == ["event: opened", "event: updated", "event: resolved"]


def test_stopping_ends_open_streams() -> None:
    """A daemon that stops ends its streams in order instead of waiting for clients that never leave."""
    store = FakeIncidents([make_incident()])
    with serving(make_state(incidents=store)) as address:
        client = httpx.Client(timeout=30)
        request = client.build_request("GET", f"{address}/api/v1/stream")
        answer = client.send(request, stream=True)
        lines = answer.iter_lines()
        assert next(lines) == "retry: 3000"
    assert list(lines) == [""]
    client.close()
