"""What the window tells of a client of a shared back end that rose."""

import numpy as np
import pytest

from correlator.analysis.habit import with_habits
from correlator.analysis.suspects import Contribution, Contributions
from correlator.analysis.windows import Spans, mean_over
from correlator.model.finding import Recurrence
from correlator.model.frame import Floats
from correlator.model.topology import PodRef
from tests.scenarios.ten_nodes import degraded, one_writer

STEPS, ONSET = 120, 110
POD = PodRef("data", "etl")


def habit(device_time: Floats, slow: slice = slice(0), *, ref: PodRef | None = POD) -> Recurrence | None:
    """Of a pod with this load, in a window whose regression begins at ONSET, `slow` in an earlier one."""
    quiet = np.ones(STEPS, dtype=np.bool_)
    quiet[slow] = False
    spans = Spans.around(ONSET, STEPS, quiet)
    before, during = mean_over(device_time, spans.before), mean_over(device_time, spans.during)
    nothing = np.zeros(4)
    item = Contribution(ref, device_time, nothing, nothing, during - before, 1.0, 0, None, 0.0, 0.0, 0.0)
    return with_habits(Contributions((item,), 1.0, 1.0), spans, 15).items[0].recurrence


def bursts(*begins: int, size: float = 1.0) -> Floats:
    """A load of 0.1 with bursts of ten steps."""
    load = np.full(STEPS, 0.1)
    for begin in begins:
        load[begin : begin + 10] = size
    return load


def test_bursts_that_hurt_nobody_are_counted() -> None:
    """Each once, however its steps are cut; those nearly as large as well, much smaller ones not."""
    load = bursts(20, 50, ONSET)
    load[80:90] = 0.4
    load[50:60] = 0.85
    assert habit(load) == Recurrence(seconds=108 * 15.0, rises=2, regressions=0, regressions_with=0)


def test_a_burst_in_an_earlier_regression_speaks_against_it() -> None:
    """It is no quiet one."""
    found = habit(bursts(20, 50, ONSET), slice(50, 60))
    assert found is not None
    assert (found.rises, found.regressions, found.regressions_with) == (1, 1, 1)


def test_nothing_is_told_of_what_is_new() -> None:
    """A load without its like, shorter bursts than the one at hand, a load that fell, and nobody's load."""
    assert habit(bursts(ONSET)) is None
    short = bursts(ONSET)
    short[50:54] = 1.0
    assert habit(short) is None
    assert habit(bursts(20, 50)) is None
    assert habit(bursts(20, 50, ONSET), ref=None) is None
    unknown = bursts(20, 50, ONSET)
    unknown[20:30] = unknown[54:57] = np.nan
    assert habit(unknown) is None


@pytest.mark.parametrize("seed", [119, 155])
def test_who_bursts_all_the_time_is_not_accused_of_a_back_end_that_broke(seed: int) -> None:
    """A burst begins with the onset; looks at six slow steps alone told it from a culprit's rise no more."""
    cluster, verdict, _ = degraded(seed)
    played = cluster.played(seed)
    assert not played.accused
    assert played.last.verdict is verdict


@pytest.mark.parametrize("seed", [119, 155])
def test_who_writes_more_than_ever_is_accused_all_the_same(seed: int) -> None:
    """Beside the same neighbours with their bursts."""
    cluster, _, culprits = one_writer(seed)
    assert cluster.played(seed).accused == culprits
