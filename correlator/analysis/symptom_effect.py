"""What a case did to its symptom, in the symptom's own unit."""

import numpy as np

from correlator.analysis.case import Case
from correlator.analysis.level import Effect
from correlator.model.finding import SymptomEffect, TtftEffect
from correlator.model.symptom import Form


def mean_effect(case: Case) -> Effect | None:
    """The change of the mean, all that totals tell; None where a side is not known."""
    before, during = case.before.mean, case.during.mean
    return Effect("mean", before, during) if np.isfinite(before) and np.isfinite(during) else None


def symptom_effect(case: Case, seconds: TtftEffect) -> SymptomEffect:
    """The same change in the symptom's own words; `seconds` has it as durations."""
    symptom = case.symptom
    baseline, observed, ratio = seconds.baseline_seconds, seconds.observed_seconds, seconds.ratio
    if symptom.form is Form.THROUGHPUT:
        baseline, observed, ratio = _inverse(baseline), _inverse(observed), _inverse(ratio)
    return SymptomEffect(
        name=symptom.name,
        quantity=symptom.told_as,
        things=symptom.things,
        unit=symptom.unit,
        statistic=seconds.statistic,
        baseline=baseline,
        observed=observed,
        ratio=ratio,
        affected=seconds.requests_affected,
        stopped=case.stalled,
        silent=case.silent,
    )


def _inverse(value: float | None) -> float | None:
    return 1.0 / value if value else None
