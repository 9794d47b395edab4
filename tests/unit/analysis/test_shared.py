"""Contention on a back end that nodes share: the writer is on another node than the victim."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from correlator.analysis.domains import doers_on, use_of
from correlator.analysis.shared import clients
from correlator.model.finding import Finding, Suspect, SuspectKind, Verdict
from correlator.model.frame import Frames, labels_of
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.scenes import KUBELET
from tests.shared_scenes import NODES, VICTIM_REF, Client, SharedStory, merged
from tests.unit.analysis.playing import Played, play_frames
from tests.unit.analysis.stories import FIRST, LATER, ONSET, STEPS, during, slow_tokens, story

NEIGHBOURS = (("web", "cache-1"), ("web", "cache-2"))
WRITER = ("data", "reindex-0")


def scene(*, writes: float = 800.0, slow: bool = True, alone: bool = True) -> SharedStory:
    """A pod of n2 begins to write `writes` a second, and everybody's requests take twenty times as long if `slow`.

    With `alone` each client has one pod behind it. On n3 somebody writes all the time, a little less when it is slow.
    """
    base = slow_tokens(story())
    base.reads_per_request = 0.0  # nothing is read from the local disk
    rng = np.random.default_rng(3)
    noise = [rng.normal(1.0, 0.05, STEPS) for _ in range(4)]
    latency = during(base, 5e-4, 1e-2 if slow else 5e-4) * noise[0]
    made = SharedStory(base, latency, waiting=during(base, 0.01, 0.5 if slow else 0.01))
    near, far = ([], []) if alone else ([NEIGHBOURS[0]], [NEIGHBOURS[1]])
    made.clients = [
        Client("models", "n1", [VICTIM_REF, *near], base.filled(160.0) * noise[1], base.filled(0.0)),
        Client("scratch", "n2", [WRITER, *far], base.filled(2.0), during(base, 5.0, writes) * noise[2]),
        Client("logs", "n3", [("logging", "loki-0")], base.filled(2.0), during(base, 100.0, 90.0) * noise[3]),
    ]
    return made


def longhorn(made: SharedStory) -> Frames:
    """Victim and writer have a replica on one disk; the third volume lies elsewhere."""
    return made.longhorn({"models": ["n1", "n2"], "scratch": ["n2"], "logs": ["n3"]})


BACK_ENDS: list[tuple[Callable[[SharedStory], Frames], str]] = [
    (SharedStory.nfs, "nfs/filer:/data"),
    (SharedStory.rbd, "rbd/replicapool"),
    (longhorn, "longhorn/n2:/var/lib/longhorn"),
]


def accused(played: Played) -> list[Suspect]:
    """The accused of the last finding."""
    return [suspect for suspect in played.last.suspects if suspect.accused]


def volume_of(finding: Finding) -> str:
    """The name of the volume that it speaks of."""
    return finding.volume.name if finding.volume else ""


@pytest.mark.parametrize(("told", "volume"), BACK_ENDS)
def test_the_writer_on_the_other_node_is_named(told: Callable[[SharedStory], Frames], volume: str) -> None:
    """By pod, where the client is one pod's; nobody else ever is."""
    played = play_frames(told(scene()), FIRST, LATER)
    assert (played.last.verdict, volume_of(played.last)) == (Verdict.CONTENTION, volume)
    assert [(s.kind, s.name, s.node) for s in accused(played)] == [(SuspectKind.POD, "data/reindex-0", "n2")]
    assert played.accused == {"reindex-0"}


@pytest.mark.parametrize("told", [SharedStory.nfs, SharedStory.rbd])
def test_its_node_is_named_where_several_pods_are_behind_it(told: Callable[[SharedStory], Frames]) -> None:
    """Which of them did it cannot be told: the node is, and no pod."""
    played = play_frames(told(scene(alone=False)), FIRST, LATER)
    assert [(s.kind, s.namespace, s.pod, s.node) for s in accused(played)] == [(SuspectKind.NODE, "", "", "n2")]
    assert played.accused == {"node"}
    assert "node n2 (confidence" in played.last.explanation


@pytest.mark.parametrize(("told", "volume"), BACK_ENDS)
def test_nobody_is_named_when_the_back_end_itself_got_slow(told: Callable[[SharedStory], Frames], volume: str) -> None:
    """The same latency without a new writer: the innocent nodes go on as ever."""
    played = play_frames(told(scene(writes=5.0)), FIRST, LATER)
    assert played.last.verdict is Verdict.DEGRADED_DEVICE
    assert not played.accused
    del volume


@pytest.mark.parametrize(("told", "volume"), BACK_ENDS)
def test_nobody_is_named_while_the_back_end_is_quiet(told: Callable[[SharedStory], Frames], volume: str) -> None:
    """A writer that hurts nobody, while the victim is slow for another reason."""
    played = play_frames(told(scene(writes=50.0, slow=False)), FIRST, LATER)
    assert played.last.verdict is Verdict.OTHER
    assert not played.accused
    del volume


def test_on_a_ceph_file_system_nobody_can_be_named() -> None:
    """Its OSDs show that it got worse, and that more was asked of it; by whom, no series tells."""
    played = play_frames(scene().cephfs(), FIRST, LATER)
    assert volume_of(played.last) == "cephfs/0001-0009-rook-ceph-0000000000000001"
    assert "volume_got_worse" in played.last.reasons
    assert {suspect.kind for suspect in played.last.suspects} == {SuspectKind.UNATTRIBUTED}


def test_an_image_on_the_same_osds_is_named() -> None:
    """Images are counted by client: one that fills the OSDs is to blame for a slow CephFS."""
    made = scene()
    others = scene()
    others.clients = [made.clients[1]]
    images = {
        name: dict(zip(frame.labels, frame.values, strict=True))
        for name, frame in others.rbd().by_signal.items()
        if name.startswith(("rbd_", "pod_claims", "claim_info", "persistent_volume_info"))
    }
    played = play_frames(merged(made.cephfs(), images), FIRST, LATER)
    assert (played.last.verdict, played.accused) == (Verdict.CONTENTION, {"reindex-0"})


def test_the_pool_is_to_blame_and_not_its_near_end() -> None:
    """The node's rbd0 got as slow, and nobody but the victim is there: the pool below it has the writer."""
    made = scene()
    own, none = made.clients[0].reads, made.story.filled(0.0)
    device = {**NODES["n1"], "device": "rbd0"}
    pod = {**KUBELET, "namespace": VICTIM_REF[0], "pod": VICTIM_REF[1], "container": "main", "device": "/dev/rbd0"}
    rates = {"reads": own, "writes": none, "read_bytes": own * 65536.0, "written_bytes": none}
    time = own * made.latency
    counters = {
        **{f"disk_{name}": (device, rate) for name, rate in rates.items()},
        **{f"pod_{name}": (pod, rate) for name, rate in rates.items()},
        "disk_read_time": (device, time),
        "disk_write_time": (device, none),
        "disk_queue_time": (device, time),
        "disk_io_time": (device, np.minimum(time, 1.0)),
    }
    rows = {name: {labels_of(labels): np.cumsum(rate * 15.0)} for name, (labels, rate) in counters.items()}
    played = play_frames(merged(made.rbd(), rows), FIRST, LATER)
    assert volume_of(played.last) == "rbd/replicapool"
    assert played.accused == {"reindex-0"}


def test_who_is_only_likely_to_share_is_listed_and_not_accused() -> None:
    """Without replicas it is not known which Longhorn volumes lie on one disk."""
    played = play_frames(scene().longhorn({}), FIRST, LATER)
    assert not played.accused
    assert played.last.suspects[0].name == "data/reindex-0"
    assert "no_suspect_sure_enough_to_accuse" in played.last.reasons


def test_a_node_whose_io_may_be_the_victims_own_is_not_accused() -> None:
    """The victim shares its mount with a neighbour, and it is that mount that asks for more."""
    made = scene(writes=5.0, alone=False)
    made.clients[0].writes = during(made.story, 0.0, 800.0)
    played = play_frames(made.nfs(), FIRST, LATER)
    assert not played.accused
    assert played.last.suspects[0].name == "node/n1"


@pytest.mark.parametrize(
    ("slow", "verdict", "reason"),
    [(True, Verdict.UNDETERMINED, "volume_not_seen"), (False, Verdict.OTHER, "volume_quiet")],
)
def test_an_export_that_nobody_measures_is_a_blind_spot(slow: bool, verdict: Verdict, reason: str) -> None:
    """Storage is not cleared while the victim waits on I/O; where its pressure stays low, it was not the export."""
    told = scene(slow=slow).nfs()
    frames = Frames(told.grid, {k: v for k, v in told.by_signal.items() if not k.startswith("nfs_")}, told.intervals)
    played = play_frames(frames, FIRST, LATER)
    assert (played.last.verdict, reason in played.last.reasons) == (verdict, True)
    assert ("--collector.mountstats" in str(played.last.blind_spots)) is slow
    assert not played.accused


def test_use_is_of_all_clients_and_latency_is_the_viewers() -> None:
    """Load and queue add up over the nodes; each sees the back end through its own mount."""
    made = scene()
    frames = made.nfs()
    slow = frames.get("nfs_time")
    other = [row for row, labels in enumerate(slow.labels) if dict(labels)["node"] == "n2"]
    slow.values[other] *= 3.0
    topology = join(frames)
    (volume,) = (identity for identity, each in topology.volumes.items() if each.kind == "nfs")
    steps = slice(ONSET + 2, ONSET + 20)
    victim = use_of(frames, topology, volume, PodRef(*VICTIM_REF))
    writer = use_of(frames, topology, volume, PodRef(*WRITER))
    assert_allclose(writer.write_latency[steps], 3.0 * victim.read_latency[steps], rtol=1e-6)
    reads = np.sum([client.reads for client in made.clients], axis=0)
    writes = np.sum([client.writes for client in made.clients], axis=0)
    assert_allclose(victim.load[0][steps], reads[steps], rtol=1e-6)
    assert_allclose(victim.load[3][steps], writes[steps] * 524288.0, rtol=1e-6)
    slowness = [3.0 if client.node == "n2" else 1.0 for client in made.clients]
    asked = [client.reads + client.writes for client in made.clients]
    queue = np.sum([each * times * made.latency for each, times in zip(asked, slowness, strict=True)], axis=0)
    assert_allclose(victim.queue_depth[steps], queue[steps], rtol=1e-6)
    assert np.isnan(victim.utilization).all()
    assert set(doers_on(frames, topology, volume).loads) == {
        PodRef(*VICTIM_REF),
        PodRef(*WRITER),
        PodRef("logging", "loki-0"),
    }


def test_clients_are_read_once_for_a_window() -> None:
    """However many victims are judged on them; another window, or another topology, has clients of its own."""
    frames = scene().nfs()
    topology = join(frames)
    (volume,) = (identity for identity, each in topology.volumes.items() if each.kind == "nfs")
    first = clients(frames, topology, volume)
    assert clients(frames, topology, volume) is first
    assert clients(Frames(frames.grid, frames.by_signal), topology, volume) is not first
    assert clients(frames, join(frames), volume) is not clients(frames, topology, volume)
