"""Puts a case into the published form: effect, volume, suspects, and how the excess divides."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np

from correlator.analysis.account import Account, blamed_of, mean_ttft
from correlator.analysis.advice import advise
from correlator.analysis.case import Case, Scene, Suspicion
from correlator.analysis.considered import considered
from correlator.analysis.evidence import began, evidence_of, instant
from correlator.analysis.explain import explain
from correlator.analysis.level import QUANTILE_REQUESTS, Level, effect
from correlator.analysis.limit import limit_of
from correlator.analysis.load import change
from correlator.analysis.parameters import Parameters
from correlator.analysis.regression import THRESHOLDS
from correlator.analysis.ruled_out import ruled_out
from correlator.analysis.suspects import q_values
from correlator.analysis.volumes import node_pressure, pod_pressure
from correlator.analysis.windows import mean_over
from correlator.model.finding import (
    Change,
    EndReason,
    Finding,
    Limit,
    MeanExcess,
    Suspect,
    SuspectKind,
    TtftEffect,
    UseChange,
    Verdict,
    Victim,
    VolumeSeen,
)
from correlator.model.frame import Floats, Frames
from correlator.model.topology import Pod, PodRef, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """When a regression was detected and, once it is over, when and why it ended; epoch seconds."""

    detected_at: int
    ended_at: int | None = None
    end_reason: EndReason | None = None


def state(case: Case, scene: Scene, life: Life, parameters: Parameters) -> Finding:
    """The finding of a case at the last step of its scene's window."""
    grid, topology = scene.frames.grid, scene.topology
    suspects = _suspects(case, topology, parameters)
    told = _account(case, scene, suspects)
    return Finding(
        at=instant(grid.last),
        victim=told.victim,
        started_at=began(case.onset, grid),
        detected_at=instant(life.detected_at),
        ended_at=None if life.ended_at is None else instant(life.ended_at),
        end_reason=life.end_reason,
        verdict=case.verdict,
        confidence=round(float(case.confidence), 4),
        reasons=case.reasons,
        ttft=told.ttft,
        volume=told.volume,
        use=told.use,
        suspects=suspects,
        blind_spots=case.blind_spots,
        explanation=explain(case, told),
        advice=advise(case, told.victim, told.volume, suspects),
        evidence=replace(
            evidence_of(case, grid, life.ended_at),
            considered=told.considered,
            considered_rest=told.considered_rest,
            ruled_out=told.ruled_out,
            mean_ttft=told.mean_ttft,
            limit=told.limit,
        ),
    )


def _account(case: Case, scene: Scene, suspects: tuple[Suspect, ...]) -> Account:
    """What is told of a case, and shown as evidence."""
    blamed = blamed_of(case, suspects)
    refs = frozenset(_ref_of(suspect) for suspect in blamed)
    others, rest = considered(case, scene.topology, refs)
    limit = limit_of(case.volume, case.spans, case.verdict) if case.volume else None
    return Account(
        victim=victim_value(case.victim.key.ref, case.victim.key.model_name, scene.topology),
        ttft=_ttft(case),
        volume=_volume(case, limit),
        use=_use(case, scene.frames, scene.topology),
        blamed=blamed,
        considered=others,
        considered_rest=rest,
        ruled_out=ruled_out(case),
        mean_ttft=mean_ttft(case, blamed),
        limit=limit,
    )


def _ref_of(suspect: Suspect) -> PodRef | None:
    """Whom a suspect's I/O was put down to."""
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return None
    is_pod = suspect.kind is SuspectKind.POD
    return PodRef(suspect.namespace, suspect.pod) if is_pod else PodRef.of_node(suspect.node)


def victim_value(ref: PodRef, model_name: str, topology: Topology) -> Victim:
    """The published form of a victim."""
    pod = topology.pods.get(ref, Pod(ref=ref))
    return Victim(
        namespace=ref.namespace,
        pod=ref.pod,
        workload=pod.workload,
        model_name=model_name,
        node=pod.node,
        tier=pod.tier,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _ttft(case: Case) -> TtftEffect:
    """The statistic that moved most; a victim that gives no tokens at all has no observed value."""
    bounds = case.victim.bounds
    moved = effect(case.before, case.during, bounds)
    name = moved.statistic if moved is not None else "p95"
    return TtftEffect(
        statistic=name,
        baseline_seconds=_known(case.before.statistic(name, bounds)),
        observed_seconds=_known(case.during.statistic(name, bounds)),
        peak_seconds=_known(_peak(case, name)),
        ratio=_known(moved.ratio) if moved is not None else None,
        requests_affected=round(case.during.requests),
        stalled=case.stalled,
        mean_excess_seconds=_excess(case),
    )


def _peak(case: Case, name: str) -> float:
    """The highest value of the statistic in three steps together that have enough requests; NaN when none has."""
    steps = np.flatnonzero(case.spans.during)
    enough = THRESHOLDS.recent_requests if name == "mean" else QUANTILE_REQUESTS
    highest = float("nan")
    for first in steps[:-2]:
        chosen = np.zeros_like(case.spans.during)
        chosen[first : first + 3] = True
        level = Level.over(case.victim, chosen & case.spans.during)
        if level.requests >= enough:
            highest = float(np.fmax(highest, level.statistic(name, case.victim.bounds)))
    return float(np.fmax(highest, case.during.statistic(name, case.victim.bounds)))


def _excess(case: Case) -> MeanExcess:
    """The rise of the mean, divided; what storage cost goes to whoever added load to the volume."""
    split = case.split
    if not np.isfinite(split.total):
        return MeanExcess(total=None)
    own = rest = pods = 0.0
    if case.volume is not None and case.verdict in (Verdict.CONTENTION, Verdict.OWN_IO, Verdict.LOAD):
        own = split.storage * case.volume.contributions.share_of(case.victim.key.ref)
        rest = split.storage * case.volume.contributions.share_of(None)
        pods = split.storage - own - rest if case.volume.contributions.items else 0.0
    return MeanExcess(
        total=split.total,
        suspects=pods,
        load=split.load,
        own_io=own,
        unattributed_io=rest,
        unexplained=split.total - split.load - own - rest - pods,
    )


def _volume(case: Case, limit: Limit | None) -> VolumeSeen | None:
    if case.volume is None:
        return None
    volume = case.volume.worse.volume
    return VolumeSeen(
        id=volume.id,
        name=volume.name,
        kind=volume.kind,
        node=volume.node,
        device=volume.device,
        claims=volume.claims,
        bound=limit.bound if limit else None,
        via=case.volume.via,
    )


def _use(case: Case, frames: Frames, topology: Topology) -> UseChange | None:
    if case.volume is None:
        return None
    worse = case.volume.worse
    stalled = pod_pressure(frames, "pod_io_stalled", case.victim.key.ref)
    where = worse.volume.node or topology.pods.get(case.victim.key.ref, Pod(ref=case.victim.key.ref)).node
    node = node_pressure(frames, topology, "node_io_stalled", where)
    return UseChange(
        utilization_ratio=worse.utilization,
        queue_depth=worse.queue_depth,
        node_io_stalled_ratio=_around(node, case),
        victim_io_stalled_ratio=_around(stalled, case),
        read_latency_seconds=worse.read_latency,
        write_latency_seconds=worse.write_latency,
        errors=worse.errors,
    )


def _around(values: Floats, case: Case) -> Change:
    return change(mean_over(values, case.spans.before), mean_over(values, case.spans.during))


def _suspects(case: Case, topology: Topology, parameters: Parameters) -> tuple[Suspect, ...]:
    """Suspects by confidence, then share. The excess of storage divides by share."""
    adjusted = q_values([s.contribution.p_value for s in case.suspicions])
    return tuple(_suspect(s, q, case, topology, parameters) for s, q in zip(case.suspicions, adjusted, strict=True))


def _suspect(
    suspicion: Suspicion, q_value: float | None, case: Case, topology: Topology, parameters: Parameters
) -> Suspect:
    item = suspicion.contribution
    ref = item.ref or PodRef("", "")
    pod = topology.pods.get(ref, Pod(ref=ref))
    reads, writes, read_bytes, write_bytes = (change(b, d) for b, d in zip(item.before, item.during, strict=True))
    node = ref.node or pod.node or (case.volume.worse.volume.node if case.volume else "")
    return Suspect(
        kind=_kind(item.ref),
        namespace=ref.namespace,
        pod="" if ref.node else ref.pod,
        workload=pod.workload,
        node=node,
        tier=pod.tier,
        confidence=round(float(suspicion.confidence), 4),
        accused=case.verdict is Verdict.CONTENTION and bool(suspicion.confidence >= parameters.accusation_threshold),
        direction=_direction(suspicion, case),
        share_ratio=round(float(item.share), 4),
        mean_excess_seconds=_known(case.split.storage * item.share) if case.verdict is Verdict.CONTENTION else 0.0,
        lag_seconds=None if item.lag_steps is None else float(item.lag_steps * case.victim.step),
        p_value=item.p_value,
        q_value=q_value,
        read_bytes_per_second=read_bytes,
        write_bytes_per_second=write_bytes,
        read_operations_per_second=reads,
        write_operations_per_second=writes,
        features=_features(suspicion, case),
        recurrence=item.recurrence,
    )


def _kind(ref: PodRef | None) -> SuspectKind:
    if ref is None:
        return SuspectKind.UNATTRIBUTED
    return SuspectKind.NODE if ref.node else SuspectKind.POD


def _features(suspicion: Suspicion, case: Case) -> dict[str, float]:
    """What the confidence was calculated from, so that it can be checked, and fitted anew on what people say."""
    if case.chain is None:
        return {}
    parts = (("chain", case.chain), ("culprit", suspicion.features))
    return {f"{part}.{each.name}": round(getattr(seen, each.name), 4) for part, seen in parts for each in fields(seen)}


def _direction(suspicion: Suspicion, case: Case) -> str:
    """Which side of its I/O rose, by device time; the smaller side counts from a fifth of the rise on."""
    if case.volume is None:
        return "both"
    item = suspicion.contribution
    priced = case.volume.worse.prices.seconds * np.maximum(np.nan_to_num(item.during - item.before), 0.0)
    flushed = item.flush_seconds * max(0.0, float(np.nan_to_num(item.during[1] - item.before[1])))
    reads, writes = float(priced[0] + priced[2]), float(priced[1] + priced[3]) + flushed
    if min(reads, writes) >= 0.2 * (reads + writes):
        return "both"
    return "read" if reads > writes else "write"


def refreshed(finding: Finding, at: datetime, ended_at: datetime | None, end_reason: EndReason | None) -> Finding:
    """The same finding at a later step, when the window no longer holds what a new look would need."""
    return replace(finding, at=at, ended_at=ended_at, end_reason=end_reason)
