"""Every victim's first tokens now, against what is usual for it."""

from math import isfinite

import numpy as np

from correlator.analysis.evidence import instant
from correlator.analysis.level import Level
from correlator.analysis.memory import Memory, OpenRegression
from correlator.analysis.newest import known_or_none, rates_now
from correlator.analysis.quiet import key_of, quiet_steps
from correlator.analysis.rates import Bools
from correlator.analysis.rows import by_pod, of_containers
from correlator.analysis.victims import Victims
from correlator.analysis.volumes import telling
from correlator.model.frame import Floats, Frames
from correlator.model.snapshot import TtftNow, VictimNow
from correlator.model.topology import Pod, PodRef, Topology

RECENT_STEPS = 8
"""How many of the newest steps make up the present of first tokens, which are rarer than I/O."""

STATISTICS = ("p50", "p95", "mean")


def _pressure_by_pod(frames: Frames, signal: str, victims: Victims) -> dict[PodRef, float]:
    """Pressure of each victim's pod: the whole pod's row where there is one, else its worst container."""
    labels = frames.get(signal).labels
    rates, pods, containers = (
        rates_now(frames, signal, "pod_io_heartbeat").tolist(),
        by_pod(labels),
        of_containers(labels),
    )
    found: dict[PodRef, float] = {}
    for key in victims.keys:
        known = [row for row in telling(frames, signal, pods.rows(key.ref)).tolist() if isfinite(rates[row])]
        whole = [row for row in known if not containers[row]]
        if known:
            found[key.ref] = max(0.0, *(min(1.0, rates[row]) for row in whole or known))
    return found


def victims_now(
    frames: Frames, newest: Frames, topology: Topology, victims: Victims, memory: Memory
) -> tuple[VictimNow, ...]:
    """Each victim's first tokens over the newest steps against its baseline."""
    since = {key_of(r): r for r in memory.open}
    stalled = _pressure_by_pod(newest, "pod_io_stalled", victims)
    volumes: dict[PodRef, set[str]] = {}
    for edge in topology.edges:
        volumes.setdefault(edge.pod, set()).add(edge.volume_id)

    def volumes_used(ref: PodRef) -> set[str]:
        users = (ref, *topology.depends_on.get(ref, ()))
        return set().union(*(volumes.get(user, set()) for user in users))

    now, usual = _levels(victims, quiet_steps(victims, memory))
    found = []
    for row, key in enumerate(victims.keys):
        regression = since.get(key)
        usual_level = usual[row] if regression is None else _baseline(regression)
        pod = topology.pods.get(key.ref, Pod(ref=key.ref))
        found.append(
            VictimNow(
                namespace=key.ref.namespace,
                pod=key.ref.pod,
                workload=pod.workload,
                model_name=key.model_name,
                node=pod.node,
                tier=pod.tier,
                ttft=_ttft(now[row], usual_level, victims.bounds),
                requests_per_second=known_or_none(now[row].requests / (RECENT_STEPS * frames.grid.step)),
                requests_waiting=known_or_none(float(victims.waiting[row, -1])),
                io_stalled_ratio=stalled.get(key.ref),
                volume_ids=tuple(sorted(volumes_used(key.ref))),
                regressed_since=None if regression is None else instant(regression.onset_at - frames.grid.step),
            )
        )
    return tuple(found)


def _levels(victims: Victims, quiet: Bools) -> tuple[list[Level], list[Level]]:
    """The newest steps, and the quiet ones before them, for every victim."""
    known = np.isfinite(victims.first_tokens) & np.isfinite(victims.ttft_sum)
    known[:, :-RECENT_STEPS] &= quiet[:, :-RECENT_STEPS]
    recent = np.arange(known.shape[1]) >= known.shape[1] - RECENT_STEPS
    now, usual = (
        [Level.over(victims.one(row), known[row] & part) for row in range(len(known))] for part in (recent, ~recent)
    )
    return now, usual


def _baseline(regression: OpenRegression) -> Level:
    counts = np.array(regression.baseline_counts)
    return Level(counts, regression.baseline_mean, float(counts.sum()))


def _ttft(now: Level, usual: Level, bounds: Floats) -> tuple[TtftNow, ...]:
    return tuple(
        TtftNow(
            statistic=name,
            observed_seconds=known_or_none(now.statistic(name, bounds)),
            baseline_seconds=known_or_none(usual.statistic(name, bounds)),
        )
        for name in STATISTICS
    )
