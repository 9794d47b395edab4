"""Lines in a Loki, by its documented API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from correlator.delivery.errors import RefusedError, TransientError
from correlator.delivery.facts import MOST_SUSPECTS
from correlator.delivery.http import Receiver
from correlator.delivery.loki import LokiSink
from correlator.incidents.lifecycle import Event
from correlator.model.incident import State
from correlator.sources.session import Access
from tests.factories import HOSTILE, STARTED, make_incident, make_suspect, make_victim, make_volume
from tests.loki import FakeLoki, loki, refuse, say
from tests.unit.delivery.stories import event, opened, resolved, updated


@pytest.fixture
def server() -> Iterator[FakeLoki]:
    """A running one."""
    with loki() as running:
        yield running


def sink_of(server: FakeLoki, tenant: str = "", *, has_metadata: bool = True) -> LokiSink:
    """A sink that tells it."""
    headers = {"X-Scope-OrgID": tenant} if tenant else {}
    return LokiSink(
        Receiver(server.url, Access(read_timeout_seconds=5.0), headers), {"env": "lab"}, has_metadata=has_metadata
    )


def tell(sink: LokiSink, *events: Event) -> None:
    """Deliver them."""
    for each in events:
        for parcel in sink.prepare(each):
            sink.send(parcel.body)


def test_changes_become_lines(server: FakeLoki) -> None:
    """One for each, at the time of the step, with few labels that are always the same and the id beside the line."""
    tell(sink_of(server), opened(cluster="eu-1"), updated(cluster="eu-1"), resolved(cluster="eu-1"))
    assert [line["event"] for line in server.lines()] == ["opened", "updated", "resolved"]
    assert {tuple(entry.stream.items()) for entry in server.entries} == {
        (("app", "correlator"), ("cluster", "eu-1"), ("env", "lab"))
    }
    assert [entry.at for entry in server.entries] == [
        (STARTED + timedelta(seconds=seconds)).timestamp() for seconds in (30, 120, 660)
    ]
    assert server.entries[0].metadata == {"incident_id": "c0ffee5eed", "event": "opened", "sequence": "1"}


def test_line_has_the_incidents_main_facts_under_their_published_names(server: FakeLoki) -> None:
    """Who reads incidents elsewhere reads lines."""
    tell(sink_of(server), opened(cluster="eu-1"))
    (line,) = server.lines()
    assert (line["id"], line["cluster"], line["state"], line["verdict"]) == ("c0ffee5eed", "eu-1", "open", "contention")
    assert line["victim"]["pod"] == "vllm-7c9f4-x2x8q"
    assert line["ttft"]["observed_seconds"] == 0.242
    assert line["volume"]["name"] == "n1/nvme0n1"
    accused = [f"{each['namespace']}/{each['pod']}" for each in line["suspects"] if each["accused"]]
    assert accused == ["rag/reindex-28812345-h8kz2"]
    assert line["explanation"].startswith("Since 02:04:15 UTC")
    assert "T" in line["started_at"]


def test_stream_has_no_label_of_a_cluster_without_a_name(server: FakeLoki) -> None:
    """An empty label is none to Loki."""
    tell(sink_of(server), opened())
    assert "cluster" not in server.entries[0].stream


def test_what_is_sent_twice_is_kept_once(server: FakeLoki) -> None:
    """A repetition has the same time and the same text."""
    tell(sink_of(server), opened(), opened())
    assert (server.pushes, len(server.entries)) == (2, 1)


def test_opening_that_is_told_late_is_still_an_opening(server: FakeLoki) -> None:
    """The log knows only the newest state of an incident: one that is over by now was open when it opened."""
    late = replace(resolved(), kind=opened().kind)
    tell(sink_of(server), late)
    (line,) = server.lines()
    assert (line["event"], line["state"], line["ended_at"]) == ("opened", "open", None)
    assert late.incident.state is State.RESOLVED


def test_loki_without_metadata_gets_none(server: FakeLoki) -> None:
    """Where it is refused, nothing is lost before the setting says so; then what waited arrives."""
    server.allows_metadata = False
    with pytest.raises(TransientError, match=r"sinks\.loki\.structured_metadata"):
        tell(sink_of(server), opened())
    tell(sink_of(server, has_metadata=False), opened())
    assert server.entries[0].metadata == {}


def test_tenant_is_named() -> None:
    """A Loki with several refuses who names none, which is no fault of the line."""
    with loki("team-a") as server:
        tell(sink_of(server, "team-a"), opened())
        assert len(server.entries) == 1
        with pytest.raises(TransientError, match="no org id"):
            tell(sink_of(server, "team-b"), opened())


def test_blocked_ingestion_is_not_taken_for_success(server: FakeLoki) -> None:
    """Loki says 260 while it takes nothing; other successes are."""
    server.faults = [refuse(260, "ingestion blocked"), say(b"")]
    with pytest.raises(TransientError, match="260"):
        tell(sink_of(server), opened())
    tell(sink_of(server), opened())


def test_line_that_loki_will_never_take_is_refused(server: FakeLoki) -> None:
    """Too old, too long: the same again would fare no better."""
    server.faults = [refuse(400, "entry too far behind")]
    with pytest.raises(RefusedError, match="entry too far behind"):
        tell(sink_of(server), opened())


def test_size_is_bounded_whatever_names_are_like(server: FakeLoki) -> None:
    """Hostile and endless names make a line of a few kB that is still JSON."""
    long = HOSTILE * 5_000
    suspects = tuple(make_suspect(pod=f"{long}{number}", workload=long, node=long) for number in range(200))
    incident = make_incident(
        suspects=suspects,
        victim=make_victim(pod=long, workload=long, model_name=long),
        volume=make_volume(name=long, claims=(long,) * 500),
        explanation=long,
        reasons=(long,) * 100,
    )
    tell(sink_of(server), event(opened().kind, incident, 1))
    (entry,) = server.entries
    assert len(entry.line.encode()) < 50_000
    assert json.loads(entry.line)["suspects"][0]["pod"].startswith(HOSTILE)
    assert len(json.loads(entry.line)["suspects"]) == MOST_SUSPECTS


def test_numbers_that_are_none_are_null(server: FakeLoki) -> None:
    """JSON knows no NaN."""
    suspect = make_suspect(share_ratio=float("nan"))
    tell(sink_of(server), opened(suspects=(suspect,)))
    assert server.lines()[0]["suspects"][0]["share_ratio"] is None


def test_what_is_sent_depends_on_the_event_alone(server: FakeLoki) -> None:
    """Two processes prepare the same bytes."""
    bodies = [sink_of(server).prepare(resolved())[0].body for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert (
        orjson.loads(bodies[0])["streams"][0]["values"][0][0]
        == f"{int((STARTED + timedelta(minutes=11)).timestamp())}000000000"
    )
