"""Whose I/O takes the device's time: the layers of the stack, innocent first, accused on top."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from correlator.model.finding import Evidence, EvidenceSeries, Finding
from correlator.model.frame import Floats
from correlator.model.incident import Incident
from correlator.picture.labels import one_line, suspect_name
from correlator.picture.style import ACCUSED, BYSTANDERS, NOBODY, OTHERS, SKY

SHOWN_PODS = 6


@dataclass(frozen=True, slots=True)
class Band:
    """One layer: `values` has shape (steps,), NaN where nothing is known."""

    label: str
    values: Floats
    colour: str
    hatch: str = ""


def values_of(curve: EvidenceSeries) -> Floats:
    """The curve's values, shape (steps,), NaN where nothing is known."""
    return np.array([np.nan if value is None else value for value in curve.values], dtype=np.float64)


def bands_of(subject: Incident | Finding, evidence: Evidence) -> list[Band]:
    """The layers from the bottom; bystanders beyond the largest few are one."""
    accused = {suspect_name(suspect) for suspect in subject.suspects if suspect.accused}
    own, nobody, suspects = (
        [curve for curve in evidence.series if curve.role == role] for role in ("victim_io", "unattributed", "suspect")
    )
    return [
        *(Band("victim itself", values_of(curve), SKY) for curve in own),
        *_bystanders([curve for curve in suspects if curve.label not in accused]),
        *(Band("unattributed", values_of(curve), NOBODY, "////") for curve in nobody),
        *_blamed([curve for curve in suspects if curve.label in accused]),
    ]


def _bystanders(curves: Sequence[EvidenceSeries]) -> list[Band]:
    ranked = sorted(curves, key=_peak, reverse=True)
    bands = [
        Band(one_line(curve.label), values_of(curve), BYSTANDERS[index % len(BYSTANDERS)])
        for index, curve in enumerate(ranked[:SHOWN_PODS])
    ]
    small = [values_of(curve) for curve in ranked[SHOWN_PODS:]]
    return [*bands, Band(f"{len(small)} others", _sum(small), OTHERS)] if small else bands


def _blamed(curves: Sequence[EvidenceSeries]) -> list[Band]:
    return [
        Band(f"{one_line(curve.label)} (accused)", values_of(curve), ACCUSED[index % len(ACCUSED)])
        for index, curve in enumerate(curves)
    ]


def _sum(curves: Sequence[Floats]) -> Floats:
    """The sum of what is known at each step; NaN where nothing is."""
    stacked = np.stack(curves)
    total: Floats = np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
    return total


def _peak(curve: EvidenceSeries) -> float:
    """The largest known value; 0 where nothing is known."""
    return max((value for value in curve.values if value is not None), default=0.0)
