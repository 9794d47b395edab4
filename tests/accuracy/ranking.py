"""How high a ranking puts the culprits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from tests.accuracy.judging import OURS
from tests.accuracy.methods.chance import hits_at
from tests.accuracy.results import VictimResult

K = 5
"""Avg@5 is the mean of AC@1 to AC@5."""


def ac_at(k: int, ranking: Sequence[str], culprits: Collection[str]) -> float:
    """Culprits among the first k, over the lesser of k and their number; at k = 1, whether the first is one."""
    return sum(name in culprits for name in ranking[:k]) / min(k, len(culprits))


@dataclass(frozen=True, slots=True)
class RankScores:
    """Means over so many victims; NaN over none."""

    victims: int
    ac1: float
    avg5: float

    @classmethod
    def over(cls, scores: Iterable[Sequence[float]]) -> "RankScores":
        """Of AC@1 to AC@5 for each victim."""
        each = list(scores)
        if not each:
            return cls(0, float("nan"), float("nan"))
        return cls(len(each), fmean(one[0] for one in each), fmean(fmean(one) for one in each))


def comparable(results: Iterable[VictimResult]) -> list[VictimResult]:
    """Victims of contention with a pod to name, whom every method can be asked about."""
    return [each for each in results if each.pods_to_name and each.answers]


def given_onset(results: Iterable[VictimResult], method: str, wrong: int = 0) -> RankScores:
    """A method that is told the onset, `wrong` seconds late. Ours may also name unattributed I/O, where it is due."""
    return RankScores.over(
        _all_k(each.answers[method, wrong].ranking, each.targets if method == OURS else each.pods_to_name)
        for each in comparable(results)
    )


def end_to_end(results: Iterable[VictimResult]) -> RankScores:
    """Ours, told nothing: suspects as the incident lists them; a missed incident ranks nobody."""
    return RankScores.over(_all_k(_listed(each), each.targets) for each in results if each.targets)


def by_chance(results: Iterable[VictimResult]) -> RankScores:
    """What a random order may expect."""
    return RankScores.over(
        [hits_at(k, len(each.candidates), len(each.pods_to_name)) for k in range(1, K + 1)]
        for each in comparable(results)
    )


def _listed(result: VictimResult) -> list[str]:
    incident = result.incident
    return [] if incident is None else [suspect.name for suspect in incident.suspects]


def _all_k(ranking: Sequence[str], culprits: Collection[str]) -> list[float]:
    return [ac_at(k, ranking, culprits) for k in range(1, K + 1)]
