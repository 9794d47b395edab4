"""What the judged cases of `tests.accuracy.symptoms` come to, symptom by symptom."""

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.model.symptom import TTFT
from tests.accuracy import accusing, ranking, verdicts
from tests.accuracy.calibration import Judgement, brier, expected_calibration_error, judgements
from tests.accuracy.results import CaseResult, VictimResult
from tests.accuracy.tables import interval, number, share, table

DATABASES = {"etcd_fsync": "etcd", "postgresql_transactions": "postgresql"}
STOPPED = "work_stopped"
"""Not a symptom: first tokens whose counters stand still, with nothing that says whether requests wait."""

WATCHED = (TTFT.name, "tokens_per_second", "prompt_processing", *DATABASES, STOPPED)

BY_STORAGE = ("contention", "degraded_device")
"""The only verdicts for which another symptom opens an incident."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What one symptom came to in a case; `worse` says of each victim whether it really got worse."""

    symptom: str
    case: CaseResult
    worse: tuple[bool, ...]


def lines(found: Sequence[Watched]) -> list[str]:
    """A table with a column for each symptom, and one of the kinds in which anything was accused wrongly."""
    columns = [(name, [one for one in found if one.symptom == name]) for name in WATCHED]
    columns = [(name, mine) for name, mine in columns if mine]
    figures = [_figures(mine) for _, mine in columns]
    rows = [(figure, *(each[figure] for each in figures)) for figure in figures[0]]
    wrong = [
        f"- {one.symptom}: {one.case.kind} seed {one.case.seed}: {_wrong(one.case)}"
        for one in found
        if _wrong(one.case)
    ]
    return [*table(("figure", *(name for name, _ in columns)), rows), "", "Accused wrongly:", *(wrong or ["- nobody"])]


def _figures(found: Sequence[Watched]) -> dict[str, str]:
    cases = [one.case for one in found]
    victims = [victim for case in cases for victim in case.victims]
    worse = [victim for one in found for victim, is_worse in zip(one.case.victims, one.worse, strict=True) if is_worse]
    due = [victim for victim in worse if victim.truth.verdict in BY_STORAGE]
    told = [victim for victim in victims if victim.incident is not None]
    hard, nulls = [case for case in cases if case.family == "hard_null"], accusing.on_nulls(cases)
    listed, sure = judgements(victims), judgements(victims, "contention")
    named = ranking.end_to_end(told)
    return {
        "cases, victims": f"{len(cases)}, {len(victims)}",
        "found, of those whose mean storage raised beyond ratio and floor": share(
            accusing.Proportion(sum(victim.incident is not None for victim in due), len(due))
        ),
        "of the same, a culprit accused": share(accusing.Proportion(sum(map(_accused, due)), len(due))),
        "precision of accusations": interval(accusing.precision(victims)),
        "AC@1 where an incident opened": f"{number(named.ac1)} of {named.victims}",
        "culprits accused where an incident opened": share(accusing.recall(told)),
        "hard nulls accusing": share(accusing.accusing(hard)),
        "accusations on nulls": f"{nulls.accusations} in {nulls.victim_days:.1f} victim-days",
        "verdict right, of incidents of the event": share(verdicts.accuracy(told)),
        "Brier, ECE of listed suspects": _calibration(listed),
        "the same in incidents called contention": _calibration(sure),
        "right, of those given 0.8 or more": interval(_given(listed, 0.8, 1.01)),
        "right, of those given 0.2 to 0.8": interval(_given(listed, 0.2, 0.8)),
    }


def _accused(victim: VictimResult) -> bool:
    return accusing.right_and_wrong(victim)[0] > 0


def _given(judged: Sequence[Judgement], low: float, high: float) -> accusing.Proportion:
    chosen = [one.is_culprit for one in judged if low <= one.confidence < high]
    return accusing.Proportion(sum(chosen), len(chosen))


def _calibration(judged: Sequence[Judgement]) -> str:
    return f"{number(brier(judged))}, {number(expected_calibration_error(judged))} of {len(judged)}"


def _wrong(case: CaseResult) -> str:
    """Who was accused and did not do it, with the verdict and the part of the added device time that was theirs."""
    told = [
        f"{name} by {incident.verdict}, share {victim.truth.shares.get(name, 0.0):.2f}"
        for victim in case.victims
        for incident in victim.incidents
        for name in sorted(incident.accused - (victim.guilty if incident.of_event else frozenset()))
    ]
    return "; ".join(told)
