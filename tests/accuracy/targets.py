"""What was promised, and whether it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from tests.accuracy import accusing, ranking, timing, verdicts
from tests.accuracy.calibration import brier, expected_calibration_error, judgements
from tests.accuracy.judging import MISDATED_SECONDS, OURS
from tests.accuracy.methods import BASELINES
from tests.accuracy.outcomes import Outcomes, victims_in
from tests.accuracy.results import VictimResult
from tests.accuracy.tables import interval, number, share

ENOUGH_ACCUSATIONS = 300


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: what, how much, what was measured, and whether that is enough."""

    figure: str
    promise: str
    measured: str
    is_met: bool


def targets(outcomes: Outcomes) -> list[Target]:
    """All that can be told from the cases of a run."""
    cases = outcomes.cases
    victims = victims_in(cases)
    told, alone = ranking.given_onset(victims, OURS), ranking.end_to_end(victims)
    accused = accusing.precision(victims)
    hard = accusing.accusing([case for case in cases if case.family == "hard_null"])
    right = verdicts.accuracy(victims)
    judged = judgements(victims)
    error, squared = expected_calibration_error(judged), brier(judged)
    early = timing.in_time(cases)
    return [
        Target("AC@1, told the onset", "≥ 0.95", _of(told), told.ac1 >= 0.95),
        Target("AC@1, end to end", "≥ 0.95", _of(alone), alone.ac1 >= 0.95),
        _above_overall(victims, told.ac1),
        _below_nowhere(outcomes),
        Target(
            "precision of accusations",
            f"≥ 0.97, of ≥ {ENOUGH_ACCUSATIONS}",
            interval(accused),
            accused.value >= 0.97 and accused.trials >= ENOUGH_ACCUSATIONS,
        ),
        Target("hard nulls with an accusation", "≤ 0.01", share(hard), hard.value <= 0.01),
        Target("verdict accuracy", "≥ 0.93", share(right), right.value >= 0.93),
        Target("expected calibration error", "≤ 0.05", number(error), error <= 0.05),
        Target("Brier score", "≤ 0.06", number(squared), squared <= 0.06),
        _loss_when_misdated(victims, told.ac1),
        Target("seen in time after 20 affected requests", "all", share(early), early.value >= 1.0),
        Target("cases that crashed", "0", str(len(outcomes.failures)), not outcomes.failures),
    ]


def _of(scores: ranking.RankScores) -> str:
    return f"{number(scores.ac1)} of {scores.victims}"


def _above_overall(victims: Sequence[VictimResult], ours: float) -> Target:
    others = {name: ranking.given_onset(victims, name).ac1 for name in BASELINES}
    best = max(others, key=others.__getitem__)
    return Target(
        "AC@1 above each baseline overall",
        "above",
        f"{number(ours)}, best baseline {best} {number(others[best])}",
        ours > others[best],
    )


def _below_nowhere(outcomes: Outcomes) -> Target:
    beaten = []
    for kind in outcomes.kinds:
        victims = victims_in(outcomes.of_kind(kind))
        ours = ranking.given_onset(victims, OURS).ac1
        others = {name: ranking.given_onset(victims, name).ac1 for name in BASELINES}
        ahead = [f"{name} {number(ac1, 2)}" for name, ac1 in others.items() if not isnan(ac1) and ac1 > ours]
        if ahead:
            beaten.append(f"{kind}: {number(ours, 2)}, {', '.join(ahead)}")
    return Target("AC@1 below no baseline on any kind", "none", "; ".join(beaten) or "none", not beaten)


def _loss_when_misdated(victims: Sequence[VictimResult], dated: float) -> Target:
    losses = {wrong: dated - ranking.given_onset(victims, OURS, wrong).ac1 for wrong in MISDATED_SECONDS if wrong}
    told = ", ".join(f"{wrong:+d} s: {number(loss)}" for wrong, loss in losses.items())
    return Target("loss of AC@1 with the onset 60 s off", "≤ 0.03", told, all(loss <= 0.03 for loss in losses.values()))
