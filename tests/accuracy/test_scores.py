"""Scores of results that were written by hand, whose right answers are known."""

from dataclasses import replace

import pytest

from tests.accuracy import accusing, ranking, timing, verdicts
from tests.accuracy.accusing import Proportion
from tests.accuracy.calibration import Judgement, brier, expected_calibration_error, judgements, reliability
from tests.accuracy.judging import OURS
from tests.accuracy.methods import BASELINES
from tests.accuracy.mistakes import mistakes_in
from tests.accuracy.results import UNATTRIBUTED, Answer, CaseResult, IncidentSeen, Named, VictimResult
from tests.simulator.case import Family, Verdict, VictimTruth

BEGIN, END = 1000.0, 1600.0


def truth(verdict: Verdict | None = "contention", *culprits: str, **shares: float) -> VictimTruth:
    """What happened from BEGIN to END."""
    return VictimTruth(
        namespace="inference",
        pod="vllm-0",
        model_name="llama",
        node="n1",
        device="sda",
        verdict=verdict,
        culprits=culprits,
        shares=shares,
        event_start_at=BEGIN,
        event_end_at=END,
        first_affected_at=None if verdict is None else BEGIN + 5,
        twentieth_affected_at=None if verdict is None else BEGIN + 30,
        p95_ratio=3.0,
        mean_ratio=3.0,
    )


def incident(*suspects: tuple[str, float], verdict: str = "contention", **changes: object) -> IncidentSeen:
    """An incident of the event that accuses from 0.8 on."""
    named = tuple(Named(name=name, confidence=sure, share=0.5, accused=sure >= 0.8) for name, sure in suspects)
    seen = IncidentSeen(
        started_at=BEGIN,
        detected_at=BEGIN + 45,
        ended_at=END,
        verdict=verdict,
        reasons=(),
        suspects=named,
        accused=frozenset(each.name for each in named if each.accused),
        looks=3,
        of_event=True,
    )
    return replace(seen, **changes)  # type: ignore[arg-type]


def victim(
    what: VictimTruth,
    *incidents: IncidentSeen,
    ranked: tuple[str, ...] = (),
    candidates: tuple[str, ...] = ("a", "b", "c", "d"),
) -> VictimResult:
    """A victim on which every method ranks alike and accuses its first."""
    answer = Answer(ranking=ranked, accused=frozenset(ranked[:1]))
    answers = {(name, wrong): answer for name in (OURS, *BASELINES) for wrong in (0, -60, 60)} if ranked else {}
    return VictimResult(
        truth=what,
        incidents=incidents,
        candidates=candidates,
        answers=answers,
        twentieth_seen_at=what.twentieth_affected_at,
    )


def case(family: Family, *victims: VictimResult, steps: int = 96, step: int = 15) -> CaseResult:
    """A case of 96 steps of 15 s: a sixtieth of a day."""
    return CaseResult(
        kind="kind",
        family=family,
        seed=1,
        step=step,
        interval=step,
        victims=victims,
        steps_judged=steps,
        milliseconds=1.0,
    )


def test_ac_at_k_counts_culprits_over_what_could_be_hit() -> None:
    """As the benchmark of RCAEval defines it."""
    order = ("x", "a", "y", "b")
    assert [ranking.ac_at(k, order, {"a", "b"}) for k in (1, 2, 3, 4, 5)] == [0.0, 0.5, 0.5, 1.0, 1.0]
    assert ranking.ac_at(1, ("a", "x"), {"a", "b"}) == 1.0
    assert ranking.ac_at(5, (), {"a"}) == 0.0


def test_rankings_are_averaged_over_victims_with_a_pod_to_name() -> None:
    """One right at once, one right second, and two that do not count: no culprit, and nobody but unattributed I/O."""
    results = [
        victim(truth("contention", "a"), ranked=("a", "b", "c", "d")),
        victim(truth("contention", "b"), ranked=("a", "b", "c", "d")),
        victim(truth("load"), ranked=("a", "b")),
        victim(truth("contention", unattributed=1.0), ranked=("a", "b")),
    ]
    scores = ranking.given_onset(results, "BARO")
    assert (scores.victims, scores.ac1) == (2, 0.5)
    assert scores.avg5 == pytest.approx((1.0 + 0.8) / 2)
    assert ranking.by_chance(results).ac1 == 0.25


def test_end_to_end_a_missed_incident_ranks_nobody() -> None:
    """And unattributed I/O is to be named where it did it."""
    results = [
        victim(truth("contention", "a"), incident(("a", 0.9), ("b", 0.1))),
        victim(truth("contention", "a")),
        victim(truth("contention", unattributed=0.9), incident((UNATTRIBUTED, 0.9))),
        victim(truth("contention", "a"), incident(("b", 0.6), ("a", 0.2))),
    ]
    scores = ranking.end_to_end(results)
    assert (scores.victims, scores.ac1) == (4, 0.5)


def test_wilson_interval_is_that_of_the_literature() -> None:
    """81 of 263 gives 0.2553 to 0.3662 (R. G. Newcombe 1998, table I, method 3, doi:10.1002/sim.2780170809)."""
    assert Proportion(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Proportion(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert Proportion(0, 0).interval == (0.0, 1.0)


def test_an_accusation_is_right_when_it_names_a_culprit_in_the_incident_of_the_event() -> None:
    """Naming the culprit for something else is wrong, and so is naming anybody else."""
    right = incident(("a", 0.9), ("b", 0.85))
    elsewhere = incident(("a", 0.9), of_event=False)
    result = victim(truth("contention", "a", "c"), right, elsewhere)
    assert accusing.right_and_wrong(result) == (1, 2)
    assert accusing.precision([result]) == Proportion(1, 3)
    assert accusing.recall([result, victim(truth("contention", "b"))]) == Proportion(1, 3)


def test_one_who_did_it_unseen_may_be_named_but_need_not() -> None:
    """Where the right verdict is undetermined there is nobody to name, and naming the culprit is no error."""
    result = victim(truth("undetermined", "a"), incident(("a", 0.9)))
    assert not result.targets
    assert accusing.right_and_wrong(result) == (1, 0)


def test_whoever_was_accused_at_any_look_counts() -> None:
    """A later look that takes it back comes too late for whoever was woken."""
    taken_back = incident(("b", 0.3), accused=frozenset({"b"}))
    assert accusing.right_and_wrong(victim(truth("load"), taken_back)) == (0, 1)


def test_false_accusations_on_nulls_are_counted_over_judged_time() -> None:
    """Two victims over a sixtieth of a day each, one accusation; contention does not count."""
    cases = [
        case("hard_null", victim(truth("load"), incident(("a", 0.9))), victim(truth("load"))),
        case("contention", victim(truth("contention", "a"), incident(("b", 0.9)))),
    ]
    found = accusing.on_nulls(cases)
    assert found.accusations == 1
    assert found.victim_days == pytest.approx(2 / 60)
    assert accusing.accusing(cases[:1]) == Proportion(1, 1)


def test_baselines_accuse_at_the_true_onset() -> None:
    """Right on contention, wrong on every null that they are asked about."""
    cases = [
        case("contention", victim(truth("contention", "a"), ranked=("a", "b"))),
        case("hard_null", victim(truth("load"), ranked=("a", "b"))),
        case("quiet", victim(truth(None))),
    ]
    victims = [each for one in cases for each in one.victims]
    assert accusing.precision_of(victims, "BARO") == Proportion(1, 2)
    assert accusing.recall_of(victims, "BARO") == Proportion(1, 1)
    assert accusing.accusing_of(cases[1:], "BARO") == Proportion(1, 1)


def test_verdicts_are_compared_with_the_incident_that_overlaps_longest() -> None:
    """A hiccup at the event's beginning is not what is said of the event."""
    hiccup = incident(verdict="other", ended_at=BEGIN + 60)
    later = incident(verdict="contention", started_at=BEGIN + 75)
    results = [
        victim(truth("contention", "a"), hiccup, later),
        victim(truth("load")),
        victim(truth(None), incident(verdict="other")),
        victim(replace(truth(None), event_start_at=None, event_end_at=None)),
    ]
    assert verdicts.accuracy(results) == Proportion(2, 4)
    assert verdicts.confusion(results) == {
        ("contention", "contention"): 1,
        ("load", "none"): 1,
        ("none", "other"): 1,
        ("none", "none"): 1,
    }


def test_delays_run_from_the_twentieth_affected_request_and_misses_are_late() -> None:
    """Seen 15 s after the twentieth, at steps of 15 s; two intervals are allowed."""
    seen = victim(truth("load"), incident(detected_at=BEGIN + 45))
    late = victim(truth("load"), incident(detected_at=BEGIN + 75))
    cases = [case("easy_null", seen), case("easy_null", late), case("easy_null", victim(truth("load")))]
    assert timing.detection_delays(cases) == [1.0, 3.0]
    assert timing.in_time(cases) == Proportion(1, 3)
    assert timing.in_time(cases, intervals=3) == Proportion(2, 3)
    assert timing.onset_errors(cases) == [5.0, 5.0]


def test_calibration_of_hand_made_judgements() -> None:
    """Two bins: 0.9 twice with one right, 0.1 once and wrong."""
    judged = [Judgement(0.9, is_culprit=True), Judgement(0.9, is_culprit=False), Judgement(0.1, is_culprit=False)]
    assert brier(judged) == pytest.approx((0.01 + 0.81 + 0.01) / 3)
    assert expected_calibration_error(judged) == pytest.approx((2 * 0.4 + 0.1) / 3)
    assert [(b.count, b.share_right) for b in reliability(judged)] == [(1, 0.0), (2, 0.5)]


def test_certainty_falls_into_the_last_bin() -> None:
    """A confidence of 1 is no bin of its own."""
    assert len(reliability([Judgement(1.0, is_culprit=True), Judgement(0.95, is_culprit=True)])) == 1


def test_listed_suspects_are_judged_and_nobody_else() -> None:
    """Of an incident that is not of the event nobody did it."""
    result = victim(truth("contention", "a"), incident(("a", 0.9), ("b", 0.1)), incident(("a", 0.7), of_event=False))
    assert [(each.confidence, each.is_culprit) for each in judgements([result])] == [
        (0.9, True),
        (0.1, False),
        (0.7, False),
    ]


def test_mistakes_name_what_was_wrong() -> None:
    """None where all is right."""
    right = victim(truth("contention", "a"), incident(("a", 0.9)))
    assert mistakes_in(case("contention", right), right) == ""
    wrong = victim(truth("contention", "a"), incident(("b", 0.9), verdict="load", detected_at=BEGIN + 90))
    said = mistakes_in(case("contention", wrong), wrong)
    assert said == "verdict, first suspect, accusation, nobody accused, late"
