"""One step of judgement: frames and topology in, findings, a snapshot and the next memory out."""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.evidence import instant
from correlator.analysis.judge import Scene, judge
from correlator.analysis.memory import Memory, OpenRegression, PastRegression
from correlator.analysis.parameters import Parameters
from correlator.analysis.present import present
from correlator.analysis.rates import Bools
from correlator.analysis.recovery import HOLD_STEPS, is_slow, seems_gone
from correlator.analysis.regression import THRESHOLDS, Level, detect, onset_of
from correlator.analysis.statement import Life, refreshed, state
from correlator.analysis.victims import Victim, VictimKey, Victims, victims_of
from correlator.analysis.windows import GUARD_STEPS, Spans
from correlator.model.finding import EndReason, Finding
from correlator.model.frame import BlindSpot, Floats, Frames
from correlator.model.snapshot import Snapshot
from correlator.model.topology import PodRef, Topology

LOOKS = frozenset({0, 2, 5, 10, 20, 40, 80, 160})
"""Steps after detection at which an open regression is judged again: few, so that one of many looks is no accident."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one step yields. `memory` belongs to step `at` and is the input of the next."""

    at: int
    findings: tuple[Finding, ...]
    snapshot: Snapshot
    memory: Memory


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """What all victims of one step share."""

    frames: Frames
    topology: Topology
    victims: Victims
    quiet: Bools
    parameters: Parameters

    @property
    def at(self) -> int:
        return self.frames.grid.last


def evaluate(frames: Frames, topology: Topology, memory: Memory, at: int, parameters: Parameters) -> Evaluation:
    """Judge step `at`, the last step of `frames.grid`, in the light of the whole window.

    Depends on its arguments alone. Raises ValueError when `at` is not the window's last step.
    """
    if at != frames.grid.last:
        raise ValueError(f"step {at} is not the last of its window, {frames.grid.last}")
    victims = victims_of(frames)
    window = _Window(frames, topology, victims, _quiet(victims, memory), parameters)
    followed = [_follow(window, regression) for regression in memory.open]
    opened = _open_new(window, memory)
    findings = [f for _, f in (*followed, *opened) if f is not None]
    still_open = [r for r, _ in (*followed, *opened) if r is not None]
    after = Memory(open=tuple(still_open), past=_past(window, memory, followed))
    return Evaluation(at, tuple(findings), present(frames, topology, victims, after, _blind(frames, victims)), after)


def explain_victim(
    frames: Frames, topology: Topology, ref: PodRef, memory: Memory, parameters: Parameters
) -> Finding | None:
    """A finding for a victim at the window's last step, whether or not it is regressed; None where it is not known.

    An open regression is judged from its onset; otherwise the newest change, significant or not.
    """
    victims = victims_of(frames)
    rows = [row for row, key in enumerate(victims.keys) if key.ref == ref]
    if not rows:
        return None
    window = _Window(frames, topology, victims, _quiet(victims, memory), parameters)
    victim = victims.one(rows[0])
    known = next((r for r in memory.open if _key(r) == victim.key), None)
    onset = frames.grid.index(known.onset_at) if known is not None else onset_of(victim, window.quiet[rows[0]])
    onset = max(onset, 0)
    life = Life(detected_at=known.detected_at if known else window.at)
    finding = _look(window, rows[0], onset, life, stalled=known.stalled if known else False)
    return finding if known is not None else replace(finding, reasons=("no_open_regression", *finding.reasons))


def _key(regression: OpenRegression | PastRegression) -> VictimKey:
    return VictimKey(PodRef(regression.namespace, regression.pod), regression.model_name)


def _quiet(victims: Victims, memory: Memory) -> Bools:
    """Steps outside every known regression of the victim, with a margin: the rest is neither normal nor new."""
    quiet = np.ones((len(victims.keys), victims.grid.count), dtype=np.bool_)
    rows = {key: row for row, key in enumerate(victims.keys)}
    spans = [(_key(r), r.onset_at, None) for r in memory.open] + [(_key(p), p.start, p.end) for p in memory.past]
    for key, start, end in spans:
        if key in rows:
            first = max(0, victims.grid.index(start) - GUARD_STEPS)
            last = victims.grid.count if end is None else victims.grid.index(end) + GUARD_STEPS
            quiet[rows[key], first : max(first, last)] = False
    return quiet


def _open_new(window: _Window, memory: Memory) -> list[tuple[OpenRegression, Finding]]:
    """Regressions that are seen for the first time at this step."""
    known = {_key(regression) for regression in memory.open}
    found = []
    for detection in detect(window.victims, window.quiet, window.parameters):
        key = window.victims.keys[detection.victim]
        if key in known:
            continue
        life = Life(detected_at=window.at)
        finding = _look(window, detection.victim, detection.onset, life, stalled=detection.stalled)
        victim = window.victims.one(detection.victim)
        before = Spans.around(detection.onset, window.frames.grid.count, window.quiet[detection.victim]).before
        level = Level.over(victim, before)
        found.append((_regression(window, key, detection.onset, level, finding), finding))
    return found


def _regression(window: _Window, key: VictimKey, onset: int, level: Level, finding: Finding) -> OpenRegression:
    grid = window.frames.grid
    return OpenRegression(
        namespace=key.ref.namespace,
        pod=key.ref.pod,
        model_name=key.model_name,
        onset_at=grid.start + onset * grid.step,
        detected_at=window.at,
        stalled=finding.ttft.stalled,
        bounds=tuple(window.victims.bounds[:-1].tolist()),
        baseline_counts=tuple(level.counts.tolist()),
        baseline_mean=level.mean,
        calm_since=None,
        last=_without_evidence(finding),
    )


def _without_evidence(finding: Finding) -> Finding:
    """The memory keeps what a finding says, not its curves."""
    return replace(finding, evidence=type(finding.evidence)())


def _look(window: _Window, row: int, onset: int, life: Life, *, stalled: bool) -> Finding:
    """Judge one victim's regression from `onset` to its end or to now."""
    grid = window.frames.grid
    end = grid.count if life.ended_at is None else min(grid.count, grid.index(life.ended_at))
    victim = window.victims.one(row)
    spans = Spans.around(onset, end, window.quiet[row] & np.isfinite(victim.first_tokens))
    scene = Scene(
        frames=window.frames,
        topology=window.topology,
        victim=victim,
        spans=spans,
        onset=onset,
        before=Level.over(victim, spans.before),
        stalled=stalled,
    )
    return state(judge(scene, window.parameters), scene, life, window.parameters)


def _follow(window: _Window, known: OpenRegression) -> tuple[OpenRegression | None, Finding | None]:
    """An open regression at this step: what is remembered of it (None: it ended), and a finding when one is due."""
    grid = window.frames.grid
    row = {key: row for row, key in enumerate(window.victims.keys)}.get(_key(known))
    victim = None if row is None else window.victims.one(row)
    end = _end(window, known, victim)
    if end is not None:
        return None, _final(window, known, row, *end)
    assert victim is not None  # noqa: S101 - a victim that is gone has ended
    slow = _is_slow(window, known, victim)
    calm_since = None if slow else (known.calm_since or window.at)
    current = replace(known, calm_since=calm_since)
    if (window.at - known.detected_at) // grid.step not in LOOKS or not _can_look(window, known, row):
        return current, None
    life = Life(detected_at=known.detected_at)
    finding = _look(window, row or 0, grid.index(known.onset_at), life, stalled=known.stalled)
    return replace(current, last=_without_evidence(finding)), finding


def _is_slow(window: _Window, known: OpenRegression, victim: Victim) -> bool:
    baseline = baseline_of(known, window.victims.bounds)
    return is_slow(victim, baseline, window.frames.grid.index(known.onset_at), window.parameters)


def baseline_of(known: OpenRegression, bounds: Floats) -> Level:
    """The baseline that a regression was detected against, in today's buckets."""
    counts = np.zeros(len(bounds))
    limits = np.append(np.array(known.bounds), np.inf)
    np.add.at(counts, np.minimum(np.searchsorted(bounds, limits), len(bounds) - 1), np.array(known.baseline_counts))
    return Level(counts, known.baseline_mean, float(counts.sum()))


def _end(window: _Window, known: OpenRegression, victim: Victim | None) -> tuple[int, EndReason] | None:
    """When and why the regression ended; None while it goes on."""
    step = window.frames.grid.step
    if victim is None or seems_gone(victim):
        return window.at, EndReason.GONE
    slow = _is_slow(window, known, victim)
    if not slow and known.calm_since is not None and window.at - known.calm_since >= HOLD_STEPS * step:
        return known.calm_since, EndReason.RECOVERED
    if window.at - known.detected_at >= 2 * window.frames.grid.count * step:
        return window.at, EndReason.NEW_NORMAL
    return None


def _can_look(window: _Window, known: OpenRegression, row: int | None) -> bool:
    """Whether the window still holds enough of what was before."""
    onset = window.frames.grid.index(known.onset_at)
    return row is not None and int(window.quiet[row, : max(0, onset)].sum()) >= THRESHOLDS.reference_steps


def _final(window: _Window, known: OpenRegression, row: int | None, ended_at: int, reason: EndReason) -> Finding:
    """The last word on a regression: a look at the whole of it where the window still holds it."""
    if row is None or not _can_look(window, known, row):
        return refreshed(known.last, instant(window.at), instant(ended_at), reason)
    life = Life(detected_at=known.detected_at, ended_at=ended_at, end_reason=reason)
    return _look(window, row, window.frames.grid.index(known.onset_at), life, stalled=known.stalled)


def _past(
    window: _Window, memory: Memory, followed: list[tuple[OpenRegression | None, Finding | None]]
) -> tuple[PastRegression, ...]:
    """Ended regressions that the window still holds; a new normal is a baseline from then on."""
    ended = []
    for known, (still_open, finding) in zip(memory.open, followed, strict=True):
        if still_open is None and finding is not None and finding.end_reason is not EndReason.NEW_NORMAL:
            ended.append(
                PastRegression(
                    namespace=known.namespace,
                    pod=known.pod,
                    model_name=known.model_name,
                    start=known.onset_at,
                    end=round(finding.ended_at.timestamp()) if finding.ended_at else window.at,
                )
            )
    return tuple(p for p in (*memory.past, *ended) if p.end >= window.frames.grid.start)


def _blind(frames: Frames, victims: Victims) -> tuple[BlindSpot, ...]:
    """What the source said of its answers, and the signals without which there is nothing to say."""
    spots = list(frames.quality)
    if not victims.keys:
        spots.append(BlindSpot("ttft_bucket", "no inference server exports a TTFT histogram"))
    for signal, why in (
        ("disk_queue_time", "no node exports disk statistics: volumes cannot be judged"),
        ("pod_reads", "no kubelet exports the I/O of pods: nobody can be named"),
    ):
        if not frames.get(signal).labels:
            spots.append(BlindSpot(signal, why))
    return tuple(spots)
