"""Pods beside the model server, on the same node: what they do, and what their exporters say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from correlator import catalog
from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from tests.scenes import KUBELET

SYMPTOMS = {symptom.name: symptom for symptom in catalog.load_symptoms()}
TRANSACTIONS = SYMPTOMS["postgresql_transactions"]
FSYNC = SYMPTOMS["etcd_fsync"]
TOKENS = SYMPTOMS["tokens_per_second"]
PROMPTS = SYMPTOMS["prompt_processing"]


@dataclass
class Added:
    """Frames to which series are added, signal by signal."""

    frames: Frames
    rows: dict[str, dict[Labels, Floats]] = field(default_factory=dict)

    def put(self, signal: str, labels: Mapping[str, str], values: Floats) -> None:
        """One more series."""
        self.rows.setdefault(signal, {})[labels_of(labels)] = values

    def count(self, signal: str, labels: Mapping[str, str], gains: Floats) -> None:
        """A counter with its gain in each step."""
        self.put(signal, labels, 1000.0 + np.cumsum(gains))

    def pressure(self, namespace: str, pod: str, waiting: Floats) -> None:
        """I/O pressure of a whole pod, as a share of time."""
        labels = {**KUBELET, "namespace": namespace, "pod": pod}
        self.count("pod_io_waiting", labels, waiting * self.frames.grid.step)

    def database(self, pod: str, rate: Floats, seconds: Floats, seed: int = 7) -> None:
        """A PostgreSQL of the namespace `memory`: transactions a second, and the mean time that each takes."""
        step, rng = self.frames.grid.step, np.random.default_rng(seed)
        done = rng.poisson(rate * step).astype(np.float64)
        labels = {"namespace": "memory", "pod": pod, "instance": f"{pod}:9187"}
        named = {**labels, "datname": "agents"}
        self.count("postgresql_transactions", named, done)
        self.count("postgresql_active_time", named, done * seconds * rng.lognormal(0.0, 0.15, len(done)))
        beat = self.frames.grid.times().astype(np.float64) - 1.0
        self.put("postgresql_heartbeat", {"instance": labels["instance"]}, beat)

    def result(self) -> Frames:
        """The frames with all that was added."""
        grid, found = self.frames.grid, dict(self.frames.by_signal)
        for signal, rows in self.rows.items():
            old = self.frames.get(signal)
            found[signal] = Frame.from_rows(signal, grid, {**dict(zip(old.labels, old.values, strict=True)), **rows})
        intervals = {**self.frames.intervals, **dict.fromkeys(self.rows, grid.step)}
        return replace(self.frames, by_signal=found, intervals=intervals)


def without(frames: Frames, signals: tuple[str, ...], steps: slice, pod: str = "") -> Frames:
    """The frames in which some series (of one pod, where it is named) are unknown at some steps."""
    found = dict(frames.by_signal)
    for signal in signals:
        frame = frames.get(signal)
        values = frame.values.copy()
        rows = [row for row, labels in enumerate(frame.labels) if not pod or dict(labels).get("pod") == pod]
        values[rows, steps] = np.nan
        found[signal] = Frame(signal, frames.grid, frame.labels, values)
    return replace(frames, by_signal=found)
