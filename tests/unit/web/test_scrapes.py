"""`/metrics`: written once for each cycle, and never older than what is known."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import pytest

from correlator.incidents.errors import StoreBusyError
from correlator.incidents.lifecycle import TransitionKind
from correlator.incidents.query import IncidentQuery
from correlator.model.incident import Incident
from correlator.publish.samples import Stored
from correlator.publish.synthetic import render_metrics
from correlator.web.scrapes import Scrapes
from correlator.web.state import WebState
from tests.factories import make_incident, make_victim
from tests.snapshots import make_snapshot, make_volume_now
from tests.unit.web.fakes import FakeIncidents, make_client, make_state, make_status

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Watched(FakeIncidents):
    """Counts how often all open incidents are read."""

    def __init__(self, incidents: Sequence[Incident] = ()) -> None:
        super().__init__(incidents)
        self.read = 0

    def every(self, query: IncidentQuery | None = None) -> Iterator[Incident]:
        """As it does."""
        self.read += 1
        return super().every(query)


def asked(scrapes: Scrapes, state: WebState, accept: str = "") -> str:
    """The text of an answer."""
    return scrapes.answer(state, accept, takes_gzip=False)[1].decode()


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_is_what_the_cycle_says_at_once_and_again(accept: str) -> None:
    """Kept or not, packed or not: the same text, with the daemon's own state of the moment."""
    incident = make_incident()
    state, scrapes = make_state(incidents=Watched([incident]), snapshot=make_snapshot()), Scrapes()
    for lag in (20.0, 21.0):
        now = replace(state, status=partial(make_status, data_lag_seconds=lag))
        stored = Stored(open_incidents=(incident,), totals=state.incidents.counts(""))
        content_type, expected = render_metrics(state.snapshot(), stored, now.status(), accept)
        assert scrapes.answer(now, accept, takes_gzip=False) == (content_type, expected)
        packed = scrapes.answer(now, accept, takes_gzip=True)[1]
        assert gzip.decompress(packed) == expected
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)  # one member: not everyone reads several
        assert (member.decompress(packed), member.unused_data, member.eof) == (expected, b"", True)


def test_is_written_once_for_all_who_ask_within_a_cycle() -> None:
    """A pair of Prometheus costs as much as one; each format is written once."""
    store = Watched([make_incident()])
    state, scrapes = make_state(incidents=store, snapshot=make_snapshot()), Scrapes()
    for accept in ("", OPENMETRICS, "", OPENMETRICS):
        asked(scrapes, state, accept)
    assert store.read == 2


def test_a_new_cycle_and_a_new_event_are_news() -> None:
    """The next snapshot is told, and so is what happened to an incident since."""
    store, scrapes = Watched([make_incident()]), Scrapes()
    state = make_state(incidents=store, snapshot=make_snapshot())
    assert 'queue_depth{device="nvme0n1",node="n1",volume="n1/nvme0n1"} 31.5' in asked(scrapes, state)
    later = make_state(incidents=store, snapshot=make_snapshot(volumes=(make_volume_now(queue_depth=7.0),)))
    assert 'queue_depth{device="nvme0n1",node="n1",volume="n1/nvme0n1"} 7.0' in asked(scrapes, later)
    store.happen(TransitionKind.OPENED, make_incident(id="second", victim=make_victim(pod="second")))
    assert 'correlator_incident_active{model_name="llama-3.1-8b",namespace="inference",pod="second"} 1.0' in asked(
        scrapes, later
    )


def test_what_is_kept_gets_old() -> None:
    """Between two scrapes of one cycle the readings may become too old to pass for new."""
    state, scrapes = make_state(incidents=Watched(), snapshot=make_snapshot()), Scrapes()
    assert "correlator_volume_queue_depth" in asked(scrapes, state)
    old = replace(state, status=partial(make_status, data_lag_seconds=301.0))
    assert "correlator_volume_queue_depth" not in asked(scrapes, old)


def test_a_store_that_fails_and_comes_back() -> None:
    """What it cannot tell is not kept as if it were nothing, and what was kept does not pass for what it says."""
    store = Watched([make_incident()])
    state, scrapes = make_state(incidents=store), Scrapes()
    assert "correlator_incident_info" in asked(scrapes, state)
    store.fail_with = StoreBusyError("store", "locked", "wait")
    failing = asked(scrapes, state)
    assert "correlator_incident_" not in failing
    assert "correlator_ready 0.0" in failing
    store.fail_with = None
    assert "correlator_incident_info" in asked(scrapes, state)


def test_is_packed_for_those_who_take_it() -> None:
    """A scraper in another zone pays for bytes."""
    client = make_client()
    packed = client.get("/metrics", headers={"accept-encoding": "gzip"})
    plain = client.get("/metrics", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
