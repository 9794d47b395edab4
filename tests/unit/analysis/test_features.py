"""What a confidence rests on."""

import pytest

from correlator.analysis.features import harmful
from correlator.model.finding import Recurrence


def days(rises: int, regressions_with: int) -> Recurrence:
    """Three days in which a workload was as busy so often without and with a regression."""
    return Recurrence(
        seconds=259_200.0, rises=rises, regressions=regressions_with + 3, regressions_with=regressions_with
    )


def test_days_without_harm_speak_against_a_workload_and_days_with_harm_for_it() -> None:
    """More of each the more; nothing known, or as many of both, say nothing."""
    assert harmful(None) == harmful(days(0, 0)) == harmful(days(4, 4)) == 0.0
    assert harmful(days(7, 1)) == pytest.approx(-1.386, abs=0.001)
    assert harmful(days(9, 1)) < harmful(days(7, 1)) < harmful(days(7, 2)) < 0 < harmful(days(1, 7))
