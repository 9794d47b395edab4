"""What else than first tokens is watched of every victim: its mean now, against what is usual for it."""

from collections.abc import Iterable

import numpy as np

from correlator.analysis.evidence import instant
from correlator.analysis.look import Window
from correlator.analysis.memory import Memory
from correlator.analysis.newest import known_or_none
from correlator.analysis.present_victims import RECENT_STEPS
from correlator.analysis.quiet import key_of, quiet_of
from correlator.analysis.rates import Bools
from correlator.analysis.symptoms import own_memory, totals_of
from correlator.analysis.victims import VictimKey
from correlator.model.frame import Floats
from correlator.model.snapshot import SymptomNow
from correlator.model.symptom import Form, Symptom


def symptoms_now(windows: Iterable[Window], after: Memory) -> dict[VictimKey, tuple[SymptomNow, ...]]:
    """Each victim's other symptoms, by name. `windows` are theirs, `after` is what is remembered after the step."""
    found: dict[VictimKey, list[SymptomNow]] = {}
    for window in sorted(windows, key=lambda one: one.symptom.name):
        for key, now in _of_one(window, own_memory(after, window.symptom)).items():
            found.setdefault(key, []).append(now)
    return {key: tuple(each) for key, each in found.items()}


def _of_one(window: Window, after: Memory) -> dict[VictimKey, SymptomNow]:
    symptom, grid = window.symptom, window.frames.grid
    totals = totals_of(symptom, window.frames) if window.totals is None else window.totals
    recent = np.arange(grid.count) >= grid.count - RECENT_STEPS
    known = np.isfinite(totals.seconds) & np.isfinite(totals.done)
    now = _mean(totals.seconds, totals.done, known & recent)
    usual = _mean(totals.seconds, totals.done, known & ~recent & quiet_of(totals.keys, grid, after))
    worse = {key_of(one): one for one in after.open}
    found = {}
    for row, key in enumerate(totals.keys):
        regression = worse.get(key)
        found[key] = SymptomNow(
            name=symptom.name,
            quantity=symptom.told_as,
            unit=symptom.unit,
            observed=_told(symptom, float(now[row])),
            baseline=_told(symptom, float(usual[row]) if regression is None else regression.baseline_mean),
            regressed_since=None if regression is None else instant(regression.onset_at - grid.step),
        )
    return found


def _mean(seconds: Floats, done: Floats, steps: Bools) -> Floats:
    """What each thing took in some steps, shape (V,): inf where time went by and nothing was done, else NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(steps, seconds, 0.0).sum(axis=1) / np.where(steps, done, 0.0).sum(axis=1))


def _told(symptom: Symptom, mean: float) -> float | None:
    """A mean in the symptom's unit; nothing done while somebody was inside is a rate of zero."""
    if symptom.form is Form.THROUGHPUT and mean > 0:
        return 1.0 / mean
    return known_or_none(mean)
