"""The last word on a regression, and what is remembered of it."""

from dataclasses import replace

import numpy as np

from correlator.analysis.course import Course, can_look, stand_in_of
from correlator.analysis.evidence import instant
from correlator.analysis.explain import NEW_NORMAL
from correlator.analysis.look import Look, Window, look, with_changes
from correlator.analysis.memory import OpenRegression, PastRegression
from correlator.analysis.quiet import key_of
from correlator.analysis.statement import Life, refreshed
from correlator.model.finding import EndReason, Finding


def ended(window: Window, known: OpenRegression, row: int | None, ended_at: int, reason: EndReason) -> Course:
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
    if row is None or not can_look(window, known, row):
        return Look(refreshed(known.last, instant(window.at), instant(ended_at), reason))
    life = Life(detected_at=known.detected_at, ended_at=ended_at, end_reason=reason, silent=known.silent)
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
        namespace=known.namespace,
        pod=known.pod,
        model_name=known.model_name,
        start=known.onset_at,
        end=ended_at,
        symptom=known.symptom,
    )
