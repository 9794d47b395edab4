"""Frames of a small cluster, written step by step: what a test says happened is what the counters count.

One node, one or two disks, one vLLM pod that reads its pages from the first disk, and any number of other pods.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid

BOUNDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0)
NODE = {"instance": "10.0.0.1:9100", "node": "n1"}
KUBELET = {"instance": "10.0.0.1:10250", "node": "n1"}
VICTIM = {"namespace": "inference", "pod": "vllm-0", "instance": "10.1.0.1:8000", "model_name": "llama", "engine": "0"}


@dataclass
class PodIo:
    """What one pod does on one disk in each step: rates per second, shape (steps,). NaN: its rows are not scraped."""

    namespace: str
    pod: str
    reads: Floats
    writes: Floats
    read_bytes: Floats
    write_bytes: Floats
    device: str = "/dev/sda"
    owner: str = "Deployment"
    born: int = 0  # the step of its first I/O: no series before
    container: str = "main"


@dataclass
class Story:
    """A cluster over `steps` steps; every array has shape (steps,) and speaks of the step that ends there."""

    steps: int = 240
    step: int = 15
    start: int = 1_800_000_000
    seed: int = 1
    rate: float = 4.0  # requests a second
    ttft_seconds: Floats | None = None  # mean of each step's first tokens
    read_latency: Floats | None = None  # of the victim's disk
    device_pods: list[PodIo] = field(default_factory=list)
    reads_per_request: float | Floats = 40.0
    rates: Floats | None = None  # requests a second, step by step
    prompt_tokens: Floats | None = None  # mean prompt length, step by step
    unattributed_writes: Floats | None = None  # 256 KiB writes a second that no pod is accounted
    waiting: Floats | None = None
    missing: dict[str, slice] = field(default_factory=dict)  # exporter name → steps in which its scrape failed

    def filled(self, value: float) -> Floats:
        """A constant."""
        return np.full(self.steps, value)

    def stepped(self, low: float, high: float, start: int, end: int) -> Floats:
        """`low`, but `high` in [start, end)."""
        values = self.filled(low)
        values[start:end] = high
        return values

    def writer(self, namespace: str, pod: str, start: int, end: int, **kwargs: float | str) -> PodIo:
        """A pod that writes in [start, end): by default 400 MB/s in 512 KiB pieces, and is born with it."""
        bandwidth = float(kwargs.pop("bandwidth", 400e6))
        size = float(kwargs.pop("size", 512 * 1024))
        owner, device = str(kwargs.pop("owner", "Job")), str(kwargs.pop("device", "/dev/sda"))
        none = self.filled(0.0)
        written = self.stepped(0.0, bandwidth, start, end)
        return PodIo(namespace, pod, none, written / size, none, written, device, owner, born=start)

    def frames(self) -> Frames:
        """The frames that a source would yield."""
        return _Telling(self).frames()


class _Telling:
    """Turns a story into counters."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.grid = Grid(story.start, story.step, story.steps)
        self.rng = np.random.default_rng(story.seed)
        self.rows: dict[str, dict[Labels, Floats]] = {}

    def frames(self) -> Frames:
        story = self.story
        rates = story.rates if story.rates is not None else story.filled(story.rate)
        requests = self.rng.poisson(rates * story.step)
        if story.waiting is not None:
            requests = np.where(story.waiting > 0, 0, requests)
        self._victim(requests)
        own_reads = requests * story.reads_per_request / story.step
        zero = story.filled(0.0)
        victim = PodIo("inference", "vllm-0", own_reads, zero, own_reads * 65536, zero, owner="StatefulSet")
        pods = [victim, *story.device_pods]
        for pod in pods:
            self._pod(pod)
        for device in sorted({"/dev/sda", *(pod.device for pod in pods)}):
            self._disk(device.removeprefix("/dev/"), [pod for pod in pods if pod.device == device])
        self._beats()
        by_signal = {signal: Frame.from_rows(signal, self.grid, rows) for signal, rows in self.rows.items()}
        return Frames(self.grid, by_signal, dict.fromkeys(by_signal, story.step))

    def _put(self, signal: str, labels: dict[str, str], values: Floats, exporter: str) -> None:
        gone = self.story.missing.get(exporter)
        if gone is not None:
            values = values.copy()
            values[gone] = np.nan
        self.rows.setdefault(signal, {})[labels_of(labels)] = values

    def _count(self, signal: str, labels: dict[str, str], rates: Floats, exporter: str) -> None:
        self._put(signal, labels, 1000.0 + np.cumsum(rates * self.story.step), exporter)

    def _victim(self, requests: NDArray[np.int64]) -> None:
        story = self.story
        means = story.ttft_seconds if story.ttft_seconds is not None else story.filled(0.05)
        counts = np.zeros((len(BOUNDS) + 1, story.steps))
        sums = np.zeros(story.steps)
        for step, (number, mean) in enumerate(zip(requests, means, strict=True)):
            values = mean * self.rng.lognormal(-0.08, 0.4, int(number))
            sums[step] = values.sum()
            np.add.at(counts[:, step], np.searchsorted(BOUNDS, values), 1)
        cumulative = np.cumsum(np.cumsum(counts, axis=0), axis=1)
        for bound, values in zip([*map(str, BOUNDS), "+Inf"], cumulative, strict=True):
            self._put("ttft_bucket", {**VICTIM, "le": bound}, values, "vllm")
        prompts = story.prompt_tokens if story.prompt_tokens is not None else story.filled(500.0)
        totals = {"ttft_sum": sums, "ttft_count": requests, "prompt_tokens": requests * prompts}
        for signal, gained in totals.items():
            self._put(signal, VICTIM, np.cumsum(gained, dtype=np.float64), "vllm")
        finished = np.cumsum(requests, dtype=np.float64)
        self._put("requests_finished", {**VICTIM, "finished_reason": "stop"}, finished, "vllm")
        waiting = story.waiting if story.waiting is not None else story.filled(0.0)
        self._put("requests_waiting", VICTIM, waiting, "vllm")
        self._put("requests_running", VICTIM, story.filled(1.0), "vllm")

    def _pod(self, pod: PodIo) -> None:
        named = {"namespace": pod.namespace, "pod": pod.pod}
        labels = {**KUBELET, **named, "container": pod.container, "device": pod.device}
        sides = {
            "pod_reads": pod.reads,
            "pod_writes": pod.writes,
            "pod_read_bytes": pod.read_bytes,
            "pod_written_bytes": pod.write_bytes,
        }
        for signal, rates in sides.items():
            total = np.cumsum(rates * self.story.step)
            total[: pod.born] = np.nan
            self._put(signal, labels, total, "cadvisor")
        named |= {"uid": f"uid-{pod.pod}"}
        self._put("pod_info", {**named, "node": "n1"}, self.story.filled(1.0), "ksm")
        owner = {"owner_kind": pod.owner, "owner_name": pod.pod.rsplit("-", 1)[0]}
        self._put("pod_owner", {**named, **owner}, self.story.filled(1.0), "ksm")

    def _disk(self, device: str, pods: list[PodIo]) -> None:
        story = self.story
        reads = np.sum([pod.reads for pod in pods], axis=0)
        writes = np.sum([pod.writes for pod in pods], axis=0)
        read_bytes = np.sum([pod.read_bytes for pod in pods], axis=0)
        write_bytes = np.sum([pod.write_bytes for pod in pods], axis=0)
        if story.unattributed_writes is not None and device == "sda":
            writes = writes + story.unattributed_writes
            write_bytes = write_bytes + story.unattributed_writes * 262144
        latency = story.read_latency if story.read_latency is not None and device == "sda" else story.filled(2e-4)
        latency = latency * self.rng.normal(1.0, 0.05, story.steps)
        read_time, write_time = reads * latency, writes * latency * 5
        queue = read_time + write_time
        sides = {
            "disk_reads": reads,
            "disk_writes": writes,
            "disk_read_bytes": read_bytes,
            "disk_written_bytes": write_bytes,
            "disk_read_time": read_time,
            "disk_write_time": write_time,
            "disk_queue_time": queue,
            "disk_io_time": np.minimum(queue, 1.0),
        }
        for signal, rates in sides.items():
            self._count(signal, {**NODE, "device": device}, rates, "node_exporter")

    def _beats(self) -> None:
        times = self.grid.times().astype(np.float64) - 1.0
        for signal, instance, exporter in (
            ("ttft_heartbeat", VICTIM["instance"], "vllm"),
            ("disk_heartbeat", NODE["instance"], "node_exporter"),
            ("pod_io_heartbeat", KUBELET["instance"], "cadvisor"),
        ):
            self._put(signal, {"instance": instance}, times, exporter)
