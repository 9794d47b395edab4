"""What the kubelet's cAdvisor shows of pods: it reads each container every ten to fifteen seconds, whoever asks when.

Series carry the time of the reading. A pod without any I/O so far has no I/O series.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.simulator.case import Floats
from tests.simulator.running import Counted, Outcome
from tests.simulator.scene import Scene, Stream
from tests.simulator.scrape import Book, Losses, Target, counter, draw_target
from tests.simulator.vllm import outage_of

SIGNALS = ("pod_reads", "pod_read_bytes", "pod_writes", "pod_written_bytes")


@dataclass(frozen=True, slots=True, eq=False)
class _Readings:
    """When one container was read, shape (K,), as known at each scrape of the kubelet, and whether it existed."""

    at: Floats
    exists: NDArray[np.bool_]


def export_pods(book: Book, scene: Scene, outcome: Outcome) -> None:
    """I/O and pressure of every pod on every node."""
    outages = outage_of(scene, "cadvisor")
    for index in range(len(scene.nodes)):
        target = draw_target(scene.rng, scene.clock, scene.scraping.cadvisor, Losses(scene.scraping.lost, outages))
        _Kubelet(book, scene, outcome, target, index).export()


def pod_totals(scene: Scene, outcome: Outcome, place: int, device: int) -> dict[str, Floats]:
    """Running totals (T + 1,) of what a pod did on a device, by signal."""
    totals = {signal: np.zeros(len(scene.clock.edges)) for signal in SIGNALS}
    for stream, counted in _of_pod(outcome, place):
        if stream.device == device:
            operations, size = SIGNALS[2:] if stream.operation.is_write else SIGNALS[:2]
            totals[operations] += counted.operations * stream.split
            totals[size] += counted.bytes
    return totals


def _of_pod(outcome: Outcome, place: int) -> list[tuple[Stream, Counted]]:
    return [
        (stream, counted)
        for stream, counted in zip(outcome.streams, outcome.counted, strict=True)
        if stream.pod == place
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Kubelet:
    """The kubelet of one node and its scrapes."""

    book: Book
    scene: Scene
    outcome: Outcome
    target: Target
    node: int

    @property
    def labels(self) -> dict[str, str]:
        """The target's own."""
        node = self.scene.nodes[self.node]
        return {"instance": f"{node.address}:10250", "node": node.name}

    def export(self) -> None:
        """All pods of the node, and when the newest of them was read."""
        at = self.target.at
        newest = np.full(len(at), -np.inf)
        for place, pod in enumerate(self.scene.pods):
            if pod.node == self.node:
                readings = self._readings(place)
                newest = np.where(readings.exists, np.maximum(newest, readings.at), newest)
                self._io(place, readings)
                self._pressure(place, readings)
        beat = self.target.on_grid(np.where(np.isfinite(newest), newest, at))
        self.book.put("pod_io_heartbeat", {"instance": self.labels["instance"]}, beat, self.target.interval)

    def _readings(self, place: int) -> _Readings:
        """The newest reading of a container before each scrape."""
        pod, at, edges = self.scene.pods[place], self.target.at, self.scene.clock.edges
        pause = self.scene.scraping.housekeeping
        if pause <= 0:
            return _Readings(at, (at >= pod.started_at) & (at < pod.ended_at))
        rng = self.scene.rng
        number = int((edges[-1] - edges[0]) / (0.95 * pause)) + 3
        taken = edges[0] - rng.uniform(0.0, pause) + np.cumsum(rng.uniform(0.97, 1.06, number) * pause) - pause
        newest = np.searchsorted(taken, at, side="right") - 1
        read = np.maximum(taken[np.maximum(newest, 0)], edges[0])
        return _Readings(read, (read >= pod.started_at) & (at < pod.ended_at))

    def _io(self, place: int, readings: _Readings) -> None:
        pod, clock = self.scene.pods[place], self.scene.clock
        names = {**self.labels, "namespace": pod.namespace, "pod": pod.pod, "container": pod.container}
        age = max(0.0, clock.edges[0] - pod.started_at)
        for device in sorted({stream.device for stream, _ in _of_pod(self.outcome, place)}):
            labels = {**names, "device": f"/dev/{self.scene.devices[device].name}"}
            values = {}
            for signal, total in pod_totals(self.scene, self.outcome, place, device).items():
                usual = total[-1] / (clock.edges[-1] - clock.edges[0])
                first = float(np.floor(usual * age * 0.8))
                values[signal] = np.floor(counter(total, clock.edges, readings.at, pod.restarted_at, first))
            seen = readings.exists & (np.sum(list(values.values()), axis=0) > 0)
            for signal, row in values.items():
                self._put(signal, labels, np.where(seen, row, np.nan))
            major, minor = self.scene.devices[device].number.split(":")
            usage = np.where(seen, values["pod_read_bytes"] + values["pod_written_bytes"], np.nan)
            self._put("pod_device_usage", {**labels, "major": major, "minor": minor}, usage)

    def _pressure(self, place: int, readings: _Readings) -> None:
        if not self.scene.scraping.has_pod_pressure:
            return
        pod, clock = self.scene.pods[place], self.scene.clock
        clear = np.ones(len(clock.ticks))
        for _, counted in _of_pod(self.outcome, place):
            clear *= 1.0 - np.clip(np.diff(counted.waiting) / clock.tick, 0.0, 1.0)
        waiting = np.concatenate([[0.0], np.cumsum((1.0 - clear) * clock.tick)])
        first = float(self.scene.rng.uniform(0.0, 100.0)) if pod.started_at < clock.edges[0] else 0.0
        labels = {**self.labels, "namespace": pod.namespace, "pod": pod.pod}
        for signal, part in (("pod_io_waiting", 1.0), ("pod_io_stalled", 0.9)):
            values = counter(waiting * part, clock.edges, readings.at, pod.restarted_at, first)
            row = np.where(readings.exists, np.round(values, 6), np.nan)
            for container in (pod.container, ""):
                self._put(signal, {**labels, "container": container}, row)

    def _put(self, signal: str, labels: dict[str, str], values: Floats) -> None:
        self.book.put(signal, labels, self.target.on_grid(values), self.target.interval)
