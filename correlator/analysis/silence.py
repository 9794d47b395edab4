"""Work that stops although no request is known to wait: the failure that reports no latency.

A service that stopped is silent where it waits on I/O, or where nobody can tell whether requests wait. One that fell as
silent at this hour of other days, or that started anew, is not. Silence alone opens nothing: see `opening`.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from correlator.analysis.absence import is_made_anew, is_stuck
from correlator.analysis.look import Window
from correlator.analysis.rollout import RESTART, ROLLOUT, changes_around
from correlator.analysis.season import Hour, hours, season_requests
from correlator.analysis.stopping import THRESHOLDS, Stop, nearly_silent, stop_of
from correlator.analysis.victims import Victim, VictimKey
from correlator.model.history import HistoryRequest
from correlator.model.symptom import TTFT


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody who stopped: the row of the victim, its onset as an index, and what is to be asked of other days."""

    victim: int
    onset: int
    wanted: tuple[HistoryRequest, ...]


def silences(window: Window, known: Collection[VictimKey]) -> list[Silence]:
    """Who stopped and stands still at the last step, those `known` to be worse left out."""
    found = []
    for row in nearly_silent(window.victims.first_tokens):
        key, victim = window.victims.keys[row], window.victims.one(row)
        if key in known:
            continue
        stop = stop_of(victim, window.quiet[row])
        if stop is None or not _may_be_a_failure(window, victim, stop):
            continue
        usual, wanted = _season(window, victim, stop.onset)
        if not usual:
            found.append(Silence(row, stop.onset, wanted))
    return found


def _may_be_a_failure(window: Window, victim: Victim, stop: Stop) -> bool:
    """Whether it neither started anew nor fell idle.

    It waits on I/O; or, where its pressure is not known, it stopped at once and nobody can tell whether requests wait.
    """
    frames, key = window.frames, victim.key
    changed = changes_around(frames, window.topology, key, float(frames.grid.start + stop.onset * frames.grid.step))
    if {RESTART, ROLLOUT} & set(changed) or is_made_anew(frames, key.ref, stop.onset):
        return False
    stuck = is_stuck(frames, key.ref, stop.onset)
    if stuck is not None:
        return stuck
    return stop.abrupt and not np.isfinite(victim.waiting[-1] + victim.running[-1])


def _season(window: Window, victim: Victim, onset: int) -> tuple[bool, tuple[HistoryRequest, ...]]:
    """Whether it fell as silent at this hour of another day, and what is to be asked first."""
    if window.symptom != TTFT or not window.parameters.history_seconds:
        return False, ()
    asked = season_requests(victim.key, window.topology, window.at, victim.step)
    told = hours(asked, window.history, victim.bounds)
    steps = np.flatnonzero(window.quiet[window.victims.keys.index(victim.key)][:onset])
    rate = float(np.nanmean(victim.first_tokens[steps])) / victim.step
    usual = any(_fell_silent(hour, rate * next(iter(asked.values())).grid.step) for hour in told.values())
    return usual, tuple(request for request in asked.values() if request not in window.history)


def _fell_silent(hour: Hour, usual: float) -> bool:
    """Whether an hour in which work was done has a stretch with next to none of what is `usual` for one of its steps.

    Nothing is known of the hour's first step.
    """
    done = hour.counts[:, 1:].sum(axis=0)
    return bool(done.sum() > 0 and done.min() < THRESHOLDS.idle_share * usual)
