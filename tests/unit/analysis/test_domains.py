"""What lies below a device, what a victim depends on, and what a cloud says of its volume: in whole stories."""

from collections.abc import Mapping
from math import isfinite

import numpy as np
from numpy.testing import assert_allclose

from correlator.analysis.domains import doers_on
from correlator.analysis.evaluate import evaluate
from correlator.analysis.memory import Memory
from correlator.model.finding import Verdict
from correlator.model.frame import Floats, Frames, Labels, labels_of
from correlator.model.topology import PodRef, Sure, Topology
from correlator.topology import join
from tests.calibrated import calibrated
from tests.scenes import KUBELET, NODE, PodIo, Story
from tests.shared_scenes import merged
from tests.unit.analysis.playing import play_frames
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET, always, contention, during, one_writer, story

Rows = dict[str, dict[Labels, Floats]]


def counted(made: Story, rates: Floats) -> Floats:
    """A counter that gains so much a second."""
    return 1000.0 + np.cumsum(rates * made.step)


def info(made: Story, labels: Mapping[str, str]) -> dict[Labels, Floats]:
    """A series that is 1 all the time."""
    return {labels_of(labels): made.filled(1.0)}


def mapped(made: Story) -> Frames:
    """The victim's reads show on dm-0 as well, which lies on sda: there everybody's I/O is seen, here its own alone."""
    frames = made.frames()
    more: Rows = {}
    for signal in ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes"):
        for labels, values in zip(frames.get(signal).labels, frames.get(signal).values, strict=True):
            if ("pod", "vllm-0") in labels:
                more.setdefault(signal, {})[labels_of({**dict(labels), "device": "/dev/dm-0"})] = values
    reads = frames.get("pod_reads")
    own = next(values for labels, values in zip(reads.labels, reads.values, strict=True) if ("pod", "vllm-0") in labels)
    rates = np.diff(own, prepend=np.nan) / made.step
    latency = made.read_latency if made.read_latency is not None else made.filled(2e-4)
    time = np.nan_to_num(rates) * latency
    for signal, values in {
        "disk_reads": np.nan_to_num(rates),
        "disk_writes": made.filled(0.0),
        "disk_read_bytes": np.nan_to_num(rates) * 65536,
        "disk_written_bytes": made.filled(0.0),
        "disk_read_time": time,
        "disk_write_time": made.filled(0.0),
        "disk_queue_time": time,
        "disk_io_time": np.minimum(time, 1.0),
    }.items():
        more[signal] = {labels_of({**NODE, "device": "dm-0"}): counted(made, values)}
    more["disk_mapper_info"] = info(made, {**NODE, "device": "dm-0", "name": "vg-lv", "vg_name": "vg", "lv_name": "lv"})
    more["disk_member"] = info(made, {**NODE, "device": "sda", "type": "LVM2_member"})
    return merged(frames, more)


def test_the_disk_below_is_to_blame_where_both_got_worse() -> None:
    """On the mapped device nobody but the victim is seen, and nobody added anything; the writer is on the disk."""
    played = play_frames(mapped(one_writer()), FIRST, LATER)
    assert played.last.volume is not None
    assert (played.last.verdict, played.last.volume.name) == (Verdict.CONTENTION, "n1/sda")
    assert played.accused == {"reindex-abc"}


def test_what_is_seen_on_the_mapped_device_alone_counts_on_the_disk_below() -> None:
    """Each pod once: with what it did on the disk where that is seen, else with what it did above."""
    made = story()
    made.device_pods = [always(made, "web", "below", 5e6), always(made, "web", "above", 7e6)]
    made.device_pods[1].device = "/dev/dm-0"
    more = {
        "disk_mapper_info": info(made, {**NODE, "device": "dm-0", "name": "vg-lv", "vg_name": "vg", "lv_name": "lv"}),
        "disk_member": info(made, {**NODE, "device": "sda", "type": "LVM2_member"}),
    }
    frames = merged(made.frames(), more)
    topology = join(frames)
    disk = topology.volume_of_device["n1", "sda"]
    assert [layer.sure for layer in topology.below[topology.volume_of_device["n1", "dm-0"]]] == [Sure.CERTAIN]
    found = doers_on(frames, topology, disk).loads
    assert_allclose([found[PodRef("web", name)].load[3, -1] for name in ("below", "above")], [5e6, 7e6])
    assert PodRef("web", "above") not in doers_on(frames, Topology(volumes=topology.volumes), disk).loads


def depending(*, tells: bool) -> Frames:
    """An agent that reads nothing itself; its database reads from the disk that a re-index fills."""
    made = contention()
    made.reads_per_request = 0.0
    rng = np.random.default_rng(5)
    none = made.filled(0.0)
    reads = made.filled(160.0) * rng.normal(1.0, 0.05, made.steps)
    made.device_pods += [
        PodIo("db", "pg-0", reads, none, reads * 8192, none, owner="StatefulSet"),
        made.writer("data", "reindex-abc", ONSET, END),
    ]
    labels = {"namespace": "inference", "pod": "vllm-0", "annotation_correlator_depends_on": "db/StatefulSet/pg"}
    return merged(made.frames(), {"pod_annotations": info(made, labels)} if tells else {})


def test_one_hop_further_is_felt_through_what_a_victim_depends_on() -> None:
    """The database's reads get slow; the finding says whose volume it is, and accuses the writer, not the database."""
    played = play_frames(depending(tells=True), FIRST, LATER)
    assert played.last.volume is not None
    assert (played.last.verdict, played.last.volume.name) == (Verdict.CONTENTION, "n1/sda")
    assert played.accused == {"reindex-abc"}
    assert played.last.volume.via == "depends_on"  # though the agent writes a little there itself


def test_a_volume_of_a_dependency_is_shown_as_such() -> None:
    """Where the agent itself has no edge to the disk at all."""
    frames = without_victim_io(depending(tells=True))
    played = play_frames(frames, FIRST, LATER)
    assert played.last.volume is not None
    assert (played.last.verdict, played.last.volume.via) == (Verdict.CONTENTION, "depends_on")
    assert played.accused == {"reindex-abc"}
    assert "which it uses through what it depends on" in played.last.explanation


def test_without_a_word_of_it_nobody_is_accused() -> None:
    """The same trouble, and no annotation."""
    played = play_frames(without_victim_io(depending(tells=False)), FIRST, LATER)
    assert not played.accused
    assert played.last.verdict is Verdict.UNDETERMINED


def without_victim_io(frames: Frames) -> Frames:
    """As if cAdvisor had never seen the victim do I/O."""
    by_signal = dict(frames.by_signal)
    for signal in ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes"):
        frame = frames.get(signal)
        rows = [row for row, labels in enumerate(frame.labels) if ("pod", "vllm-0") not in labels]
        by_signal[signal] = type(frame)(signal, frame.grid, tuple(frame.labels[r] for r in rows), frame.values[rows])
    return Frames(frames.grid, by_signal, frames.intervals)


def cloud(made: Story, exceeded: Floats) -> Frames:
    """The victim's disk is a cloud volume whose driver tells for how long it was asked for too much throughput."""
    limits = {
        labels_of({"volume_id": "vol-0ab1c2d3", "limit": "throughput"}): counted(made, exceeded),
        labels_of({"volume_id": "vol-0ab1c2d3", "limit": "operations"}): counted(made, made.filled(0.0)),
        labels_of({"volume_id": "vol-0cd", "limit": "operations"}): counted(made, made.filled(1.0)),
    }
    disk = {**NODE, "device": "sda", "major": "8", "minor": "0", "serial": "vol0ab1c2d3"}
    return merged(made.frames(), {"volume_exceeded": limits, "disk_info": info(made, disk)})


def test_a_cloud_volume_says_that_it_hit_its_provisioned_limit() -> None:
    """It has no neighbours: nobody is accused, and the limit is what the finding and its advice speak of."""
    made = contention()
    made.device_pods = []
    last = play_frames(cloud(made, during(made, 0.0, 0.8)), FIRST, LATER).last
    assert last.volume is not None
    assert (last.volume.bound, [s.name for s in last.suspects if s.accused]) == ("provisioned", [])
    assert "for 80 % of the time it was asked for more throughput than it is provisioned for" in last.explanation
    assert [advice.action for advice in last.advice] == ["raise what the volume is provisioned for"]


def test_a_limit_that_was_always_exceeded_is_not_what_changed() -> None:
    """Nor is one that was hardly touched."""
    made = contention()
    made.device_pods = []
    for level in (made.filled(0.8), during(made, 0.0, 0.05)):
        last = play_frames(cloud(made, level), FIRST, LATER).last
        assert "provisioned" not in last.explanation


def test_the_snapshot_counts_two_spellings_of_a_device_once() -> None:
    """CAdvisor names a disk by its path and by its kernel name: the larger one counts, as in a judgement."""
    made = story()
    frames = made.frames()
    twins: Rows = {}
    for signal in ("pod_writes", "pod_written_bytes"):
        for labels, values in zip(frames.get(signal).labels, frames.get(signal).values, strict=True):
            if ("pod", "nginx-1") in labels:
                twins.setdefault(signal, {})[labels_of({**dict(labels), "device": "sda"})] = values * 0.5
    seen = merged(frames, twins)
    snapshot = evaluate(seen, join(seen), Memory(), seen.grid.last, calibrated()).snapshot
    (volume,) = snapshot.volumes
    written = {pod.pod: pod.write_bytes_per_second for pod in volume.pods}["nginx-1"]
    assert written is not None
    assert isfinite(written)
    assert_allclose(written, 50e6, rtol=0.01)


def test_pressure_that_is_zero_for_everybody_is_not_measured() -> None:
    """On a node without PSI some kubelets export 0 for every pod: the victim's reads are then all that is known."""
    made = one_writer()
    labels = {**KUBELET, "namespace": "inference", "pod": "vllm-0"}
    other = {**KUBELET, "namespace": "web", "pod": "nginx-1"}
    calm = {labels_of(labels): made.filled(0.0), labels_of(other): made.filled(0.0)}
    nowhere = play_frames(merged(made.frames(), {"pod_io_stalled": calm}), FIRST, LATER).last
    assert nowhere.use is not None
    assert nowhere.use.victim_io_stalled_ratio.observed is None
    calm[labels_of(other)] = made.filled(3.0)
    somewhere = play_frames(merged(made.frames(), {"pod_io_stalled": calm}), FIRST, LATER).last
    assert somewhere.use is not None
    assert somewhere.use.victim_io_stalled_ratio.observed == 0.0
