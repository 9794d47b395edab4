"""The report: every method on the same cases, overall and by kind."""

from collections.abc import Sequence

from tests.accuracy import accusing, ranking, timing, verdicts
from tests.accuracy.calibration import Judgement, brier, expected_calibration_error, judgements
from tests.accuracy.judging import MISDATED_SECONDS, OURS
from tests.accuracy.methods import BASELINES
from tests.accuracy.outcomes import Outcomes, victims_in
from tests.accuracy.results import CaseResult, VictimResult
from tests.accuracy.tables import interval, number, share, table
from tests.accuracy.targets import targets
from tests.accuracy.timing import Spread


def lines(outcomes: Outcomes) -> list[str]:
    """The whole report, Markdown."""
    return [
        *_section("Promises", _promises(outcomes)),
        *_section("Every method on the same cases", _methods(outcomes.cases)),
        *_section("Ours from end to end", _end_to_end(outcomes)),
        *_section("The onset misdated", _misdated(victims_in(outcomes.cases))),
        *_section("AC@1 by kind, onset given", _ranks_by_kind(outcomes)),
        *_section("Ours by kind, end to end", _ours_by_kind(outcomes)),
        *_section("Verdicts", _confusion(victims_in(outcomes.cases))),
        *_section("Not judged", _not_judged(outcomes)),
    ]


def of_lab(outcomes: Outcomes) -> list[str]:
    """The same judges on the lab's recordings: too few and too short for more."""
    return [
        *_methods(outcomes.cases),
        "",
        *_ours_by_kind(outcomes),
    ]


def _section(title: str, content: list[str]) -> list[str]:
    return [f"### {title}", "", *content, ""]


def _promises(outcomes: Outcomes) -> list[str]:
    rows = [(t.figure, t.promise, t.measured, "yes" if t.is_met else "**no**") for t in targets(outcomes)]
    return table(("figure", "at least", "measured", "met"), rows)


def _methods(cases: Sequence[CaseResult]) -> list[str]:
    victims = victims_in(cases)
    hard = [case for case in cases if case.family == "hard_null"]
    head = ("method", "AC@1", "Avg@5", "recall", "precision of accusations", "hard nulls accusing", "ms a case")
    ours, chance = ranking.given_onset(victims, OURS), ranking.by_chance(victims)
    rows = [
        (
            "**ours**",
            number(ours.ac1),
            number(ours.avg5),
            share(accusing.recall(victims)),
            share(accusing.precision(victims)),
            share(accusing.accusing(hard)),
            _milliseconds(victims, OURS),
        )
    ]
    for name in BASELINES:
        scores = ranking.given_onset(victims, name)
        rows.append(
            (
                name,
                number(scores.ac1),
                number(scores.avg5),
                share(accusing.recall_of(victims, name)),
                share(accusing.precision_of(victims, name)),
                share(accusing.accusing_of(hard, name)),
                _milliseconds(victims, name),
            )
        )
    rows.append(("chance", number(chance.ac1), number(chance.avg5), "", "", "", ""))
    return table(head, rows)


def _milliseconds(victims: Sequence[VictimResult], method: str) -> str:
    spent = [victim.answers[method, 0].milliseconds for victim in victims if victim.answers]
    return number(Spread.of(spent).median, 1)


def _end_to_end(outcomes: Outcomes) -> list[str]:
    cases = outcomes.cases
    victims = victims_in(cases)
    alone, judged, nulls = ranking.end_to_end(victims), judgements(victims), accusing.on_nulls(cases)
    errors, delays = Spread.of(timing.onset_errors(cases)), Spread.of(timing.detection_delays(cases))
    spent = Spread.of([case.milliseconds / max(case.steps_judged, 1) for case in cases])
    culprits = sum(each.is_culprit for each in judged)
    rows = [
        ("cases, victims", f"{len(cases)}, {len(victims)}"),
        ("AC@1, Avg@5", f"{number(alone.ac1)}, {number(alone.avg5)} of {alone.victims}"),
        ("precision of accusations", interval(accusing.precision(victims))),
        ("recall: culprits accused", share(accusing.recall(victims))),
        ("prevalence: culprits among listed suspects", f"{culprits} of {len(judged)}"),
        ("accusations on nulls", f"{nulls.accusations} in {nulls.victim_days:.1f} victim-days"),
        ("verdict accuracy", share(verdicts.accuracy(victims))),
        ("onset error, seconds: median, p90", f"{number(errors.median, 1)}, {number(errors.p90, 1)}"),
        ("steps from the 20th affected request: median, p90", f"{number(delays.median, 1)}, {number(delays.p90, 1)}"),
        ("seen within two intervals", share(timing.in_time(cases))),
        ("within three, within four", f"{share(timing.in_time(cases, 3))}, {share(timing.in_time(cases, 4))}"),
        ("Brier, ECE of listed suspects", _calibration(judged)),
        ("the same in incidents called contention", _calibration(judgements(victims, "contention"))),
        ("evaluation, ms a step: median, p90", f"{number(spent.median, 1)}, {number(spent.p90, 1)}"),
    ]
    return table(("figure", "measured"), rows)


def _calibration(judged: Sequence[Judgement]) -> str:
    return f"{number(brier(judged))}, {number(expected_calibration_error(judged))} of {len(judged)}"


def _misdated(victims: Sequence[VictimResult]) -> list[str]:
    head = ("AC@1 with the onset", *(f"{wrong:+d} s" if wrong else "as it was" for wrong in MISDATED_SECONDS))
    rows = [
        (name, *(number(ranking.given_onset(victims, name, wrong).ac1) for wrong in MISDATED_SECONDS))
        for name in (OURS, *BASELINES)
    ]
    return table(head, rows)


def _ranks_by_kind(outcomes: Outcomes) -> list[str]:
    rows = []
    for kind in outcomes.kinds:
        victims = victims_in(outcomes.of_kind(kind))
        if not ranking.comparable(victims):
            continue
        scores = [ranking.given_onset(victims, name) for name in (OURS, *BASELINES)]
        chance = ranking.by_chance(victims)
        rows.append((kind, str(scores[0].victims), *(number(each.ac1, 2) for each in (*scores, chance))))
    return table(("kind", "victims", OURS, *BASELINES, "chance"), rows)


def _ours_by_kind(outcomes: Outcomes) -> list[str]:
    head = ("kind", "cases", "verdict right", "AC@1", "accusations right", "wrong", "onset error s", "in time")
    rows = []
    for kind in outcomes.kinds:
        cases = outcomes.of_kind(kind)
        victims = victims_in(cases)
        accused = accusing.precision(victims)
        rows.append(
            (
                kind,
                str(len(cases)),
                share(verdicts.accuracy(victims), 2),
                number(ranking.end_to_end(victims).ac1, 2),
                str(accused.hits),
                str(accused.trials - accused.hits),
                number(Spread.of(timing.onset_errors(cases)).median, 1),
                share(timing.in_time(cases), 2),
            )
        )
    return table(head, rows)


def _confusion(victims: Sequence[VictimResult]) -> list[str]:
    found = verdicts.confusion(victims)
    given = sorted({said for _, said in found})
    rows = [
        (right, *(str(found[right, said]) if found[right, said] else "" for said in given))
        for right in sorted({right for right, _ in found})
    ]
    return table(("right \\ given", *given), rows)


def _not_judged(outcomes: Outcomes) -> list[str]:
    crashed = [f"- {each.kind} seed {each.seed} crashed: {each.error.splitlines()[-1]}" for each in outcomes.failures]
    none = [
        f"- {each.kind} seeds {each.seeds[0]}–{each.seeds[-1]}: no case whose impact was as claimed"
        for each in outcomes.not_validated
    ]
    return [*crashed, *none] or ["Everything was judged."]
