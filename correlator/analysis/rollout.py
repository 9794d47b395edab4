"""What changed about a victim itself around some moment: it restarted, its workload was rolled out, its model changed.

A new version may well be slower for good. That it came with the change is said; whether it is the cause is not decided.
"""

import numpy as np

from correlator.analysis.rates import Bools, restarted
from correlator.analysis.rows import by_pod, label
from correlator.analysis.victims import VictimKey
from correlator.analysis.workloads import template_hash_of
from correlator.model.frame import Floats, Frames
from correlator.model.topology import PodRef, Topology

RESTART, ROLLOUT, MODEL_CHANGE = "restart", "rollout", "model_change"
"""The named reasons."""

BEFORE_SECONDS = 600
"""A server that restarts loads its weights for minutes before it gives the first token."""

AFTER_STEPS = 2
"""Scrapes of different exporters do not fall on the same instant."""


def changes_around(frames: Frames, topology: Topology, key: VictimKey, at: float) -> tuple[str, ...]:
    """The named changes of a victim from shortly before `at` (epoch seconds) to just after; sorted, none is usual."""
    first, last = at - BEFORE_SECONDS, at + AFTER_STEPS * frames.grid.step
    found = {
        RESTART: _restarted(frames, key, first, last),
        ROLLOUT: _rolled_out(topology, key.ref, first, last),
        MODEL_CHANGE: _remodelled(frames, key, first, last),
    }
    return tuple(sorted(name for name, happened in found.items() if happened))


def _restarted(frames: Frames, key: VictimKey, first: float, last: float) -> bool:
    """Whether the pod started in [first, last], as Kubernetes says, or its request counter began anew."""
    started = frames.get("pod_start_time")
    told = started.values[by_pod(started.labels).rows(key.ref)]
    if bool(((told >= first) & (told <= last)).any()):
        return True
    counted = frames.get("ttft_count")
    mine = by_pod(counted.labels).rows(key.ref).tolist()
    rows = [row for row in mine if label(counted.labels[row], "model_name") == key.model_name]
    times = frames.grid.times()
    return any(bool(((times >= first) & (times <= last) & _falls(counted.values[row])).any()) for row in rows)


def _falls(values: Floats) -> Bools:
    """Steps at which a counter has begun anew since it was last known, shape (T,)."""
    known = np.flatnonzero(np.isfinite(values))
    fallen = np.zeros(len(values), dtype=np.bool_)
    fallen[known[1:]] = restarted(values[known[:-1]], values[known[1:]])
    return fallen


def _rolled_out(topology: Topology, ref: PodRef, first: float, last: float) -> bool:
    """Whether a pod of the same Deployment, made from another template, started in [first, last]."""
    mine = topology.pods.get(ref)
    if mine is None or not mine.workload.startswith("Deployment/"):
        return False
    version = template_hash_of(mine.workload, ref.pod)
    return any(
        pod.workload == mine.workload
        and pod.ref.namespace == ref.namespace
        and pod.started_at is not None
        and first <= pod.started_at <= last
        and template_hash_of(pod.workload, pod.ref.pod) not in ("", version)
        for pod in topology.pods.values()
    )


def _remodelled(frames: Frames, key: VictimKey, first: float, last: float) -> bool:
    """Whether the pod began to serve another model in [first, last], having been seen before that."""
    counted = frames.get("ttft_count")
    for row in by_pod(counted.labels).rows(key.ref).tolist():
        seen = np.flatnonzero(np.isfinite(counted.values[row]))
        if label(counted.labels[row], "model_name") != key.model_name and len(seen) and seen[0] > 0:
            began = float(frames.grid.start + seen[0] * frames.grid.step)
            if first <= began <= last:
                return True
    return False
