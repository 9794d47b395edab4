"""A large cluster as its exporters show it: 500 nodes with 8 disks, 1,000 inference pods, a user on every disk.

Two victims live on each node, each with a disk of its own that another pod uses as well; the other six disks have one
user each. A few victims get slower at `SLOW_FROM`, when their neighbour begins to write.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats
from tests.bench.series import BEGIN, Rows, Series, beating, bucketed, counted, steady, switched

BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0),
)
"""vLLM's 22 buckets; the one above them is +Inf."""

SLOW_FROM = BEGIN + 7_200


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large the cluster is, and how many of its victims get slower."""

    nodes: int = 500
    disks: int = 8
    victims_per_node: int = 2
    slowed: int = 10
    seed: int = 1

    @property
    def victims(self) -> int:
        """All victims."""
        return self.nodes * self.victims_per_node

    @property
    def volumes(self) -> int:
        """All disks."""
        return self.nodes * self.disks


def cluster(shape: Shape) -> dict[str, Series]:
    """The series of each signal, by its name."""
    rng = np.random.default_rng(shape.seed)
    return {**_node_exporter(shape, rng), **_cadvisor(shape, rng), **_kubernetes(shape), **_inference(shape, rng)}


def _address(node: int) -> str:
    return f"10.{node // 62_500}.{node // 250 % 250}.{node % 250 + 1}"


def _pods(shape: Shape) -> list[tuple[int, int, str, str]]:
    """(node, disk, namespace, pod): victims on the first disks, one more pod on every disk."""
    victims = [
        (node, disk, "inference", f"vllm-llama-{node}-{disk}")
        for node in range(shape.nodes)
        for disk in range(shape.victims_per_node)
    ]
    others = [
        (node, disk, f"team-{disk}", f"worker-7d9f8b6c5d-{node:04d}{disk}")
        for node in range(shape.nodes)
        for disk in range(shape.disks)
    ]
    return victims + others


def _slowed(shape: Shape) -> NDArray[np.bool_]:
    """Which victims get slower, in their order."""
    chosen = np.zeros(shape.victims, dtype=np.bool_)
    chosen[:: max(1, shape.victims // max(shape.slowed, 1))][: shape.slowed] = True
    return chosen


def _choked(shape: Shape) -> NDArray[np.bool_]:
    """Which disks their victims get slower on, in the order of disks."""
    chosen = np.zeros((shape.nodes, shape.disks), dtype=np.bool_)
    chosen[:, : shape.victims_per_node] = _slowed(shape).reshape(shape.nodes, -1)
    return chosen.ravel()


def _node_exporter(shape: Shape, rng: np.random.Generator) -> dict[str, Series]:
    def targets() -> Rows:
        return [
            {"instance": f"{_address(node)}:9100", "namespace": "monitoring", "pod": f"node-exporter-{node:05d}"}
            for node in range(shape.nodes)
        ]

    def devices() -> Rows:
        return [{**target, "device": f"nvme{disk}n1"} for target in targets() for disk in range(shape.disks)]

    def numbered() -> Rows:
        return [{**row, "major": "259", "minor": row["device"][4:5]} for row in placed(devices())]

    def mounted() -> Rows:
        return [{**target, "device": "/dev/nvme0n1p1", "mountpoint": "/"} for target in targets()]

    def placed(rows: Rows) -> Rows:
        """As series that are placed by their instance alone."""
        return [{name: row[name] for name in row if name not in {"namespace", "pod"}} for row in rows]

    def sized() -> Rows:
        return [{**row, "fstype": "ext4"} for row in mounted()]

    choked = _choked(shape)
    reads = rng.uniform(50, 500, shape.volumes)
    writes = rng.uniform(20, 200, shape.volumes)
    normal = {
        "disk_reads": (reads, 0.0),
        "disk_writes": (writes, 800.0),
        "disk_read_bytes": (reads * 65_536, 0.0),
        "disk_written_bytes": (writes * 32_768, 400e6),
        "disk_read_time": (reads * 2e-4, 2.0),
        "disk_write_time": (writes * 1e-3, 20.0),
        "disk_io_time": (reads * 2e-4, 0.8),
        "disk_queue_time": (reads * 2e-4 + writes * 1e-3, 22.0),
        "disk_flushes": (writes * 0.1, 0.0),
        "disk_flush_time": (writes * 1e-4, 0.0),
    }
    found = {}
    for signal, (rate, more) in normal.items():
        rows = (lambda: placed(devices())) if signal == "disk_queue_time" else devices
        whole = not signal.endswith("time")
        before, after = counted(rate, rng, whole=whole), counted(rate + more, rng, whole=whole)
        found[signal] = Series(rows, switched(SLOW_FROM, choked, before, after))
    pressure = counted(np.full(shape.nodes, 0.01), rng, whole=False)
    return {
        **found,
        "node_io_waiting": Series(targets, pressure),
        "node_io_stalled": Series(targets, pressure),
        "disk_info": Series(numbered, steady(np.ones(shape.volumes))),
        "filesystem_size": Series(sized, steady(np.full(shape.nodes, 1e12))),
        "filesystem_readonly": Series(lambda: placed(mounted()), steady(np.zeros(shape.nodes))),
        "filesystem_device_error": Series(lambda: placed(mounted()), steady(np.zeros(shape.nodes))),
        "disk_heartbeat": Series(
            lambda: [{"instance": target["instance"]} for target in targets()], beating(shape.nodes)
        ),
    }


def _cadvisor(shape: Shape, rng: np.random.Generator) -> dict[str, Series]:
    def containers() -> Rows:
        return [
            {
                "namespace": namespace,
                "pod": pod,
                "container": container,
                "instance": f"{_address(node)}:10250",
                "node": f"worker-{node}",
                "device": f"/dev/nvme{disk}n1",
            }
            for node, disk, namespace, pod in _pods(shape)
            for container in ("", "main")
        ]

    def numbered() -> Rows:
        return [{**row, "major": "259", "minor": row["device"][9:10]} for row in containers()]

    def pressed() -> Rows:
        return [{name: value for name, value in row.items() if name != "device"} for row in containers()]

    writing = np.repeat(np.concatenate([np.zeros(shape.victims, dtype=np.bool_), _choked(shape)]), 2)
    count = shape.victims + shape.volumes
    reads, writes = rng.uniform(20, 200, count), rng.uniform(10, 100, count)
    normal = {
        "pod_reads": (reads, 0.0),
        "pod_writes": (writes, 800.0),
        "pod_read_bytes": (reads * 65_536, 0.0),
        "pod_written_bytes": (writes * 32_768, 400e6),
    }
    found = {}
    for signal, (rate, added) in normal.items():
        before = counted(np.repeat(rate, 2), np.random.default_rng(2), whole=True)
        after = counted(np.repeat(rate + added, 2), np.random.default_rng(3), whole=True)
        found[signal] = Series(containers, switched(SLOW_FROM, writing, before, after))
    pressure = switched(
        SLOW_FROM,
        np.repeat(np.concatenate([_slowed(shape), np.zeros(shape.volumes, dtype=np.bool_)]), 2),
        counted(np.full(2 * count, 0.01), rng, whole=False),
        counted(np.full(2 * count, 0.5), rng, whole=False),
    )
    return {
        **found,
        "pod_device_usage": Series(numbered, counted(np.repeat(reads * 65_536, 2), rng, whole=True)),
        "pod_io_waiting": Series(pressed, pressure),
        "pod_io_stalled": Series(pressed, pressure),
        "pod_io_heartbeat": Series(
            lambda: [{"instance": f"{_address(node)}:10250"} for node in range(shape.nodes)], beating(shape.nodes)
        ),
    }


def _kubernetes(shape: Shape) -> dict[str, Series]:
    def infos() -> Rows:
        exporters = [(node, 0, "monitoring", f"node-exporter-{node:05d}") for node in range(shape.nodes)]
        return [
            {
                "namespace": namespace,
                "pod": pod,
                "uid": f"6f1c2a9e-{pod}",
                "node": f"worker-{node}",
                "host_ip": _address(node),
            }
            for node, _, namespace, pod in _pods(shape) + exporters
        ]

    def objects(*labels: str) -> Rows:
        return [{name: row[name] for name in labels} for row in infos()]

    def owners() -> Rows:
        return [
            {**row, "owner_kind": "ReplicaSet", "owner_name": row["pod"].rpartition("-")[0]}
            for row in objects("namespace", "pod", "uid")
        ]

    def claims() -> Rows:
        return [
            {**row, "volume": "models", "persistentvolumeclaim": f"models-{row['pod']}"}
            for row in objects("namespace", "pod", "uid")[: shape.victims]
        ]

    def bindings() -> Rows:
        return [
            {
                "namespace": row["namespace"],
                "persistentvolumeclaim": row["persistentvolumeclaim"],
                "storageclass": "fast",
                "volumename": f"pvc-{row['pod']}",
            }
            for row in claims()
        ]

    def volumes() -> Rows:
        return [
            {"persistentvolume": row["volumename"], "storageclass": "fast", "csi_driver": "ebs.csi.aws.com"}
            for row in bindings()
        ]

    pods = shape.victims + shape.volumes + shape.nodes
    return {
        "pod_info": Series(infos, steady(np.ones(pods))),
        "pod_owner": Series(owners, steady(np.ones(pods))),
        "pod_start_time": Series(lambda: objects("namespace", "pod", "uid"), steady(np.full(pods, float(BEGIN)))),
        "pod_claims": Series(claims, steady(np.ones(shape.victims))),
        "claim_info": Series(bindings, steady(np.ones(shape.victims))),
        "persistent_volume_info": Series(volumes, steady(np.ones(shape.victims))),
    }


def _inference(shape: Shape, rng: np.random.Generator) -> dict[str, Series]:
    def servers() -> Rows:
        return [
            {
                "namespace": namespace,
                "pod": pod,
                "instance": f"10.244.{node // 250}.{node % 250}:80{disk:02d}",
                "model_name": "meta-llama/Llama-3.1-8B-Instruct",
                "engine": "0",
            }
            for node, disk, namespace, pod in _pods(shape)[: shape.victims]
        ]

    def buckets() -> Rows:
        return [{**row, "le": bound} for row in servers() for bound in (*map(str, BOUNDS), "+Inf")]

    def finished() -> Rows:
        return [{**row, "finished_reason": "stop"} for row in servers()]

    rate, mean, slowed = rng.uniform(0.5, 5.0, shape.victims), rng.uniform(0.05, 0.2, shape.victims), _slowed(shape)
    bounds = np.array([*BOUNDS, np.inf])
    quick = bucketed(rate, mean, bounds, np.random.default_rng(6))
    slow = bucketed(rate, 5 * mean, bounds, np.random.default_rng(7))
    waited = counted(1.13 * rate * mean, np.random.default_rng(8), whole=False)
    waited_longer = counted(5 * 1.13 * rate * mean, np.random.default_rng(9), whole=False)

    def served(each: float) -> Callable[[Floats], Floats]:
        """What grows by `each` with every request."""
        return counted(rate * each, np.random.default_rng(4), whole=True)

    return {
        "ttft_bucket": Series(buckets, switched(SLOW_FROM, np.repeat(slowed, len(bounds)), quick, slow)),
        "ttft_sum": Series(servers, switched(SLOW_FROM, slowed, waited, waited_longer)),
        "ttft_count": Series(servers, served(1)),
        "requests_waiting": Series(servers, steady(np.zeros(shape.victims))),
        "requests_running": Series(servers, steady(np.ones(shape.victims))),
        "prompt_tokens": Series(servers, served(500)),
        "requests_finished": Series(finished, served(1)),
        "prompt_length_sum": Series(servers, served(500)),
        "prompt_length_count": Series(servers, served(1)),
        "generation_tokens": Series(servers, served(300)),
        "ttft_heartbeat": Series(lambda: [{"instance": row["instance"]} for row in servers()], beating(shape.victims)),
    }
