"""An open regression from step to step: looked at again, taken over by a worse one, ended."""

from dataclasses import replace

import numpy as np

from correlator.analysis.absence import is_stuck
from correlator.analysis.course import Course, baseline_of, can_look, sharpened, stand_in_of, without_evidence
from correlator.analysis.ending import ended
from correlator.analysis.look import Window, look
from correlator.analysis.memory import Memory, OpenRegression
from correlator.analysis.onset import escalated, redated
from correlator.analysis.opening import by_storage
from correlator.analysis.quiet import key_of, quiet_steps
from correlator.analysis.recovery import MISSING_SECONDS, end_of, hold_steps, is_slow, unseen_steps
from correlator.analysis.statement import Life
from correlator.analysis.stopping import is_silent
from correlator.analysis.symptoms import evened
from correlator.analysis.victims import Victim
from correlator.model.finding import EndReason, Finding, Verdict

LOOKS = frozenset({0, 2, 5, 10, 20, 40, 80, 160})
"""Steps after detection at which an open regression is judged again: few, so that one of many looks is no accident."""

LIKELY = 0.5
"""From this confidence on somebody is suspected of a contention, if not accused."""

REDATED_STEPS = 10
"""For how long after detection the looks date the onset anew."""


def follow(window: Window, known: OpenRegression) -> Course:
    """An open regression at this step."""
    row = {key: row for row, key in enumerate(window.victims.keys)}.get(key_of(known))
    if row is None or _is_gone(window, known, window.victims.one(row)):
        return ended(window, known, row, window.at, EndReason.GONE)
    step = window.frames.grid.step
    victim = window.victims.one(row)
    if unseen_steps(victim):
        return Course(known=known, now=known)
    slow = _is_slow(window, known, victim)
    if not slow and known.calm_since is not None and window.at - known.calm_since >= hold_steps(step) * step:
        ended_at = _ended_at(window, known, victim, known.calm_since)
        return ended(window, known, row, ended_at, EndReason.RECOVERED)
    if window.at - known.detected_at >= 2 * window.frames.grid.count * step:
        return ended(window, known, row, window.at, EndReason.NEW_NORMAL)
    worse = _worse(window, known, victim)
    if worse is not None:
        at = window.frames.grid.start + worse * step
        return replace(ended(window, known, row, at, EndReason.NEW_NORMAL), worse_at=worse)
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
    if (window.at - current.detected_at) // grid.step not in LOOKS or not can_look(window, current, row):
        return Course(known=known, now=current)
    onset = _onset_now(window, known, row)
    life = Life(detected_at=current.detected_at, silent=current.silent)
    instead = stand_in_of(known, window.victims.bounds)
    finding, more = look(window, row, onset, life, stalled=current.stalled, instead=instead)
    now = replace(current, onset_at=grid.start + onset * grid.step, last=without_evidence(finding))
    return Course(known=known, now=now, finding=finding, wanted=more)


def _onset_now(window: Window, known: OpenRegression, row: int) -> int:
    """The onset, dated anew while the first steps since are what dates it; a stall's is not in doubt."""
    grid = window.frames.grid
    onset = grid.index(known.onset_at)
    if known.stalled or window.at - known.detected_at > REDATED_STEPS * grid.step:
        return onset
    elsewhere = Memory(open=tuple(r for r in window.memory.open if r != known), past=window.memory.past)
    quiet = quiet_steps(window.victims, elsewhere)[row]
    again = redated(evened(window.victims.one(row), window.symptom), onset, window.quiet[row], quiet)
    return sharpened(window, row, again, known.last, quiet)


def _is_slow(window: Window, known: OpenRegression, victim: Victim) -> bool:
    onset = window.frames.grid.index(known.onset_at)
    if is_silent(victim, window.quiet[_row(window, known)], onset) and _fails_silently(window, known, onset):
        return True
    baseline = baseline_of(known, window.victims.bounds)
    return is_slow(victim, baseline, onset, window.parameters)


def _fails_silently(window: Window, known: OpenRegression, onset: int) -> bool:
    """Whether it is silence that was found, or work that storage slowed has stopped and waits on I/O."""
    return known.silent or (by_storage(known.last) and bool(is_stuck(window.frames, key_of(known).ref, onset)))


def _row(window: Window, known: OpenRegression) -> int:
    return window.victims.keys.index(key_of(known))


def _ended_at(window: Window, known: OpenRegression, victim: Victim, calm_since: int) -> int:
    """When first tokens became normal again: some steps before several of them together looked so."""
    grid = window.frames.grid
    onset, calm = grid.index(known.onset_at), grid.index(calm_since)
    if onset < 0 or known.stalled:
        return calm_since
    return grid.start + grid.step * end_of(victim, baseline_of(known, window.victims.bounds), onset, calm)
