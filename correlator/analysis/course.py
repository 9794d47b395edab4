"""The course of a regression: opened, looked at again, taken over by a worse one, ended."""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.dating import dated_by_volume
from correlator.analysis.domains import use_of
from correlator.analysis.evidence import instant
from correlator.analysis.explain import NEW_NORMAL
from correlator.analysis.level import Level
from correlator.analysis.look import Look, Window, look, with_changes
from correlator.analysis.memory import Memory, OpenRegression, PastRegression
from correlator.analysis.onset import escalated, redated
from correlator.analysis.quiet import key_of, quiet_steps
from correlator.analysis.rates import Bools
from correlator.analysis.recovery import MISSING_SECONDS, end_of, hold_steps, is_slow, unseen_steps
from correlator.analysis.regression import THRESHOLDS, detect
from correlator.analysis.season import USUAL, StandIn
from correlator.analysis.standin import detect_by_season
from correlator.analysis.statement import Life, refreshed
from correlator.analysis.victims import Victim
from correlator.analysis.windows import Spans
from correlator.model.finding import EndReason, Finding, Verdict
from correlator.model.frame import Floats
from correlator.model.history import HistoryRequest

LOOKS = frozenset({0, 2, 5, 10, 20, 40, 80, 160})
"""Steps after detection at which an open regression is judged again: few, so that one of many looks is no accident."""

LIKELY = 0.5
"""From this confidence on somebody is suspected of a contention, if not accused."""

BY_STORAGE = (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE, Verdict.OWN_IO)
"""Verdicts after which the volume helps to date the onset."""

REDATED_STEPS = 10
"""For how long after detection the looks date the onset anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of a regression at this step.

    `known` is what was remembered of it, None when it is new; `now` what is to be remembered, None when it ended; a
    finding when one is due; `worse_at` the onset, as an index, of the worse regression that takes its place.
    """

    known: OpenRegression | None
    now: OpenRegression | None
    finding: Finding | None = None
    worse_at: int | None = None
    wanted: tuple[HistoryRequest, ...] = ()


def open_new(window: Window, followed: list[Course]) -> list[Course]:
    """Regressions that are seen for the first time at this step, those that take the place of lesser ones included.

    What is usual at this hour is none, unless storage did it or may have.
    """
    known = {key_of(regression) for regression in window.memory.open}
    rows = {key: row for row, key in enumerate(window.victims.keys)}
    worse = [_open(window, rows[key_of(c.known)], c.worse_at) for c in followed if c.known and c.worse_at is not None]
    found = [
        _open(window, detection.victim, detection.onset, stalled=detection.stalled)
        for detection in detect(window.victims, window.quiet, window.parameters)
        if window.victims.keys[detection.victim] not in known
    ]
    opened = {key_of(course.now) for course in found if course.now}
    by_season, more = detect_by_season(window)
    found += [
        _open(window, one.victim, one.onset, instead=one.instead)
        for one in by_season
        if window.victims.keys[one.victim] not in known | opened
    ]
    asked = [Course(known=None, now=None, wanted=more)] if more else []
    return worse + [_passed_over(course) if _is_usual(course.finding) else course for course in found] + asked


def _is_usual(finding: Finding | None) -> bool:
    """Whether it was as slow at this hour of another day, and the volume is not what made it so."""
    if finding is None or USUAL not in finding.reasons or finding.verdict in BY_STORAGE:
        return False
    by_load = finding.verdict is Verdict.LOAD
    return by_load or "volume_got_worse" not in finding.reasons or "victim_not_exposed" in finding.reasons


def _passed_over(course: Course) -> Course:
    """Nothing began; what it wants to know of other days stays asked for."""
    return Course(known=None, now=None, wanted=course.wanted)


def _open(window: Window, row: int, onset: int, *, stalled: bool = False, instead: StandIn | None = None) -> Course:
    grid = window.frames.grid
    finding, more = look(window, row, onset, Life(detected_at=window.at), stalled=stalled, instead=instead)
    sharper = onset if stalled else _sharpened(window, row, onset, finding, window.quiet[row])
    if sharper != onset:
        onset = sharper
        finding, more = look(window, row, onset, Life(detected_at=window.at), stalled=stalled, instead=instead)
    victim, key = window.victims.one(row), window.victims.keys[row]
    before = Spans.around(onset, grid.count, window.quiet[row]).before
    level = instead.level if instead else Level.over(victim, before)
    now = OpenRegression(
        namespace=key.ref.namespace,
        pod=key.ref.pod,
        model_name=key.model_name,
        onset_at=grid.start + onset * grid.step,
        detected_at=window.at,
        stalled=stalled,
        bounds=tuple(window.victims.bounds[:-1].tolist()),
        baseline_counts=tuple(level.counts.tolist()),
        baseline_mean=level.mean,
        calm_since=None,
        last=_without_evidence(finding),
    )
    return Course(known=None, now=now, finding=finding, wanted=more)


def _sharpened(window: Window, row: int, onset: int, finding: Finding, quiet: Bools) -> int:
    """The onset as the volume dates it, where it was the volume; `quiet` are the steps outside other regressions."""
    if finding.verdict not in BY_STORAGE or finding.volume is None:
        return onset
    use = use_of(window.frames, window.topology, finding.volume.id, window.victims.keys[row].ref)
    return dated_by_volume(window.victims.one(row), use, onset, window.quiet[row], quiet)


def _without_evidence(finding: Finding) -> Finding:
    """The memory keeps what a finding says, not its curves."""
    return replace(finding, evidence=type(finding.evidence)())


def follow(window: Window, known: OpenRegression) -> Course:
    """An open regression at this step."""
    row = {key: row for row, key in enumerate(window.victims.keys)}.get(key_of(known))
    if row is None or _is_gone(window, known, window.victims.one(row)):
        return _ended(window, known, row, window.at, EndReason.GONE)
    step = window.frames.grid.step
    victim = window.victims.one(row)
    if unseen_steps(victim):
        return Course(known=known, now=known)
    slow = _is_slow(window, known, victim)
    if not slow and known.calm_since is not None and window.at - known.calm_since >= hold_steps(step) * step:
        ended_at = _ended_at(window, known, victim, known.calm_since)
        return _ended(window, known, row, ended_at, EndReason.RECOVERED)
    if window.at - known.detected_at >= 2 * window.frames.grid.count * step:
        return _ended(window, known, row, window.at, EndReason.NEW_NORMAL)
    worse = _worse(window, known, victim)
    if worse is not None:
        at = window.frames.grid.start + worse * step
        return replace(_ended(window, known, row, at, EndReason.NEW_NORMAL), worse_at=worse)
    calm_since = None if slow else (known.calm_since or window.at)
    return _look_again(window, replace(known, calm_since=calm_since), row, known)


def _is_gone(window: Window, known: OpenRegression, victim: Victim) -> bool:
    """Whether the victim left: a pod that Kubernetes still knows, or a source that is blind, is waited for."""
    if unseen_steps(victim) < hold_steps(victim.step):
        return False
    pods = window.frames.get("pod_info")
    named = {("namespace", known.namespace), ("pod", known.pod)}
    rows = [row for row, labels in enumerate(pods.labels) if named <= set(labels)]
    is_known = bool(np.isfinite(pods.values[rows, -1]).any())
    return not is_known or unseen_steps(victim) * victim.step >= MISSING_SECONDS


def _worse(window: Window, known: OpenRegression, victim: Victim) -> int | None:
    """Where something worse began inside a regression that storage did not cause; None: it did not."""
    if known.stalled or _has_a_cause(known.last):
        return None
    if (window.at - known.detected_at) // window.frames.grid.step <= min(LOOKS - {0}):
        return None
    return escalated(victim, window.frames.grid.index(known.onset_at))


def _has_a_cause(finding: Finding) -> bool:
    """Whether storage is known to have done it: what gets worse then, as a ramp does, is the same regression.

    A suspect whose own rise is nowhere near the onset did not cause this regression, whatever came later.
    """
    if finding.verdict is Verdict.CONTENTION:
        return any(suspect.confidence >= LIKELY and suspect.lag_seconds is not None for suspect in finding.suspects)
    if finding.verdict is Verdict.UNDETERMINED:
        return {"volume_got_worse", "victim_exposed"} <= set(finding.reasons)
    return finding.verdict in (Verdict.DEGRADED_DEVICE, Verdict.OWN_IO)


def _look_again(window: Window, current: OpenRegression, row: int, known: OpenRegression) -> Course:
    """Judge it anew where a look is due and the window still holds enough of what was before."""
    grid = window.frames.grid
    if (window.at - current.detected_at) // grid.step not in LOOKS or not _can_look(window, current, row):
        return Course(known=known, now=current)
    onset = _onset_now(window, known, row)
    life = Life(detected_at=current.detected_at)
    instead = stand_in_of(known, window.victims.bounds)
    finding, more = look(window, row, onset, life, stalled=current.stalled, instead=instead)
    now = replace(current, onset_at=grid.start + onset * grid.step, last=_without_evidence(finding))
    return Course(known=known, now=now, finding=finding, wanted=more)


def _onset_now(window: Window, known: OpenRegression, row: int) -> int:
    """The onset, dated anew while the first steps since are what dates it; a stall's is not in doubt."""
    grid = window.frames.grid
    onset = grid.index(known.onset_at)
    if known.stalled or window.at - known.detected_at > REDATED_STEPS * grid.step:
        return onset
    elsewhere = Memory(open=tuple(r for r in window.memory.open if r != known), past=window.memory.past)
    quiet = quiet_steps(window.victims, elsewhere)[row]
    again = redated(window.victims.one(row), onset, window.quiet[row], quiet)
    return _sharpened(window, row, again, known.last, quiet)


def _is_slow(window: Window, known: OpenRegression, victim: Victim) -> bool:
    baseline = baseline_of(known, window.victims.bounds)
    return is_slow(victim, baseline, window.frames.grid.index(known.onset_at), window.parameters)


def _ended_at(window: Window, known: OpenRegression, victim: Victim, calm_since: int) -> int:
    """When first tokens became normal again: some steps before several of them together looked so."""
    grid = window.frames.grid
    onset, calm = grid.index(known.onset_at), grid.index(calm_since)
    if onset < 0 or known.stalled:
        return calm_since
    return grid.start + grid.step * end_of(victim, baseline_of(known, window.victims.bounds), onset, calm)


def baseline_of(known: OpenRegression, bounds: Floats) -> Level:
    """The baseline that a regression was detected against, in today's buckets."""
    counts = np.zeros(len(bounds))
    limits = np.append(np.array(known.bounds), np.inf)
    np.add.at(counts, np.minimum(np.searchsorted(bounds, limits), len(bounds) - 1), np.array(known.baseline_counts))
    return Level(counts, known.baseline_mean, float(counts.sum()))


def stand_in_of(known: OpenRegression, bounds: Floats) -> StandIn | None:
    """The baseline from another day that a regression was detected against; None where it was the window's own."""
    return StandIn.among(known.last.reasons, baseline_of(known, bounds))


def _can_look(window: Window, known: OpenRegression, row: int | None) -> bool:
    onset = window.frames.grid.index(known.onset_at)
    return row is not None and int(window.quiet[row, : max(0, onset)].sum()) >= THRESHOLDS.reference_steps


def _ended(window: Window, known: OpenRegression, row: int | None, ended_at: int, reason: EndReason) -> Course:
    """A regression that is over, with the last word on it."""
    finding, more = _final(window, known, row, ended_at, reason)
    if reason is not EndReason.NEW_NORMAL:
        at = _last_seen(window, row) if reason is EndReason.GONE else ended_at
        finding = with_changes(window, finding, key_of(known), at, "It ended")
    elif ended_at == window.at:
        finding = replace(finding, explanation=f"{finding.explanation} {NEW_NORMAL}")
    return Course(known=known, now=None, finding=finding, wanted=more)


def _last_seen(window: Window, row: int | None) -> float:
    """The last step at which anything was known of a victim; the window's start where nothing was."""
    seen = [] if row is None else np.flatnonzero(np.isfinite(window.victims.first_tokens[row])).tolist()
    return float(window.frames.grid.start + (seen[-1] if seen else 0) * window.frames.grid.step)


def _final(window: Window, known: OpenRegression, row: int | None, ended_at: int, reason: EndReason) -> Look:
    """The last word on a regression: a look at the whole of it where the window still holds it."""
    if row is None or not _can_look(window, known, row):
        return Look(refreshed(known.last, instant(window.at), instant(ended_at), reason))
    life = Life(detected_at=known.detected_at, ended_at=ended_at, end_reason=reason)
    instead = stand_in_of(known, window.victims.bounds)
    return look(window, row, window.frames.grid.index(known.onset_at), life, stalled=known.stalled, instead=instead)


def past_of(window: Window, followed: list[Course]) -> tuple[PastRegression, ...]:
    """Ended regressions that the window still holds; a new normal is a baseline from then on."""
    ended = [_past(c.known, c.finding, window.at) for c in followed if c.known and c.now is None and c.finding]
    kept = (*window.memory.past, *(past for past in ended if past is not None))
    return tuple(past for past in kept if past.end >= window.frames.grid.start)


def _past(known: OpenRegression, finding: Finding, at: int) -> PastRegression | None:
    ended_at = round(finding.ended_at.timestamp()) if finding.ended_at else at
    if finding.end_reason is EndReason.NEW_NORMAL and ended_at == at:
        return None
    return PastRegression(
        namespace=known.namespace, pod=known.pod, model_name=known.model_name, start=known.onset_at, end=ended_at
    )
