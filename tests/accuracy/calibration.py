"""Whether a confidence of 0.8 is right four times out of five."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from tests.accuracy.results import VictimResult

BINS = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """One suspect of one incident: how sure the newest look was, and whether it did it."""

    confidence: float
    is_culprit: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Judgements of similar confidence."""

    count: int
    confidence: float
    share_right: float


def judgements(results: Iterable[VictimResult], verdict: str | None = None) -> list[Judgement]:
    """Everybody whom the newest look of an incident lists: who added a hundredth of the load, and nobody easier.

    With `verdict` of such incidents only: in others every confidence is 0, most of them rightly.
    """
    return [
        Judgement(suspect.confidence, incident.of_event and suspect.name in result.guilty)
        for result in results
        for incident in result.incidents
        if verdict is None or incident.verdict == verdict
        for suspect in incident.suspects
    ]


def brier(judged: Sequence[Judgement]) -> float:
    """Mean squared error of the confidence (G. W. Brier 1950); NaN without judgements."""
    return fmean((each.confidence - each.is_culprit) ** 2 for each in judged) if judged else float("nan")


def reliability(judged: Iterable[Judgement], bins: int = BINS) -> list[Bin]:
    """Judgements in bins of equal width, empty ones left out."""
    grouped: dict[int, list[Judgement]] = {}
    for each in judged:
        grouped.setdefault(min(int(each.confidence * bins), bins - 1), []).append(each)
    return [
        Bin(len(each), fmean(one.confidence for one in each), fmean(float(one.is_culprit) for one in each))
        for _, each in sorted(grouped.items())
    ]


def expected_calibration_error(judged: Sequence[Judgement], bins: int = BINS) -> float:
    """Mean distance of confidence and share right over bins, weighed by their judgements; NaN without any."""
    if not judged:
        return float("nan")
    return sum(b.count * abs(b.confidence - b.share_right) for b in reliability(judged, bins)) / len(judged)
