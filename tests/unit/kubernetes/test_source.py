"""The Source: what the API tells in the shape of kube-state-metrics' series, beside them, and without either."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from correlator.catalog import load
from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.connection import from_kubeconfig
from correlator.kubernetes.pace import Pace
from correlator.kubernetes.source import KubernetesSource
from correlator.model.frame import Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.topology import TOLD_BY, Learnt, PodRef, Teller
from correlator.topology import join
from tests.fakes import FakeSource, Reading
from tests.kubernetes_api import Api, Direct, Handler, Server, kubeconfig, named, pod, serving

AT = 1_767_229_200  # an hour after the objects were made
GRID = Grid(AT - 600, 60, 11)
Series = Mapping[str, Mapping[Labels, Reading]]
CLUSTER = (
    ("/api/v1/namespaces", named("ai", labels={"correlator-tier": "inference"})),
    ("/api/v1/nodes", named("n1", status={"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]})),
    (
        "/apis/apps/v1/replicasets",
        named("web-7d9c8b6f5", "ai", ownerReferences=[{"kind": "Deployment", "controller": True}]),
    ),
    ("/api/v1/persistentvolumeclaims", named("models", "ai", spec={"volumeName": "pv-models"})),
    ("/api/v1/persistentvolumes", named("pv-models", spec={"local": {"path": "/mnt/models"}})),
    ("/api/v1/pods", pod("web-abc-x", owner=("ReplicaSet", "web-7d9c8b6f5", "uid-rs"), claims={"data": "models"})),
    ("/api/v1/pods", pod("job-1-x", owner=("Job", "job-1", "j"), started="2026-01-01T00:00:12Z")),
    ("/api/v1/pods", pod("nobody")),
)
QUICK = Pace(short_watch=0.02, first_pause=0.02, longest_pause=0.1)


def constant(value: float = 1.0) -> Reading:
    """A series that does not change."""
    return lambda _: value


def series(**signals: list[dict[str, str]]) -> Series:
    """Constant rows by signal."""
    return {name: {labels_of(row): constant() for row in rows} for name, rows in signals.items()}


NAMING = series(
    pod_reads=[{"namespace": "ai", "pod": "job-1-x", "instance": "10.0.0.1:10250", "node": "n1", "device": "/dev/sda"}],
    filesystem_size=[{"instance": "n1:9100", "node": "n1", "mountpoint": "/mnt/models", "device": "/dev/sdb"}],
    disk_reads=[{"instance": "n1:9100", "node": "n1", "device": device} for device in ("sda", "sdb")],
)


def filled() -> Api:
    """A small cluster."""
    api = Api()
    for path, item in CLUSTER:
        api.put(path, item)
    return api


def known(api: Api, clock: Callable[[], float] = lambda: AT) -> Cluster:
    """A cluster that was listed once, without threads."""
    cluster = Cluster(lambda: Direct(api), clock, random.Random(1))
    listed(cluster)
    return cluster


def listed(cluster: Cluster) -> None:
    """Each kind of object listed or watched once."""
    for follower in cluster.followers:
        follower.turn()
        follower.state.has_tried = True


def fetched(cluster: Cluster, inner: Series, grid: Grid = GRID) -> Frames:
    """All signals of the catalogue."""
    return KubernetesSource(FakeSource(inner), cluster).fetch(load(), grid)


def rows(frames: Frames, signal: str) -> list[dict[str, str]]:
    """The labels of a signal, but for who told them."""
    return [{name: value for name, value in labels if name != TOLD_BY} for labels in frames.get(signal).labels]


def tellers(frames: Frames) -> dict[str, Teller]:
    """Who told of each pod's edge that a claim tells."""
    topology = join(frames)
    return {edge.pod.pod: edge.told_by for edge in topology.edges if edge.learnt is Learnt.CLAIM}


def test_tells_what_kube_state_metrics_tells() -> None:
    """Without it: the same signals with the same labels, of the pods that the window names and those with claims."""
    frames = fetched(known(filled()), NAMING)
    web = {"namespace": "ai", "pod": "web-abc-x", "uid": "uid-ai-web-abc-x"}
    job = {"namespace": "ai", "pod": "job-1-x", "uid": "uid-ai-job-1-x"}
    place = {"node": "n1", "host_ip": "10.0.0.1"}
    created = [
        {"created_by_kind": "Job", "created_by_name": "job-1"},
        {"created_by_kind": "ReplicaSet", "created_by_name": "web-7d9c8b6f5"},
    ]
    assert rows(frames, "pod_info") == [{**job, **place, **created[0]}, {**web, **place, **created[1]}]
    assert rows(frames, "pod_owner") == [
        {**job, "owner_kind": "Job", "owner_name": "job-1"},
        {**web, "owner_kind": "ReplicaSet", "owner_name": "web-7d9c8b6f5"},
    ]
    assert rows(frames, "pod_claims") == [{**web, "volume": "data", "persistentvolumeclaim": "models"}]
    assert rows(frames, "claim_info") == [
        {"namespace": "ai", "persistentvolumeclaim": "models", "volumename": "pv-models"}
    ]
    assert rows(frames, "persistent_volume_info") == [{"persistentvolume": "pv-models", "local_path": "/mnt/models"}]
    assert rows(frames, "namespace_labels") == [{"namespace": "ai", "label_correlator_tier": "inference"}]
    started = frames.get("pod_start_time")
    assert started.values[:, -1].tolist() == [1767225612.0, 1767225610.0]
    assert frames.quality == ()


def test_a_pod_that_finished_is_told_from_when_it_did() -> None:
    """A Job's pod that is kept after its end: whoever lists it, and whenever."""
    api = filled()
    api.put("/api/v1/pods", pod("job-1-x", owner=("Job", "job-1", "j"), finished="2026-01-01T00:55:00Z"))
    finished = fetched(known(api), NAMING).get("pod_finished")
    assert rows(fetched(known(api), NAMING), "pod_finished") == [
        {"namespace": "ai", "pod": "job-1-x", "uid": "uid-ai-job-1-x"}
    ]
    assert np.isfinite(finished.values[0]).tolist() == [False] * 5 + [True] * 6
    assert rows(fetched(known(filled()), NAMING), "pod_finished") == []


def test_a_job_is_its_cron_jobs() -> None:
    """Also one that was made by hand, whose name does not tell; a Job of its own keeps its name."""
    api = filled()
    by_hand = named("job-1", "ai", ownerReferences=[{"kind": "CronJob", "name": "nightly", "controller": True}])
    api.put("/apis/batch/v1/jobs", by_hand)
    api.put("/api/v1/pods", pod("job-1-x", owner=("Job", "job-1", "uid-job-1")))
    job = {"namespace": "ai", "pod": "job-1-x", "uid": "uid-ai-job-1-x"}
    frames = fetched(known(api), {**NAMING, **series(pod_owner=[{**job, "owner_kind": "Job", "owner_name": "job-1"}])})
    owned = {"namespace": "ai", "job_name": "job-1", "owner_kind": "CronJob", "owner_name": "nightly"}
    assert rows(frames, "owner_owner") == [owned]
    assert frames.quality == ()
    assert join(frames).pods[PodRef("ai", "job-1-x")].workload == "CronJob/nightly"
    api.put("/apis/batch/v1/jobs", named("job-1", "ai"))
    assert join(fetched(known(api), NAMING)).pods[PodRef("ai", "job-1-x")].workload == "Job/job-1"


def test_a_replica_set_is_a_deployments_but_for_those_of_which_the_api_says_other() -> None:
    """Argo's Rollouts name theirs alike; one of its own may be called as it likes."""
    api, where = filled(), "/apis/apps/v1/replicasets"
    assert rows(fetched(known(api), NAMING), "owner_owner") == []
    assert join(fetched(known(api), NAMING)).pods[PodRef("ai", "web-abc-x")].workload == "Deployment/web"
    api.put(where, named("web-7d9c8b6f5", "ai", ownerReferences=[{"kind": "Rollout", "name": "w", "controller": True}]))
    assert join(fetched(known(api), NAMING)).pods[PodRef("ai", "web-abc-x")].workload == "Rollout/w"
    api.put(where, named("web-7d9c8b6f5", "ai"))
    assert join(fetched(known(api), NAMING)).pods[PodRef("ai", "web-abc-x")].workload == "ReplicaSet/web-7d9c8b6f5"


def test_a_topology_of_the_api_alone() -> None:
    """Without kube-state-metrics pods have workloads, tiers, starts, and claims lead to disks."""
    topology = join(fetched(known(filled()), NAMING))
    web, job = (topology.pods[PodRef("ai", name)] for name in ("web-abc-x", "job-1-x"))
    assert (web.workload, web.tier, web.node, web.claims) == ("Deployment/web", "inference", "n1", ("ai/models",))
    assert (job.workload, job.started_at) == ("Job/job-1", 1767225612.0)
    names = {volume.id: volume.name for volume in topology.volumes.values()}
    assert {(edge.pod.pod, names[edge.volume_id], edge.learnt) for edge in topology.edges} == {
        ("web-abc-x", "n1/sdb", Learnt.CLAIM),
        ("job-1-x", "n1/sda", Learnt.IO_SEEN),
    }


def test_a_fact_holds_from_when_its_object_says() -> None:
    """The steps before a pod was put on its node do not speak of it, whenever the API was asked."""
    api = filled()
    api.put("/api/v1/pods", pod("job-1-x", placed="2026-01-01T00:55:00Z"))
    frames = fetched(known(api), NAMING)
    info = frames.get("pod_info")
    row = next(index for index, labels in enumerate(info.labels) if ("pod", "job-1-x") in labels)
    assert np.isfinite(info.values[row]).tolist() == [False] * 5 + [True] * 6


def test_a_deleted_pod_held_until_it_went() -> None:
    """The steps before its deletion still speak of it, those after do not."""
    api, now = filled(), [float(AT - 300)]
    cluster = known(api, lambda: now[0])
    api.delete("/api/v1/pods", "uid-ai-job-1-x")
    listed(cluster)
    now[0] = AT
    info = fetched(cluster, NAMING).get("pod_info")
    row = next(index for index, labels in enumerate(info.labels) if ("pod", "job-1-x") in labels)
    assert np.isfinite(info.values[row]).tolist() == [True] * 5 + [False] * 6


@pytest.mark.parametrize("asked_at", [AT - 3000, AT - 600, AT])
def test_a_step_does_not_depend_on_when_the_daemon_started(asked_at: float) -> None:
    """What is still there is told alike by a daemon that listed it early, late, or followed it all the time."""
    now = [asked_at]
    api = filled()
    cluster = known(api, lambda: now[0])
    now[0] = AT
    listed(cluster)
    early, late = fetched(cluster, NAMING), fetched(known(api), NAMING)
    for signal in ("pod_info", "pod_owner", "pod_claims", "claim_info", "persistent_volume_info", "pod_start_time"):
        assert early.get(signal).labels == late.get(signal).labels
        np.testing.assert_array_equal(early.get(signal).values, late.get(signal).values)


def test_single_steps_and_a_whole_window_are_alike() -> None:
    """How far is fetched at once makes no difference."""
    cluster = known(filled())
    whole = fetched(cluster, NAMING).get("pod_info")
    single = [fetched(cluster, NAMING, Grid(int(at), 60, 1)).get("pod_info") for at in GRID.times()]
    assert all(one.labels == whole.labels for one in single)
    np.testing.assert_array_equal(np.hstack([one.values for one in single]), whole.values)


def test_what_only_one_knows_is_taken_from_it() -> None:
    """The series' own labels stay where the API has none, and rows of things that the API does not know stay."""
    web = {"namespace": "ai", "pod": "web-abc-x", "uid": "uid-ai-web-abc-x"}
    inner = {
        **NAMING,
        **series(
            pod_info=[{**web, "node": "n1"}, {"namespace": "ai", "pod": "gone", "uid": "g", "node": "n2"}],
            pod_owner=[{**web, "owner_kind": "ReplicaSet", "owner_name": "web-7d9c8b6f5"}],
            persistent_volume_info=[{"persistentvolume": "pv-models", "storageclass": "from-series"}],
        ),
    }
    frames = fetched(known(filled()), inner)
    assert {row["pod"]: row.get("host_ip") for row in rows(frames, "pod_info")} == {
        "gone": None,
        "job-1-x": "10.0.0.1",
        "web-abc-x": "10.0.0.1",
    }
    assert rows(frames, "persistent_volume_info") == [
        {"persistentvolume": "pv-models", "storageclass": "from-series", "local_path": "/mnt/models"}
    ]
    assert [row["owner_kind"] for row in rows(frames, "pod_owner") if row["pod"] == "web-abc-x"] == ["ReplicaSet"]
    assert frames.quality == ()


def test_an_edge_says_who_told_it() -> None:
    """The series, the API, or both of them; I/O that is seen is always told by series."""
    web = {"namespace": "ai", "pod": "web-abc-x", "uid": "uid-ai-web-abc-x"}
    told = series(
        pod_info=[{**web, "node": "n1"}],
        pod_claims=[{**web, "volume": "data", "persistentvolumeclaim": "models"}],
        claim_info=[{"namespace": "ai", "persistentvolumeclaim": "models", "volumename": "pv-models"}],
        persistent_volume_info=[{"persistentvolume": "pv-models", "local_path": "/mnt/models"}],
    )
    part = {name: rows for name, rows in told.items() if name in {"pod_info", "pod_claims"}}
    assert tellers(FakeSource({**NAMING, **told}).fetch(load(), GRID)) == {"web-abc-x": Teller.SERIES}
    assert tellers(fetched(known(filled()), NAMING)) == {"web-abc-x": Teller.API}
    assert tellers(fetched(known(filled()), {**NAMING, **told})) == {"web-abc-x": Teller.BOTH}
    assert tellers(fetched(known(filled()), {**NAMING, **part})) == {"web-abc-x": Teller.BOTH}
    seen = [edge for edge in join(fetched(known(filled()), NAMING)).edges if edge.learnt is Learnt.IO_SEEN]
    assert [edge.told_by for edge in seen] == [Teller.SERIES]


def test_what_the_api_alone_told_is_counted() -> None:
    """Beside the rows of which the series tell as well."""
    web = {"namespace": "ai", "pod": "web-abc-x", "uid": "uid-ai-web-abc-x"}
    source = KubernetesSource(FakeSource({**NAMING, **series(pod_info=[{**web, "node": "n1"}])}), known(filled()))
    source.fetch(load(), GRID)
    assert {name: source.added[name] for name in ("pod_info", "claim_info", "pod_finished")} == {
        "pod_info": 1,
        "claim_info": 1,
        "pod_finished": 0,
    }


def test_where_both_differ_the_api_counts_and_it_is_said() -> None:
    """A node, and a start, of which the series say something else."""
    web = {"namespace": "ai", "pod": "web-abc-x", "uid": "uid-ai-web-abc-x"}
    inner = {
        **NAMING,
        **series(pod_info=[{**web, "node": "elsewhere", "priority_class": "high"}]),
        "pod_start_time": {labels_of(web): constant(1767225000.0)},
    }
    frames = fetched(known(filled()), inner)
    (told,) = [row for row in rows(frames, "pod_info") if row["pod"] == "web-abc-x"]
    assert (told["node"], told["priority_class"]) == ("n1", "high")
    assert [spot.signal for spot in frames.quality] == ["pod_info", "pod_start_time"]
    assert all(spot.reason.startswith("differs: ") for spot in frames.quality)
    assert "pod=web-abc-x" in frames.quality[0].reason


def test_what_was_there_before_under_the_same_name_stays() -> None:
    """A claim that was deleted and made anew: the series of the old one are not those of the new one."""
    api = filled()
    claim = named("models", "ai", spec={"volumeName": "pv-models"})
    claim["metadata"]["creationTimestamp"] = "2026-01-01T00:55:00Z"
    api.put("/api/v1/persistentvolumeclaims", claim)
    old = {"namespace": "ai", "persistentvolumeclaim": "models", "volumename": "pv-old"}
    before = {labels_of(old): lambda at: 1.0 if at < AT - 300 else np.nan}
    frames = fetched(known(api), {**NAMING, "claim_info": before})
    assert [row["volumename"] for row in rows(frames, "claim_info")] == ["pv-models", "pv-old"]
    assert frames.quality == ()


def test_old_words_count_for_a_while() -> None:
    """A server that went away: what it said holds for a quarter of an hour, and the blind spot says since when."""
    now = [float(AT)]
    cluster = known(filled(), lambda: now[0])
    now[0] = AT + 600
    later = Grid(AT + 540, 60, 2)
    frames = fetched(cluster, NAMING, later)
    assert [row["pod"] for row in rows(frames, "pod_info")] == ["job-1-x", "web-abc-x"]
    assert {spot.reason.split(":")[0] for spot in frames.quality} == {"stale"}
    assert "2026-01-01T01:00:00Z" in frames.quality[0].reason
    now[0] = AT + 3600
    assert rows(fetched(cluster, NAMING, Grid(AT + 3540, 60, 2)), "pod_info") == []


def test_volumes_of_their_own_are_spoken_of_when_named() -> None:
    """A cloud disk has no neighbours: who claims one is of interest only where the window names the pod."""
    api = filled()
    api.put("/api/v1/persistentvolumes", named("pv-models", spec={"csi": {"driver": "ebs.csi.aws.com"}}))
    assert [row["pod"] for row in rows(fetched(known(api), NAMING), "pod_info")] == ["job-1-x"]
    naming = series(ttft_count=[{"namespace": "ai", "pod": "web-abc-x"}])
    assert len(rows(fetched(known(api), naming), "claim_info")) == 1


def test_who_shares_a_volume_of_its_own_with_a_named_pod_is_spoken_of() -> None:
    """A cloud disk that two pods of a node use: the second one is told once the first one is named, and nobody else."""
    api = filled()
    api.put("/api/v1/persistentvolumes", named("pv-models", spec={"csi": {"driver": "ebs.csi.aws.com"}}))
    api.put("/api/v1/pods", pod("beside", claims={"data": "models"}))
    assert [row["pod"] for row in rows(fetched(known(api), NAMING), "pod_info")] == ["job-1-x"]
    naming = series(ttft_count=[{"namespace": "ai", "pod": "web-abc-x"}])
    assert [row["pod"] for row in rows(fetched(known(api), naming), "pod_claims")] == ["beside", "web-abc-x"]


def test_a_part_of_a_window_is_told_of_the_pods_that_the_rest_names() -> None:
    """Those since its first step; pods that were named before it are not spoken of."""
    source = KubernetesSource(FakeSource(NAMING), known(filled()))
    infos = [signal for signal in load() if signal.name == "pod_info"]
    source.fetch(load(), GRID)

    def told(start: int) -> set[str]:
        return {row["pod"] for row in rows(source.fetch(infos, Grid(start, 60, 2)), "pod_info")}

    assert told(GRID.last) == {"job-1-x", "web-abc-x"}
    assert told(GRID.last + 60) == {"web-abc-x"}


def test_other_days_are_passed_on() -> None:
    """Days on demand ask for no infos: nothing is added, and nothing is said of the API."""
    cluster = Cluster(lambda: Direct(filled()), lambda: AT, random.Random(1))
    readings = [signal for signal in load() if signal.name in {"pod_reads", "pod_io_heartbeat"}]
    frames = KubernetesSource(FakeSource(NAMING), cluster).fetch(readings, GRID)
    assert frames.by_signal.keys() == {"pod_reads", "pod_io_heartbeat"}
    assert frames.quality == ()


class Counting(Cluster):
    """A cluster that counts how often it was waited for, and how long at most."""

    waits: tuple[float, ...] = ()

    def wait(self, seconds: float) -> bool:
        """As ever."""
        self.waits = (*self.waits, seconds)
        return super().wait(seconds)


@contextmanager
def live(server: Server, folder: Path) -> Iterator[Counting]:
    """A cluster that is followed by its threads."""
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server.url))
    cluster = Counting(lambda: from_kubeconfig(path, ""), time.time, random.Random(1), QUICK)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.close()


def test_the_threads_follow_a_server(tmp_path: Path) -> None:
    """All kinds of objects over HTTP: the first fetch waits for the lists, later ones know of changes."""
    api = filled()
    with serving(api) as server, live(server, tmp_path) as cluster:
        source = KubernetesSource(FakeSource(NAMING), cluster)
        assert len(rows(source.fetch(load(), GRID), "pod_info")) == 2
        api.put("/api/v1/pods", pod("new", claims={"data": "models"}))
        for _ in range(500):
            found = {row["pod"] for row in rows(source.fetch(load(), GRID), "pod_info")}
            if "new" in found:
                break
            time.sleep(0.01)
        assert found == {"job-1-x", "web-abc-x", "new"}


def test_a_refusal_is_a_blind_spot_that_says_what_to_apply(tmp_path: Path) -> None:
    """403 for pods alone: the rest is told, the reason names the file with the permissions."""
    with serving(filled()) as server:
        server.faults["/api/v1/pods"] = [
            lambda handler: handler.send_body(403, b'{"message":"pods is forbidden"}')
        ] * 99
        with live(server, tmp_path) as cluster:
            frames = KubernetesSource(FakeSource(NAMING), cluster).fetch(load(), GRID)
            (spot,) = frames.quality
            assert spot.signal == "kubernetes/pods"
            assert spot.reason.startswith("refused: ")
            assert "pods is forbidden" in spot.reason
            assert "rbac.yaml" in spot.reason


def test_a_server_that_hangs_delays_the_first_fetch_only(tmp_path: Path) -> None:
    """It accepts and never answers: one bounded wait at the start, then frames at once, with the reason."""
    with serving(filled()) as server:

        def hang(_: Handler) -> None:
            server.stopping.wait(20)

        for path in ("/api/v1/pods", "/api/v1/nodes"):
            server.faults[path] = [hang] * 9
        with live(server, tmp_path) as cluster:
            source = KubernetesSource(FakeSource(NAMING), cluster, first_wait_seconds=0.2)
            frames = [source.fetch(load(), GRID) for _ in range(3)]
            assert cluster.waits == (0.2,)
            reasons = {spot.signal: spot.reason for spot in frames[-1].quality}
            assert reasons == {
                f"kubernetes/{name}": "unlisted: the first list is not complete yet" for name in ("nodes", "pods")
            }
            server.stopping.set()


def test_copies_of_a_longhorn_volume_and_what_pods_declare() -> None:
    """Where Longhorn is installed: the folders that hold a claim's volume; and the annotations of pods that count."""
    api = filled()
    csi = {"driver": "driver.longhorn.io", "volumeHandle": "pvc-1"}
    api.put("/api/v1/persistentvolumes", named("pv-models", spec={"csi": csi}))
    where = {"volumeName": "pvc-1", "nodeID": "n2", "diskPath": "/var/lib/longhorn"}
    api.put("/apis/longhorn.io/v1beta2/replicas", named("r1", "longhorn-system", spec=where))
    api.put("/apis/longhorn.io/v1beta2/replicas", named("r2", "longhorn-system", spec={"volumeName": "pvc-1"}))
    api.put("/apis/longhorn.io/v1beta2/replicas", named("r3", "longhorn-system", spec={**where, "volumeName": "other"}))
    api.put("/api/v1/pods", pod("web-abc-x", claims={"data": "models"}, annotations={"correlator/depends-on": "ai/db"}))
    signals = [replace(load()[0], name=name) for name in ("longhorn_replica", "pod_annotations")]
    frames = KubernetesSource(FakeSource({}), known(api)).fetch(signals, GRID)
    assert rows(frames, "longhorn_replica") == [{"volume": "pvc-1", "node": "n2", "disk_path": "/var/lib/longhorn"}]
    assert rows(frames, "pod_annotations") == [
        {"namespace": "ai", "pod": "web-abc-x", "annotation_correlator_depends_on": "ai/db"}
    ]


def test_the_api_of_another_cluster_is_suspected() -> None:
    """It has pods with claims, and not one of those that the series name."""
    others = series(pod_reads=[{"namespace": "x", "pod": "y", "instance": "i", "device": "/dev/sda"}])
    (spot,) = fetched(known(filled()), others).quality
    assert spot.signal == "kubernetes/pods"
    assert "another cluster" in spot.reason
    assert fetched(known(filled()), {}).quality == ()
