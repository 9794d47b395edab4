"""Pictures over the web: kept while nothing changed, and drawn without holding up anybody else."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from correlator.model.finding import Evidence
from correlator.web.pictures import KEPT, Pictures
from tests.factories import make_evidence, make_incident
from tests.unit.web.fakes import FakeIncidents, make_app, make_client, make_state

ONE = "/api/v1/incidents/c0ffee5eed"
THREADS = 40  # as many as answer everything that is not asynchronous


class Counting(FakeIncidents):
    """Counts how often the series of a picture were read."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.read = 0

    def evidence(self, identity: str) -> Evidence | None:
        """The same, counted."""
        self.read += 1
        return super().evidence(identity)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_picture_is_drawn_once(kind: str) -> None:
    """While the incident does not change it is kept; a newer look is drawn anew."""
    incident = make_incident()
    store = Counting([incident], {incident.id: make_evidence()})
    client = make_client(make_state(incidents=store))
    first = client.get(f"{ONE}/plot.{kind}")
    again = client.get(f"{ONE}/plot.{kind}")
    assert first.content == again.content
    assert store.read == 1
    store._incidents[incident.id] = replace(incident, updated_at=incident.updated_at + timedelta(seconds=15))
    later = client.get(f"{ONE}/plot.{kind}")
    assert store.read == 2
    assert later.headers["etag"] != first.headers["etag"]


def test_few_pictures_are_kept() -> None:
    """Whoever walks through all incidents does not fill the memory."""
    incidents = [make_incident(id=f"i{rank}") for rank in range(KEPT + 1)]
    store = Counting(incidents)
    client = make_client(make_state(incidents=store))
    for each in incidents:
        client.get(f"/api/v1/incidents/{each.id}/plot.svg")
    client.get(f"/api/v1/incidents/i{KEPT}/plot.svg")
    assert store.read == KEPT + 1
    client.get("/api/v1/incidents/i0/plot.svg")
    assert store.read == KEPT + 2


def test_many_pictures_leave_room_for_other_answers() -> None:
    """More wait to be drawn than there are threads, and a list is answered meanwhile."""
    incidents = [make_incident(id=f"i{rank}") for rank in range(THREADS + 8)]
    drawing, release = threading.Event(), threading.Event()

    def slow(*_arguments: object) -> bytes:
        drawing.set()
        release.wait(60)
        return b"drawn"

    async def ask() -> list[bytes]:
        app = make_app(make_state(incidents=FakeIncidents(incidents)))
        app.state.pictures = Pictures(slow)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://web") as client:
            asked = [asyncio.create_task(client.get(f"/api/v1/incidents/{each.id}/plot.png")) for each in incidents]
            await asyncio.to_thread(drawing.wait, 30)
            try:
                answer = await asyncio.wait_for(client.get("/api/v1/incidents"), 20)
                assert answer.status_code == 200
                assert not any(each.done() for each in asked)
            finally:
                release.set()
            return [(await each).content for each in asked]

    assert set(asyncio.run(ask())) == {b"drawn"}
