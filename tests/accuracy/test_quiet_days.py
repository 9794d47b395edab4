"""Days on which nothing happens are planned, judged and counted."""

from dataclasses import replace

from tests.accuracy.moments import REFERENCE_STEPS
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.quiet_days import FINE_STEP, STEP, Stretch, judge_stretch, lines, stretches
from tests.accuracy.results import CaseResult
from tests.accuracy.split import TUNING_BELOW, seeds
from tests.accuracy.test_scores import case, incident, truth, victim


def test_stretches_make_up_the_days_that_are_asked_for() -> None:
    """Mostly of coarse steps, all from their split, no seed twice, and not many more than asked."""
    planned = stretches(3000.0, "report")
    assert 3000.0 <= sum(each.victim_days for each in planned) < 3000.0 + planned[0].victim_days
    assert sum(each.step == STEP for each in planned) > 0.8 * len(planned)
    assert any(each.step == FINE_STEP for each in planned)
    tried = [seed for each in planned for seed in each.tried]
    assert len(set(tried)) == len(tried)
    assert min(tried) >= TUNING_BELOW


def test_nobody_is_accused_in_a_quiet_hour() -> None:
    """A dozen victims, from end to end; every step is judged."""
    outcome = judge_stretch(Stretch(seeds("tuning", 0), 1.5, STEP))
    assert isinstance(outcome, CaseResult), outcome
    assert outcome.steps_judged == 1.5 * 3600 / STEP - REFERENCE_STEPS
    assert not [each.accused for victim in outcome.victims for each in victim.incidents if each.accused]


def test_who_was_accused_is_told_with_the_seed() -> None:
    """And so are the days that it was out of: two victims, a sixtieth of a day each."""
    wrong = incident(("a", 0.9), verdict="contention", of_event=False)
    quiet = replace(truth(None), event_start_at=None, event_end_at=None)
    text = "\n".join(lines(Outcomes.of([case("quiet", victim(quiet, wrong), victim(quiet))])))
    assert "- accused in seed 1: a (contention)" in text
    assert "| accusations (promised: 0) | 1 |" in text
    assert "| steps judged, all victims | 192 |" in text
