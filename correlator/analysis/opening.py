"""Regressions that are seen for the first time, and which of them are worth an incident."""

from dataclasses import replace

from correlator.analysis.course import BY_STORAGE, Course, sharpened, without_evidence
from correlator.analysis.level import Level
from correlator.analysis.look import Window, look
from correlator.analysis.memory import OpenRegression
from correlator.analysis.quiet import key_of
from correlator.analysis.regression import detect
from correlator.analysis.season import USUAL, StandIn
from correlator.analysis.silence import Silence, silences
from correlator.analysis.standin import detect_by_season
from correlator.analysis.statement import Life
from correlator.analysis.symptoms import evened
from correlator.analysis.windows import Spans
from correlator.model.finding import Finding, Verdict
from correlator.model.symptom import TTFT

SATURATED_RATIO, SATURATED_DEPTH = 0.8, 4.0
"""A volume is saturated when it is busy for this part of the time, or when so many operations are inside on average."""


def open_new(window: Window, followed: list[Course]) -> list[Course]:
    """Regressions that are seen for the first time at this step, those that take the place of lesser ones included.

    What is usual at this hour is none, unless storage did it or may have.
    """
    known = {key_of(regression) for regression in window.memory.open}
    rows = {key: row for row, key in enumerate(window.victims.keys)}
    worse = [_open(window, rows[key_of(c.known)], c.worse_at) for c in followed if c.known and c.worse_at is not None]
    found = [
        _open(window, detection.victim, detection.onset, stalled=detection.stalled)
        for detection in detect(evened(window.victims, window.symptom), window.quiet, window.parameters)
        if window.victims.keys[detection.victim] not in known
    ]
    opened = {key_of(course.now) for course in found if course.now}
    found += [_open_silent(window, silence) for silence in silences(window, known | opened)]
    opened = {key_of(course.now) for course in found if course.now}
    by_season, more = detect_by_season(window)
    found += [
        _open(window, one.victim, one.onset, instead=one.instead)
        for one in by_season
        if window.victims.keys[one.victim] not in known | opened
    ]
    asked = [Course(known=None, now=None, wanted=more)] if more else []
    return worse + [course if _is_worth_opening(window, course) else _passed_over(course) for course in found] + asked


def _is_worth_opening(window: Window, course: Course) -> bool:
    """First tokens are watched for their own sake; another symptom for what storage does to it."""
    if course.now is not None and course.now.silent:
        return by_another(course.finding)
    return not _is_usual(course.finding) and (window.symptom == TTFT or by_storage(course.finding))


def _is_usual(finding: Finding | None) -> bool:
    """Whether it was as slow at this hour of another day, and the volume is not what made it so."""
    if finding is None or USUAL not in finding.reasons or finding.verdict in BY_STORAGE:
        return False
    by_load = finding.verdict is Verdict.LOAD
    return by_load or "volume_got_worse" not in finding.reasons or "victim_not_exposed" in finding.reasons


def _passed_over(course: Course) -> Course:
    """Nothing began; what it wants to know of other days stays asked for."""
    return Course(known=None, now=None, wanted=course.wanted, looked=course.looked)


def _open_silent(window: Window, silence: Silence) -> Course:
    course = _open(window, silence.victim, silence.onset, stalled=True, silent=True)
    return replace(course, wanted=(*course.wanted, *silence.wanted))


def _open(
    window: Window,
    row: int,
    onset: int,
    *,
    stalled: bool = False,
    silent: bool = False,
    instead: StandIn | None = None,
) -> Course:
    grid = window.frames.grid
    life = Life(detected_at=window.at, silent=silent)
    finding, more = look(window, row, onset, life, stalled=stalled, instead=instead)
    sharper = onset if stalled else sharpened(window, row, onset, finding, window.quiet[row])
    if sharper != onset:
        onset = sharper
        finding, more = look(window, row, onset, life, stalled=stalled, instead=instead)
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
        last=without_evidence(finding),
        symptom=window.symptom.name,
        silent=silent,
    )
    return Course(known=None, now=now, finding=finding, wanted=more, looked=key.ref)


def by_storage(finding: Finding | None) -> bool:
    """Whether the volume is what made it worse."""
    return finding is not None and finding.verdict in (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE)


def by_another(finding: Finding | None) -> bool:
    """Whether the volume is saturated, and somebody is accused of it."""
    if finding is None or finding.verdict is not Verdict.CONTENTION or finding.use is None:
        return False
    busy, depth = finding.use.utilization_ratio.observed or 0.0, finding.use.queue_depth.observed or 0.0
    saturated = busy >= SATURATED_RATIO or depth >= SATURATED_DEPTH
    return saturated and any(suspect.accused for suspect in finding.suspects)
