"""`/api/v1/volumes`, `/victims` and `/topology`: what the newest snapshot holds."""

from dataclasses import replace

import pytest

from tests.snapshots import make_database_now, make_snapshot, make_volume_now
from tests.unit.web.fakes import make_client, make_state

NEVER = replace(make_state(), snapshot=lambda: None)


def test_volumes_by_saturation() -> None:
    """The longest queue comes first, what was not seen last; the answer says of which moment it speaks."""
    unseen = make_volume_now(id="u", name="unseen", queue_depth=None, utilization_ratio=float("nan"))
    snapshot = make_snapshot(volumes=(unseen, *reversed(make_snapshot().volumes)))
    body = make_client(make_state(snapshot=snapshot)).get("/api/v1/volumes").json()
    assert [item["name"] for item in body["items"]] == ["n1/nvme0n1", "filer:/models", "n2/sda", "unseen"]
    assert body["at"] == "2026-11-23T02:10:15Z"
    assert body["next_cursor"] is None
    assert body["items"][-1]["utilization_ratio"] is None


def test_volumes_by_node_and_kind() -> None:
    """Volumes can be filtered by node and by kind."""
    client = make_client()
    by_node = client.get("/api/v1/volumes", params={"node": "n2"}).json()["items"]
    by_kind = client.get("/api/v1/volumes", params={"kind": "nfs"}).json()["items"]
    assert [item["id"] for item in by_node + by_kind] == ["disk:n2:sda", "nfs:filer:/models"]


@pytest.mark.parametrize("name", ["disk:n1:nvme0n1", "n1/nvme0n1", "nfs:filer:/models"])
def test_one_volume_by_id_or_name(name: str) -> None:
    """A volume is found by its id and by its name, slashes and all, with its pods by device time."""
    body = make_client().get(f"/api/v1/volumes/{name}").json()
    assert name in {body["id"], body["name"]}
    assert "pods" in body


def test_victims_with_their_open_incident() -> None:
    """Victims that suffer come first, with the id of their open incident."""
    body = make_client().get("/api/v1/victims").json()
    assert [(item["pod"], item["open_incident_id"]) for item in body["items"]] == [
        ("vllm-7c9f4-x2x8q", "c0ffee5eed"),
        ("vllm-7c9f4-q9w2e", None),
    ]
    assert body["items"][0]["ttft"][1] == {"statistic": "p95", "observed_seconds": 0.242, "baseline_seconds": 0.075}


def test_victims_without_first_tokens() -> None:
    """A database is listed with its symptom, in the symptom's unit."""
    client = make_client(make_state(snapshot=make_snapshot(victims=(make_database_now(),))))
    (listed,) = client.get("/api/v1/victims").json()["items"]
    assert (listed["pod"], listed["ttft"]) == ("pg-0", [])
    (commits,) = listed["symptoms"]
    assert (commits["name"], commits["unit"]) == ("postgresql_transactions", "seconds")
    assert (commits["observed"], commits["baseline"]) == (0.08, 0.004)
    assert client.get("/api/v1/victims/memory/pg-0").json() == listed


def test_victims_by_node_and_namespace() -> None:
    """Victims can be filtered by node and by namespace."""
    client = make_client()
    assert [item["node"] for item in client.get("/api/v1/victims", params={"node": "n2"}).json()["items"]] == ["n2"]
    assert client.get("/api/v1/victims", params={"namespace": "other"}).json()["items"] == []


def test_one_victim() -> None:
    """A victim is found by namespace and pod."""
    body = make_client().get("/api/v1/victims/inference/vllm-7c9f4-x2x8q").json()
    assert body["open_incident_id"] == "c0ffee5eed"
    assert body["volume_ids"] == ["disk:n1:nvme0n1"]


def test_topology_says_how_each_edge_was_learnt() -> None:
    """Edges go from pod over claim and volume to node, and can be filtered by each."""
    client = make_client()
    edges = client.get("/api/v1/topology").json()["items"]
    assert edges[0] == {
        "namespace": "inference",
        "pod": "vllm-7c9f4-x2x8q",
        "claim": "inference/models",
        "volume_id": "disk:n1:nvme0n1",
        "node": "n1",
        "learnt": "io_seen",
        "sure": "certain",
        "told_by": "series",
    }
    assert len(client.get("/api/v1/topology", params={"namespace": "rag"}).json()["items"]) == 1
    assert len(client.get("/api/v1/topology", params={"volume": "disk:n1:nvme0n1", "node": "n1"}).json()["items"]) == 2
    assert client.get("/api/v1/topology", params={"pod": "nobody"}).json()["items"] == []


@pytest.mark.parametrize("path", ["volumes/nope", "victims/inference/nope"])
def test_unknown_name_is_404(path: str) -> None:
    """What is not in the snapshot is a 404 problem."""
    answer = make_client().get(f"/api/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["volumes", "volumes/n1/nvme0n1", "victims", "victims/inference/vllm-7c9f4-x2x8q", "topology"]
)
def test_before_the_first_cycle_is_503(path: str) -> None:
    """An empty list would say that there is nothing: before the first cycle the answer is that it is not known."""
    answer = make_client(NEVER).get(f"/api/v1/{path}")
    assert answer.status_code == 503
    assert "no cycle of the engine has finished yet" in answer.json()["detail"]
