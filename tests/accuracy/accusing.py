"""Who was accused, and whether it was right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from tests.accuracy.results import CaseResult, VictimResult

Z95 = 1.959963984540054
SECONDS_OF_DAY = 86_400.0
NULLS = ("easy_null", "hard_null", "quiet")


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many of so many."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """The share; NaN without trials."""
        return self.hits / self.trials if self.trials else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval (E. B. Wilson 1927, doi:10.1080/01621459.1927.10502953); 0 to 1 without trials."""
        if not self.trials:
            return 0.0, 1.0
        n, share, squared = self.trials, self.value, Z95**2
        centre = (share + squared / (2 * n)) / (1 + squared / n)
        half = Z95 * sqrt(share * (1 - share) / n + squared / (4 * n**2)) / (1 + squared / n)
        return max(0.0, centre - half), min(1.0, centre + half)


def right_and_wrong(result: VictimResult) -> tuple[int, int]:
    """Accusations by our incidents of one victim, each pod once for each incident: right ones and wrong ones."""
    right = wrong = 0
    for incident in result.incidents:
        hits = len(incident.accused & result.guilty) if incident.of_event else 0
        right += hits
        wrong += len(incident.accused) - hits
    return right, wrong


def precision(results: Iterable[VictimResult]) -> Proportion:
    """Which part of our accusations was right."""
    counts = [right_and_wrong(each) for each in results]
    right = sum(hits for hits, _ in counts)
    return Proportion(right, right + sum(misses for _, misses in counts))


def recall(results: Iterable[VictimResult]) -> Proportion:
    """Which part of those to name was accused in an incident of the event."""
    wanted = [each for each in results if each.targets]
    accused = (_accused(each) & each.targets for each in wanted)
    return Proportion(sum(map(len, accused)), sum(len(each.targets) for each in wanted))


def _accused(result: VictimResult) -> frozenset[str]:
    return frozenset().union(*(each.accused for each in result.incidents if each.of_event))


def precision_of(results: Iterable[VictimResult], method: str) -> Proportion:
    """A baseline's accusations at the true onset, on every victim that something happened to."""
    accused = [(each.answers[method, 0].accused, each.pods_to_name) for each in results if each.answers]
    return Proportion(sum(len(a & p) for a, p in accused), sum(len(a) for a, _ in accused))


def recall_of(results: Iterable[VictimResult], method: str) -> Proportion:
    """Which part of the pods to name a baseline accused at the true onset."""
    wanted = [each for each in results if each.pods_to_name and each.answers]
    hits = sum(len(each.answers[method, 0].accused & each.pods_to_name) for each in wanted)
    return Proportion(hits, sum(len(each.pods_to_name) for each in wanted))


def accusing(cases: Iterable[CaseResult]) -> Proportion:
    """Cases with any accusation, of all."""
    judged = list(cases)
    return Proportion(sum(any(sum(right_and_wrong(v)) for v in case.victims) for case in judged), len(judged))


def accusing_of(cases: Iterable[CaseResult], method: str) -> Proportion:
    """Cases in which a baseline accuses anybody at the true onset, of those that it was asked about."""
    asked = [[v for v in case.victims if v.answers] for case in cases]
    asked = [victims for victims in asked if victims]
    return Proportion(sum(any(v.answers[method, 0].accused for v in each) for each in asked), len(asked))


@dataclass(frozen=True, slots=True)
class OnNulls:
    """False accusations where nobody did anything, over the time that was judged."""

    accusations: int
    victim_days: float


def on_nulls(cases: Sequence[CaseResult]) -> OnNulls:
    """Over all kinds without contention."""
    nulls = [case for case in cases if case.family in NULLS]
    wrong = sum(sum(right_and_wrong(victim)) for case in nulls for victim in case.victims)
    return OnNulls(wrong, sum(case.steps_judged * case.step * len(case.victims) for case in nulls) / SECONDS_OF_DAY)
