"""What a symptom other than slow first tokens did, in a few words: for pages, pictures and terminals alike."""

from typing import NamedTuple

from correlator.model.finding import SymptomEffect
from correlator.model.symptom import TTFT


class SymptomWords(NamedTuple):
    """What got worse, by how much, and what was affected."""

    title: str
    change: str
    affected: str


def symptom_words(symptom: SymptomEffect | None) -> SymptomWords | None:
    """The words; None where `ttft` says it all: first tokens that are slow, or that requests wait for."""
    if symptom is None or (symptom.name == TTFT.name and not symptom.silent):
        return None
    title = symptom.quantity if symptom.unit != "seconds" else f"{symptom.quantity}, {symptom.statistic}"
    affected = f"{symptom.affected:,} {symptom.things}"
    if symptom.stopped and symptom.observed is None:
        waiting = "and nobody is known to wait" if symptom.silent else "while requests wait"
        return SymptomWords(title, f"no {symptom.things}, {waiting}", affected)
    unit = symptom.unit
    return SymptomWords(title, f"{in_unit(symptom.baseline, unit)} → {in_unit(symptom.observed, unit)}", affected)


def in_unit(value: float | None, unit: str) -> str:
    """A value of a symptom in words, by the symptom's unit."""
    return {"seconds": _seconds, "ratio": _percent}.get(unit, _number)(value)


def _seconds(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value * 1e3:.3g} ms" if value < 1.0 else f"{value:.3g} s"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.3g} %"
