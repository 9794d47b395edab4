"""Incidents as rows, as a graph, and by milliseconds: what dashboards read without unfolding."""

from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter

from correlator.incidents.query import IncidentQuery
from correlator.model.finding import MeanExcess, SuspectKind, TtftEffect, Verdict
from correlator.web.flat import SuspectRow, milliseconds
from correlator.web.graph import Graph, graph_of
from tests.factories import (
    STARTED,
    make_bystander,
    make_incident,
    make_suspect,
    make_unattributed,
    make_victim,
    make_volume,
)
from tests.unit.web.fakes import FakeIncidents, make_client, make_state

AT_MS = 1795399455000  # 2026-11-23T02:04:15Z


def test_instants_are_told_twice() -> None:
    """RFC 3339 for people and programs, milliseconds for charts and links; null stays null."""
    body = make_client().get("/api/v1/incidents/c0ffee5eed").json()
    assert (body["started_at"], body["started_at_ms"], body["ended_at_ms"]) == ("2026-11-23T02:04:15Z", AT_MS, None)
    assert body["title"] == "contention: vllm-7c9f4-x2x8q on n1/nvme0n1, 2026-11-23 02:04:15 UTC"
    assert body["shown_from_ms"] < AT_MS < body["updated_at_ms"] < body["shown_to_ms"]
    assert milliseconds(datetime.fromisoformat(body["detected_at"])) == body["detected_at_ms"]
    (listed,) = make_client().get("/api/v1/incidents").json()["items"]
    assert listed == body


@pytest.mark.parametrize("path", ["incidents", "suspects", "episodes"])
def test_time_range_of_a_dashboard(path: str) -> None:
    """`from` and `to` in milliseconds ask the store for the same as `since` and `until`."""
    incidents = FakeIncidents([make_incident()])
    client = make_client(make_state(incidents=incidents))
    assert client.get(f"/api/v1/{path}?from={AT_MS}&to={AT_MS + 1500}").status_code == 200
    asked = incidents.queries[-1]
    assert asked is not None
    assert (asked.since, asked.until) == (STARTED, STARTED + timedelta(seconds=1.5))


@pytest.mark.parametrize(
    ("query", "named"),
    [("from=1&since=2026-11-23T02:04:15Z", "from and since"), ("to=x", "to"), ("from=-1", "from")],
)
def test_time_range_that_is_none(query: str, named: str) -> None:
    """Two spellings of one bound, and what is no time, are refused by name."""
    answer = make_client().get(f"/api/v1/incidents?{query}")
    assert answer.status_code == 422
    assert named in answer.json()["detail"]


def test_suspects_are_rows() -> None:
    """Each suspect of each incident is a row that says whose it is; nothing in it is nested."""
    suspects = (make_suspect(), make_bystander(), make_unattributed())
    incidents = FakeIncidents([make_incident(suspects=suspects), make_incident(id="none", suspects=())])
    body = make_client(make_state(incidents=incidents)).get("/api/v1/suspects").json()
    rows = body["items"]
    assert [row["name"] for row in rows] == [each.name for each in suspects]
    assert all(not isinstance(value, dict | list) for row in rows for value in row.values())
    first = rows[0]
    assert (first["incident_id"], first["victim_pod"], first["volume"]) == (
        "c0ffee5eed",
        "vllm-7c9f4-x2x8q",
        "n1/nvme0n1",
    )
    assert (first["started_at_ms"], first["confidence"], first["accused"]) == (AT_MS, 0.97, True)
    assert (first["write_bytes_per_second_baseline"], first["write_bytes_per_second_observed"]) == (1.2e5, 4.13e8)
    TypeAdapter(list[SuspectRow]).validate_python(rows)


def test_suspects_of_what_was_asked_for() -> None:
    """The filters are those of incidents, and so is the page."""
    incidents = FakeIncidents([make_incident(id="a"), make_incident(id="b", verdict=Verdict.OTHER)])
    client = make_client(make_state(incidents=incidents))
    found = client.get("/api/v1/suspects?verdict=other").json()["items"]
    assert {row["incident_id"] for row in found} == {"b"}
    assert isinstance(incidents.queries[-1], IncidentQuery)
    page = client.get("/api/v1/suspects?limit=1").json()
    assert len({row["incident_id"] for row in page["items"]}) == 1
    assert page["next_cursor"] is not None


def test_graph_leads_from_suspects_over_the_volume_to_the_victim() -> None:
    """Every arrow begins and ends at a circle, and every way ends at the victim."""
    suspects = (make_suspect(), make_bystander(), make_unattributed())
    graph = graph_of([make_incident(cluster="c1", suspects=suspects)])
    identities = [node.id for node in graph.nodes]
    assert len(set(identities)) == len(identities) == 5
    following = {edge.source: edge.target for edge in graph.edges}
    disk, victim = "volume/c1/disk:n1:nvme0n1", "victim/c1/inference/vllm-7c9f4-x2x8q"
    assert following == {
        "suspect/c1/rag/reindex-28812345-h8kz2": disk,
        "suspect/c1/logging/vector-9zk4l": disk,
        "suspect/c1/unattributed/disk:n1:nvme0n1": disk,
        disk: victim,
    }
    assert len({edge.id for edge in graph.edges}) == len(graph.edges)


def test_graph_says_what_matters_in_words() -> None:
    """Probability, share and cost of a suspect; utilization of the volume; first tokens of the victim."""
    body = make_client().get("/api/v1/incidents/c0ffee5eed/graph").json()
    TypeAdapter(Graph).validate_python(body)
    nodes = {node["title"]: node for node in body["nodes"]}
    victim = nodes["vllm-7c9f4-x2x8q"]
    assert (victim["mainstat"], victim["secondarystat"]) == ("p95 242 ms", "usually 75 ms")
    assert nodes["n1/nvme0n1"]["mainstat"] == "97 % busy"
    job = nodes["reindex-28812345-h8kz2"]
    assert (job["title"], job["mainstat"], job["secondarystat"]) == ("reindex-28812345-h8kz2", "97 %", "accused")
    (load,) = (edge for edge in body["edges"] if edge["source"] == job["id"])
    assert (load["mainstat"], load["secondarystat"]) == ("94 % of the added load", "157 ms of mean TTFT")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"suspects": (make_unattributed(), make_suspect(kind=SuspectKind.NODE, pod="", node="n1"))},
        {"volume": None, "use": None, "suspects": ()},
        {"use": None, "volume": make_volume(via="depends_on")},
        {
            "ttft": TtftEffect(
                statistic="mean",
                baseline_seconds=None,
                observed_seconds=None,
                peak_seconds=None,
                ratio=None,
                requests_affected=0,
                stalled=True,
                mean_excess_seconds=MeanExcess(total=None),
            )
        },
    ],
    ids=["contention", "no pod", "no volume", "depends on", "stalled"],
)
def test_rim_of_every_circle_is_whole(changes: dict[str, object]) -> None:
    """Its parts are from 0 to 1 and sum to 1, as the panel demands, whatever is not known."""
    for node in graph_of([make_incident(**changes)]).nodes:
        arcs = (node.arc__confidence, node.arc__busy, node.arc__excess, node.arc__rest)
        assert all(0 <= arc <= 1 for arc in arcs)
        assert sum(arcs) == pytest.approx(1)


def test_graph_of_many_incidents_has_each_once() -> None:
    """Two victims of one job on one disk: one circle for the job and the disk, and what was said last of them."""
    last = make_incident(id="last", victim=make_victim(pod="other"), suspects=(make_suspect(confidence=0.9),))
    graph = graph_of([last, make_incident(suspects=(make_suspect(), make_bystander()))], likely_alone=True)
    assert [node.title for node in graph.nodes] == ["other", "n1/nvme0n1", "reindex-28812345-h8kz2", "vllm-7c9f4-x2x8q"]
    assert [node.mainstat for node in graph.nodes if node.detail__role.startswith("accused")] == ["90 %"]
    assert len(graph.edges) == 3


def test_graph_of_many_incidents_names_the_likeliest_where_nobody_is_accused() -> None:
    """The list of suspects is sorted by confidence: the first of them is drawn."""
    weak = (make_bystander(pod="a", confidence=0.3), make_bystander(pod="b", confidence=0.1))
    body = make_client(make_state(incidents=FakeIncidents([make_incident(suspects=weak)]))).get("/api/v1/graph").json()
    assert [node["title"] for node in body["nodes"] if node["id"].startswith("suspect/")] == ["a"]


def test_graph_of_nobody() -> None:
    """An incident that nobody knows has none."""
    assert make_client().get("/api/v1/incidents/nobody/graph").status_code == 404
