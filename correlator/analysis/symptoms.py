"""Every symptom as the engine knows one: seconds that things took, in buckets, step by step.

A histogram is there already, under other names. Where there are only totals, all that was done in a step counts as slow
as its mean: what such steps scatter is measured like any other overdispersion, so that nothing looks surer than it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from correlator.analysis.memory import Memory, OpenRegression, PastRegression
from correlator.analysis.onset import scales
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import gains_of
from correlator.analysis.rows import Groups, Rows, kept, label
from correlator.analysis.victims import Victim, VictimKey, Victims, victims_of
from correlator.model.frame import Floats, Frame, Frames
from correlator.model.symptom import TTFT, Form, Symptom
from correlator.model.topology import victim_ref

Some = TypeVar("Some", Victim, Victims)

BOUNDS = np.append(np.geomspace(1e-5, 1e3, 42), np.inf)
"""Buckets for means, 1.57 times apart; what a person would mind is told by the mean itself."""

SAMPLE = 10.0
"""So many of each step are told from those of others: all that were done in it have its one mean, however many."""

HALF = 0.5
"""Who has not risen by this part of what opens, at any length, is not looked at."""

SILENT_STEPS = 3
"""Nor is who did something in the newest so many steps, where it is asked who stopped."""


def own_memory(memory: Memory, symptom: Symptom) -> Memory:
    """What is remembered of one symptom."""

    def mine(one: OpenRegression | PastRegression) -> bool:
        return one.symptom == symptom.name

    return Memory(open=tuple(filter(mine, memory.open)), past=tuple(filter(mine, memory.past)))


def own_parameters(parameters: Parameters, symptom: Symptom) -> Parameters:
    """The thresholds of a symptom. Days before the window are known for first tokens alone."""
    if symptom.name == TTFT.name:
        return parameters
    return replace(parameters, ttft_ratio=symptom.ratio, ttft_floor_seconds=symptom.floor, history_seconds=0)


def seen_as_ttft(frames: Frames, symptom: Symptom) -> Frames:
    """The frames in which a symptom's signals stand where those of first tokens do."""
    if symptom.name == TTFT.name:
        return frames
    names = {
        TTFT.bucket: symptom.bucket,
        TTFT.total: symptom.total,
        TTFT.count: symptom.count,
        TTFT.heartbeat: symptom.heartbeat,
    }
    empty = {name: Frame.empty(name, frames.grid) for name in (*names, "prompt_tokens")}
    found = {name: _renamed(frames.get(own), name) for name, own in names.items() if own}
    intervals = {name: frames.intervals[own] for name, own in names.items() if own in frames.intervals}
    return replace(
        frames,
        by_signal={**frames.by_signal, **empty, **found},
        intervals={**frames.intervals, **intervals},
    )


def _renamed(frame: Frame, name: str) -> Frame:
    return Frame(name, frame.grid, frame.labels, frame.values)


def victims_with(
    frames: Frames, totals: "Totals | None", known: Collection[VictimKey], parameters: Parameters
) -> Victims:
    """Who has the symptom, in `frames` as from `seen_as_ttft`; `totals` as from `totals_told`.

    Where only totals are told, those alone who are `known` to be worse, might be, or stopped: the others are well.
    """
    return victims_of(frames) if totals is None else totals.some(totals.suspicious(known, parameters)).victims()


def evened(victim: Some, symptom: Symptom) -> Some:
    """One or all victims as tests for a change are to see them: no step of means weighs more than SAMPLE things do."""
    if symptom.form is Form.HISTOGRAM:
        return victim
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(victim.first_tokens > SAMPLE, SAMPLE / victim.first_tokens, 1.0)
    return replace(
        victim,
        counts=victim.counts * np.expand_dims(part, -2),
        first_tokens=victim.first_tokens * part,
        ttft_sum=victim.ttft_sum * part,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Seconds spent and things done in each step, shape (V, T), and who came in; NaN where not known.

    `inside` and `waiting` are readings.
    """

    frames: Frames
    keys: tuple[VictimKey, ...]
    seconds: Floats
    done: Floats
    inside: Floats
    waiting: Floats
    arrivals: Floats

    def suspicious(self, known: Collection[VictimKey], parameters: Parameters) -> list[int]:
        """The rows that are worth a look."""
        seen = np.isfinite(self.seconds) & np.isfinite(self.done)
        seconds, done = np.where(seen, self.seconds, 0.0), np.where(seen, self.done, 0.0)
        threshold = 1.0 + HALF * (parameters.ttft_ratio - 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            usual = seconds.sum(axis=1) / done.sum(axis=1)
            hit = ~(done[:, -SILENT_STEPS:] > 0).any(axis=1) & (done.sum(axis=1) > 0)
            for scale in scales(self.frames.grid.step):
                hit |= seconds[:, -scale:].sum(axis=1) >= threshold * usual * done[:, -scale:].sum(axis=1)
        return [row for row, key in enumerate(self.keys) if hit[row] or key in known]

    def some(self, rows: list[int]) -> "Totals":
        """A part of them."""
        return replace(
            self,
            keys=tuple(self.keys[row] for row in rows),
            seconds=self.seconds[rows],
            done=self.done[rows],
            inside=self.inside[rows],
            waiting=self.waiting[rows],
            arrivals=self.arrivals[rows],
        )

    def victims(self) -> Victims:
        """As if everything that was done in a step had taken the mean time of the step."""
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(self.done > 0, self.seconds / self.done, 0.0)
        places = np.searchsorted(BOUNDS, np.nan_to_num(mean))
        counts = np.where(places[:, None, :] == np.arange(len(BOUNDS))[None, :, None], self.done[:, None, :], 0.0)
        counts = np.where(np.isfinite(self.done)[:, None, :], counts, np.nan)
        return Victims(
            grid=self.frames.grid,
            keys=self.keys,
            bounds=BOUNDS,
            counts=counts,
            ttft_sum=self.seconds,
            first_tokens=self.done,
            arrivals=self.arrivals,
            prompt_tokens=np.full_like(self.done, np.nan),
            waiting=self.waiting,
            running=self.inside,
        )


def totals_told(symptom: Symptom, frames: Frames) -> Totals | None:
    """`totals_of` where they are all that is told; None for a histogram, which says more."""
    return None if symptom.form is Form.HISTOGRAM else totals_of(symptom, frames)


def totals_of(symptom: Symptom, frames: Frames) -> Totals:
    """The totals of all who have the symptom, in `frames` as from `seen_as_ttft`."""
    keys = tuple(sorted(_by_victim(frames.get(TTFT.count).labels).code))
    index = {key: row for row, key in enumerate(keys)}
    done = _summed(frames.get(TTFT.count), gains_of(frames, TTFT.count, TTFT.heartbeat), index)
    inside, waiting = (_summed(one, one.values, index) for one in map(frames.get, (symptom.inside, symptom.waiting)))
    left = _summed(frames.get(symptom.finished), gains_of(frames, symptom.finished, TTFT.heartbeat), index)
    arrivals = np.full_like(done, np.nan)
    arrivals[:, 1:] = np.maximum(left[:, 1:] + np.diff(inside + waiting, axis=1), 0.0)
    if symptom.form is Form.THROUGHPUT:
        seconds = _time_inside(inside, frames.grid.step)
        done = np.where(np.isfinite(seconds), done, np.nan)
    else:
        seconds = _summed(frames.get(TTFT.total), gains_of(frames, TTFT.total, TTFT.heartbeat), index)
    return Totals(frames, keys, np.where(np.isfinite(done), seconds, np.nan), done, inside, waiting, arrivals)


def _time_inside(inside: Floats, step: int) -> Floats:
    """Seconds that all who were inside spent there in each step: the mean of the readings at both its ends."""
    before = np.full_like(inside, np.nan)
    before[:, 1:] = inside[:, :-1]
    return np.asarray(0.5 * (inside + np.where(np.isfinite(before), before, inside)) * step)


@kept
def _by_victim(rows: Rows) -> Groups[VictimKey]:
    return Groups.of([VictimKey(victim_ref(dict(labels)), label(labels, "model_name")) for labels in rows])


def _summed(frame: Frame, values: Floats, index: Mapping[VictimKey, int]) -> Floats:
    """Values of all series of each victim together, shape (V, T); NaN where any of them is not known."""
    groups = _by_victim(frame.labels)
    total = np.full((len(index), frame.grid.count), np.nan)
    for key, code in groups.code.items():
        if key in index:
            total[index[key]] = values[groups.members(code)].sum(axis=0)
    return total
