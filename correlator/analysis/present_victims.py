"""Every victim's first tokens now, against what is usual for it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from correlator.analysis.evidence import instant
from correlator.analysis.level import Level
from correlator.analysis.memory import Memory, OpenRegression
from correlator.analysis.newest import known_or_none, rates_now
from correlator.analysis.quiet import key_of, quiet_steps
from correlator.analysis.rates import Bools
from correlator.analysis.rows import by_pod, of_containers
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.volumes import telling
from correlator.model.frame import Floats, Frames
from correlator.model.snapshot import SymptomNow, TtftNow, VictimNow
from correlator.model.topology import Pod, PodRef, Topology

RECENT_STEPS = 8
"""How many of the newest steps make up the present of first tokens, which are rarer than I/O."""

STATISTICS = ("p50", "p95", "mean")


def _pressure_by_pod(frames: Frames, signal: str, victims: Iterable[VictimKey]) -> dict[PodRef, float]:
    """Pressure of each victim's pod: the whole pod's row where there is one, else its worst container."""
    labels = frames.get(signal).labels
    rates, pods, containers = (
        rates_now(frames, signal, "pod_io_heartbeat").tolist(),
        by_pod(labels),
        of_containers(labels),
    )
    found: dict[PodRef, float] = {}
    for key in victims:
        known = [row for row in telling(frames, signal, pods.rows(key.ref)).tolist() if isfinite(rates[row])]
        whole = [row for row in known if not containers[row]]
        if known:
            found[key.ref] = max(0.0, *(min(1.0, rates[row]) for row in whole or known))
    return found


def victims_now(
    frames: Frames,
    newest: Frames,
    topology: Topology,
    victims: Victims,
    memory: Memory,
    symptoms: Mapping[VictimKey, tuple[SymptomNow, ...]],
) -> tuple[VictimNow, ...]:
    """Each victim's first tokens over the newest steps against its baseline, and its other `symptoms`.

    Those that have no first tokens come last.
    """
    without = sorted(symptoms.keys() - set(victims.keys))
    stalled = _pressure_by_pod(newest, "pod_io_stalled", (*victims.keys, *without))
    used = _volumes_used(topology)
    now, usual = _levels(victims, quiet_steps(victims, memory))
    since = {key_of(r): r for r in memory.open}

    def watched(key: VictimKey) -> VictimNow:
        pod = topology.pods.get(key.ref, Pod(ref=key.ref))
        users = (key.ref, *topology.depends_on.get(key.ref, ()))
        return VictimNow(
            namespace=key.ref.namespace,
            pod=key.ref.pod,
            workload=pod.workload,
            model_name=key.model_name,
            node=pod.node,
            tier=pod.tier,
            ttft=(),
            requests_per_second=None,
            requests_waiting=None,
            io_stalled_ratio=stalled.get(key.ref),
            volume_ids=tuple(sorted(set[str]().union(*(used.get(user, set()) for user in users)))),
            regressed_since=None,
            symptoms=symptoms.get(key, ()),
        )

    found = []
    for row, key in enumerate(victims.keys):
        regression = since.get(key)
        usual_level = usual[row] if regression is None else _baseline(regression)
        found.append(
            replace(
                watched(key),
                ttft=_ttft(now[row], usual_level, victims.bounds),
                requests_per_second=known_or_none(now[row].requests / (RECENT_STEPS * frames.grid.step)),
                requests_waiting=known_or_none(float(victims.waiting[row, -1])),
                regressed_since=None if regression is None else instant(regression.onset_at - frames.grid.step),
            )
        )
    return (*found, *map(watched, without))


def _volumes_used(topology: Topology) -> dict[PodRef, set[str]]:
    used: dict[PodRef, set[str]] = {}
    for edge in topology.edges:
        used.setdefault(edge.pod, set()).add(edge.volume_id)
    return used


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
