"""Nodes that share a back end: a victim on n1 that reads its weights there, and others on n2 and n3.

What each client asks for takes as long as the back end is slow at that moment, for everybody alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from tests.scenes import KUBELET, NODE, Story

NODES = {
    "n1": NODE,
    **{f"n{number}": {"instance": f"10.0.0.{number}:9100", "node": f"n{number}"} for number in range(2, 11)},
}
VICTIM_REF = ("inference", "vllm-0")
WRITE_SIZE, READ_SIZE = 524288.0, 65536.0


@dataclass
class Client:
    """One client of the back end: reads and writes a second, shape (steps,), and the pods behind it on its node."""

    name: str  # of the claim
    node: str
    pods: Sequence[tuple[str, str]]
    reads: Floats
    writes: Floats


@dataclass
class SharedStory:
    """A story whose victim's local disk is quiet; `latency` of the back end in seconds, shape (steps,)."""

    story: Story
    latency: Floats
    clients: list[Client] = field(default_factory=list)
    waiting: Floats | None = None  # the victim's I/O pressure, 0 to 1; None: not exported

    def nfs(self) -> Frames:
        """As node_exporter's mountstats of both nodes tell it: clients are folders of the share filer:/data."""
        rows = _Rows(self.story)
        for client in self.clients:
            export = f"filer:/data/{client.name}"
            labels = {**NODES[client.node], "export": export}
            for operation, rates in (("READ", client.reads), ("WRITE", client.writes)):
                named = {**labels, "operation": operation}
                rows.count("nfs_operations", named, rates)
                rows.count("nfs_bytes", named, rates * (READ_SIZE if operation == "READ" else WRITE_SIZE))
                rows.count("nfs_time", named, rates * self.latency)
            handle = f"filer#data#{client.name}##"
            rows.claims(client, {"csi_driver": "nfs.csi.k8s.io", "csi_volume_handle": handle})
        return self._frames(rows)

    def rbd(self) -> Frames:
        """As Ceph's manager tells it: clients are images of one pool."""
        rows = _Rows(self.story)
        for number, client in enumerate(self.clients):
            identity = f"{number:08d}-0000-0000-0000-000000000000"
            for operation, rates in (("READ", client.reads), ("WRITE", client.writes)):
                named = {"pool": "replicapool", "image": f"csi-vol-{identity}", "operation": operation}
                rows.count("rbd_operations", named, rates)
                rows.count("rbd_bytes", named, rates * (READ_SIZE if operation == "READ" else WRITE_SIZE))
                rows.count("rbd_time", named, rates * self.latency)
            handle = f"0001-0009-rook-ceph-0000000000000001-{identity}"
            rows.claims(client, {"csi_driver": "rook-ceph.rbd.csi.ceph.com", "csi_volume_handle": handle})
        return self._frames(rows)

    def cephfs(self) -> Frames:
        """As two OSDs of Ceph tell it, each half of what all clients ask for; their pods claim one CephFS."""
        rows = _Rows(self.story)
        reads = np.sum([client.reads for client in self.clients], axis=0)
        writes = np.sum([client.writes for client in self.clients], axis=0)
        for daemon in ("osd.0", "osd.1"):
            for operation, rates in (("READ", reads / 2.0), ("WRITE", writes / 2.0)):
                named = {"ceph_daemon": daemon, "operation": operation}
                rows.count("osd_operations", named, rates)
                rows.count("osd_bytes", named, rates * (READ_SIZE if operation == "READ" else WRITE_SIZE))
                rows.count("osd_time", named, rates * self.latency)
        for number, client in enumerate(self.clients):
            handle = f"0001-0009-rook-ceph-0000000000000001-{number:08d}-0000-0000-0000-000000000000"
            rows.claims(client, {"csi_driver": "rook-ceph.cephfs.csi.ceph.com", "csi_volume_handle": handle})
        return self._frames(rows)

    def longhorn(self, replicas: Mapping[str, Sequence[str]]) -> Frames:
        """As Longhorn's managers tell it: clients are volumes; `replicas` are the nodes of each one's replicas."""
        rows = _Rows(self.story)
        for client in self.clients:
            for operation, rates in (("READ", client.reads), ("WRITE", client.writes)):
                named = {"volume": f"pv-{client.name}", "operation": operation}
                rows.put("longhorn_operations", named, rates)
                rows.put("longhorn_bytes", named, rates * (READ_SIZE if operation == "READ" else WRITE_SIZE))
                rows.put("longhorn_time", named, rates * self.latency)
            for node in replicas.get(client.name, ()):
                place = {"volume": f"pv-{client.name}", "node": node, "disk_path": "/var/lib/longhorn/"}
                rows.put("longhorn_replica", place, self.story.filled(1.0))
            rows.claims(client, {"csi_driver": "driver.longhorn.io", "csi_volume_handle": f"pv-{client.name}"})
        return self._frames(rows)

    def _frames(self, rows: "_Rows") -> Frames:
        beats = self.story.start + self.story.step * np.arange(self.story.steps, dtype=np.float64) - 1.0
        for node in NODES.values():
            rows.put("disk_heartbeat", {"instance": node["instance"]}, beats)
        if self.waiting is not None:
            labels = {**KUBELET, "namespace": VICTIM_REF[0], "pod": VICTIM_REF[1]}
            rows.count("pod_io_waiting", labels, self.waiting)
        return merged(self.story.frames(), rows.by_signal)


class _Rows:
    """Series by signal."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self.by_signal: dict[str, dict[Labels, Floats]] = {}

    def put(self, signal: str, labels: Mapping[str, str], values: Floats) -> None:
        self.by_signal.setdefault(signal, {})[labels_of(labels)] = values

    def count(self, signal: str, labels: Mapping[str, str], rates: Floats) -> None:
        self.put(signal, labels, 1000.0 + np.cumsum(rates * self._story.step))

    def claims(self, client: Client, where: Mapping[str, str]) -> None:
        """The claim that the client's pods share, and what it is bound to."""
        one, volume = self._story.filled(1.0), f"pv-{client.name}"
        for namespace, pod in client.pods:
            named = {"namespace": namespace, "pod": pod, "uid": f"uid-{pod}"}
            self.put("pod_info", {**named, "node": client.node}, one)
            self.put("pod_claims", {**named, "volume": "data", "persistentvolumeclaim": client.name}, one)
            claim = {"namespace": namespace, "persistentvolumeclaim": client.name, "volumename": volume}
            self.put("claim_info", claim, one)
        self.put("persistent_volume_info", {"persistentvolume": volume, **where}, one)


def merged(frames: Frames, more: Mapping[str, Mapping[Labels, Floats]]) -> Frames:
    """The frames with more rows."""
    by_signal = dict(frames.by_signal)
    for signal, rows in more.items():
        frame = frames.get(signal)
        known = dict(zip(frame.labels, frame.values, strict=True))
        by_signal[signal] = Frame.from_rows(signal, frames.grid, {**known, **rows})
    return Frames(frames.grid, by_signal, {**frames.intervals, **dict.fromkeys(more, frames.grid.step)})
