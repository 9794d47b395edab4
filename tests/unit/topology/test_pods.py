"""What is known of pods."""

import pytest

from correlator.model.topology import PodRef, victim_ref
from correlator.topology import join
from correlator.topology.pods import workload
from tests.unit.topology.exporters import (
    Part,
    bound,
    claim,
    disks,
    edges,
    frames,
    pod_info,
    pod_io,
    series,
    timed,
    victim,
)

PG = PodRef("db", "pg-0")


def started(uid: str, at: float) -> Part:
    """When an incarnation of db/pg-0 started."""
    return timed("pod_start_time", {"namespace": "db", "pod": "pg-0", "uid": uid}, at)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("ReplicaSet", "vllm-7d9f8b6c5d", "Deployment/vllm"),
        ("ReplicaSet", "vllm-llama-3-5c4d6f7b88", "Deployment/vllm-llama-3"),
        ("ReplicaSet", "frontend", "ReplicaSet/frontend"),
        ("ReplicaSet", "my-frontend", "ReplicaSet/my-frontend"),
        ("Job", "reindex-28812345", "Job/reindex-28812345"),
        ("StatefulSet", "pg", "StatefulSet/pg"),
        ("DaemonSet", "agent", "DaemonSet/agent"),
        ("Node", "n1", ""),
        ("<none>", "<none>", ""),
        ("", "", ""),
    ],
)
def test_workload_outlives_its_pods(kind: str, name: str, expected: str) -> None:
    """A Deployment's ReplicaSets are the Deployment; jobs keep their name; a pod of its own has no workload."""
    assert workload(kind, name) == expected


def test_all_that_is_known_of_a_pod() -> None:
    """Node, workload, start, tier and claims come from kube-state-metrics."""
    topology = join(
        frames(
            pod_info("db/pg-0", "n1", uid="u1"),
            series("pod_owner", namespace="db", pod="pg-0", uid="u1", owner_kind="StatefulSet", owner_name="pg"),
            started("u1", 1_700_000_000.0),
            series("namespace_labels", namespace="db", label_tier="data"),
            claim("db/pg-0", "data", uid="u1"),
        )
    )
    pod = topology.pods[PG]
    assert (pod.node, pod.workload, pod.started_at) == ("n1", "StatefulSet/pg", 1_700_000_000.0)
    assert (pod.tier, pod.claims) == ("data", ("db/data",))


def test_creator_stands_in_for_the_owner() -> None:
    """Without kube_pod_owner pod_info's created_by tells the workload."""
    creator = {"created_by_kind": "ReplicaSet", "created_by_name": "web-7d9f8b6c5d"}
    info = series("pod_info", namespace="shop", pod="web-1", uid="u", node="n1", **creator)
    topology = join(frames(info, pod_io("shop/web-1", "/dev/sda")))
    assert topology.pods[PodRef("shop", "web-1")].workload == "Deployment/web"


@pytest.mark.parametrize(
    ("own", "above", "expected"),
    [
        (
            ("Job", "by-hand"),
            {"job_name": "by-hand", "owner_kind": "CronJob", "owner_name": "nightly"},
            "CronJob/nightly",
        ),
        (("Job", "other"), {"job_name": "by-hand", "owner_kind": "CronJob", "owner_name": "nightly"}, "Job/other"),
        (
            ("ReplicaSet", "web-7d9f8b6c5d"),
            {"replicaset": "web-7d9f8b6c5d", "owner_kind": "Rollout", "owner_name": "web"},
            "Rollout/web",
        ),
        (
            ("ReplicaSet", "web-7d9f8b6c5d"),
            {"replicaset": "web-7d9f8b6c5d", "owner_kind": "<none>", "owner_name": "<none>"},
            "ReplicaSet/web-7d9f8b6c5d",
        ),
        (
            ("ReplicaSet", "web-7d9f8b6c5d"),
            {"replicaset": "api", "owner_kind": "Rollout", "owner_name": "api"},
            "Deployment/web",
        ),
    ],
)
def test_the_owner_of_the_owner_is_the_workload(own: tuple[str, str], above: dict[str, str], expected: str) -> None:
    """Where kube-state-metrics tells it, and in the same namespace; else the name of a ReplicaSet tells."""
    topology = join(
        frames(
            pod_info("db/pg-0", "n1", uid="u1"),
            pod_io("db/pg-0", "/dev/sda"),
            series("pod_owner", namespace="db", pod="pg-0", uid="u1", owner_kind=own[0], owner_name=own[1]),
            series("owner_owner", namespace="db", **above),
            series("owner_owner", namespace="shop", owner_kind="CronJob", owner_name="wrong", job_name="by-hand"),
        )
    )
    assert topology.pods[PG].workload == expected


def test_newest_incarnation_speaks_for_the_pod() -> None:
    """A pod that was re-created on another node is on the new one; its I/O on the old node stays known."""
    topology = join(
        frames(
            disks("n1:9100", "sda"),
            disks("n2:9100", "sda"),
            pod_info("db/pg-0", "n1", uid="old", last=3),
            pod_info("db/pg-0", "n2", uid="new", first=4),
            series("pod_owner", namespace="db", pod="pg-0", uid="old", owner_kind="Job", owner_name="a"),
            series("pod_owner", namespace="db", pod="pg-0", uid="new", owner_kind="Job", owner_name="b"),
            started("old", 1.0),
            started("new", 2.0),
            pod_io("db/pg-0", "/dev/sda", instance="n1:10250", node="n1", last=3),
            pod_io("db/pg-0", "/dev/sda", instance="n2:10250", node="n2", first=4),
        )
    )
    pod = topology.pods[PG]
    assert (pod.node, pod.workload, pod.started_at) == ("n2", "Job/b", 2.0)
    assert {edge[1] for edge in edges(topology)} == {"n1/sda", "n2/sda"}


def test_later_start_decides_between_incarnations_seen_together() -> None:
    """While Prometheus still shows the old row beside the new one, the later start tells which pod lives."""
    topology = join(
        frames(
            pod_info("db/pg-0", "n2", uid="old"),
            pod_info("db/pg-0", "n1", uid="new"),
            started("old", 1.0),
            started("new", 2.0),
            claim("db/pg-0", "data", uid="new"),
        )
    )
    assert topology.pods[PG].node == "n1"


def test_scheduled_row_replaces_the_pending_one() -> None:
    """A pod gets its node when it is scheduled: the same uid first without, then with a node."""
    topology = join(
        frames(
            pod_info("db/pg-0", "", uid="u1", last=2),
            pod_info("db/pg-0", "n1", uid="u1", first=3),
            claim("db/pg-0", "data", uid="u1"),
        )
    )
    assert topology.pods[PG].node == "n1"


def test_without_kubernetes_the_node_is_where_io_was_seen() -> None:
    """Without kube-state-metrics cAdvisor's own node is the pod's."""
    topology = join(frames(pod_io("db/pg-0", "/dev/sda", node="n1", last=3), pod_io("db/pg-0", "/dev/sda", node="n2")))
    assert topology.pods[PG].node == "n2"
    assert topology.pods[PG].started_at is None


def test_tier_as_set_comes_first() -> None:
    """A setting of this daemon beats the label made for it, and that beats a label that may mean something else."""
    window = frames(
        pod_io("a/x", "/dev/sda"),
        pod_io("b/x", "/dev/sda"),
        pod_io("c/x", "/dev/sda"),
        *(
            series("namespace_labels", namespace=namespace, label_correlator_tier="sandbox", label_tier="backend")
            for namespace in ("a", "b")
        ),
        series("namespace_labels", namespace="c", label_tier="backend"),
    )
    topology = join(window, {"a": "inference"})
    tiers = {str(ref): pod.tier for ref, pod in topology.pods.items()}
    assert tiers == {"a/x": "inference", "b/x": "sandbox", "c/x": "backend"}


def test_only_pods_that_matter_are_kept() -> None:
    """Of a large cluster only users of volumes, claimants and victims are kept."""
    topology = join(
        frames(
            *(pod_info(f"idle/p{number}", "n1") for number in range(50)),
            pod_info("ml/vllm-0", "n1"),
            victim(namespace="ml", pod="vllm-0", instance="10.1.0.1:8000"),
            pod_io("shop/web", "/dev/sda"),
            claim("db/pg-0", "data"),
            bound("db/data", "pv-1"),
        )
    )
    assert {str(ref) for ref in topology.pods} == {"ml/vllm-0", "shop/web", "db/pg-0"}
    assert topology.node_of_instance["10.1.0.1:8000"] == "n1"


def test_victim_of_a_plain_scrape() -> None:
    """A series without a pod speaks of its target, whatever namespace the target may carry."""
    assert victim_ref({"namespace": "ml", "pod": "vllm-0", "instance": "x:1"}) == PodRef("ml", "vllm-0")
    assert victim_ref({"namespace": "ml", "instance": "x:1"}) == PodRef("", "x:1")


def test_series_that_were_never_seen_do_not_count() -> None:
    """A row without any value in the window is no knowledge."""
    topology = join(frames(pod_io("shop/web", "/dev/sda", first=3, last=2), disks("n1:9100", "sda", last=-9)))
    assert (topology.pods, topology.volumes, topology.edges) == ({}, {}, ())
