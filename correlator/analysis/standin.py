"""Regressions of victims whose window holds too little that is normal: the same hour of another day stands in.

That is so while a pod is new, where requests are rare, and where other regressions fill the window.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.distribution import Reference, overdispersion, shift, step_scores
from correlator.analysis.level import Level, effect, is_practical
from correlator.analysis.look import Window
from correlator.analysis.onset import REFERENCE_REQUESTS, onset_against
from correlator.analysis.rates import Bools
from correlator.analysis.regression import THRESHOLDS, still_there
from correlator.analysis.season import Hour, StandIn, hours, season_requests
from correlator.model.history import HistoryRequest

EVERY_SECONDS = 60
"""How often it is looked for: that costs a second judgement of the step."""

VICTIMS = 8
"""So many victims at once, in turn."""

REQUESTS = 10.0
LASTING_SECONDS = 300
"""A server that has just started is slow for a while: a rise over another day counts once it has lasted."""

HOUR_STEPS = 6
"""An hour of another day with requests in fewer of its steps is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A regression against another day: the row of its victim, its onset as an index, and what it is compared with."""

    victim: int
    onset: int
    instead: StandIn


def detect_by_season(window: Window) -> tuple[list[Found], tuple[HistoryRequest, ...]]:
    """What stands at the last step, and what is to be asked of other days first."""
    if not window.parameters.history_seconds or window.at % EVERY_SECONDS >= window.frames.grid.step:
        return [], ()
    found: list[Found] = []
    wanted: list[HistoryRequest] = []
    for row in _in_turn(_short(window), window.at // EVERY_SECONDS):
        key = window.victims.keys[row]
        asked = season_requests(key, window.topology, window.at, window.frames.grid.step)
        wanted += [request for request in asked.values() if request not in window.history]
        instead = _normal(hours(asked, window.history, window.victims.bounds))
        onset = None if instead is None else _onset(window, row, instead)
        if instead is not None and onset is not None:
            found.append(Found(row, onset, instead[0]))
    return found, tuple(wanted)


def _short(window: Window) -> list[int]:
    """Victims with requests, but with too few normal ones for `regression.detect`."""
    known = np.isfinite(window.victims.first_tokens) & window.quiet
    requests = np.where(known, window.victims.first_tokens, 0.0)
    reference = requests[:, :-2]
    enough = (reference.sum(axis=1) >= REFERENCE_REQUESTS) & ((reference > 0).sum(axis=1) >= THRESHOLDS.reference_steps)
    return np.flatnonzero(~enough & (requests.sum(axis=1) >= REQUESTS)).tolist()


def _in_turn(rows: list[int], turn: int) -> list[int]:
    """VICTIMS of the rows, the next ones at each turn."""
    first = turn * VICTIMS % max(len(rows), 1)
    return sorted((rows[first:] + rows[:first])[:VICTIMS])


def _normal(known: dict[str, Hour]) -> tuple[StandIn, Hour] | None:
    """The nearest day whose hour has enough requests."""
    for name, hour in known.items():
        level = hour.level(0, hour.counts.shape[1])
        if level.requests >= REFERENCE_REQUESTS and int((hour.counts.sum(axis=0) > 0).sum()) >= HOUR_STEPS:
            return StandIn(name, level), hour
    return None


def _onset(window: Window, row: int, instead: tuple[StandIn, Hour]) -> int | None:
    """Where first tokens became significantly, practically and lastingly slower than then; None: they did not."""
    victim = window.victims.one(row)
    baseline = instead[0].level
    known = np.isfinite(victim.first_tokens) & window.quiet[row]
    onset = onset_against(victim, baseline.counts, known, window.quiet[row])
    after: Bools = known & (np.arange(len(known)) >= onset)
    recent = Level.over(victim, after)
    lasted = (len(known) - onset) * victim.step >= LASTING_SECONDS
    if not lasted or recent.requests < REQUESTS or _z(recent, instead[1]) < THRESHOLDS.z:
        return None
    slower = is_practical(effect(baseline, recent, victim.bounds), window.parameters)
    return onset if slower and still_there(victim, baseline, after) else None


def _z(recent: Level, hour: Hour) -> float:
    """By how many standard deviations recent requests lie above the hour, as its steps scatter."""
    counts = hour.counts[None, :, :]
    requests = counts.sum(axis=1)
    reference = Reference.of(counts.sum(axis=2))
    total = requests.sum(axis=1)
    tail_share = (reference.counts * reference.above).sum(axis=1) / total
    body_variance = (reference.counts * reference.scores**2).sum(axis=1) / total
    body = overdispersion(step_scores(counts, reference.scores), requests, body_variance, 1)
    tail_sums = step_scores(counts, reference.above) - requests * tail_share[:, None]
    tail = overdispersion(tail_sums, requests, tail_share * (1.0 - tail_share), 1)
    return float(shift(recent.counts[None, :], reference, body, tail).strongest[0])
