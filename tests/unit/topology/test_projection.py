"""Labels by columns."""

import numpy as np
import pytest

from correlator.topology.projection import newest, project, seen_steps
from tests.unit.topology.exporters import frames, series, timed

NAN = np.nan


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([1, 1, 1], (2, 0)),
        ([NAN, 1, NAN], (1, 1)),
        ([NAN, NAN, 1], (2, 2)),
        ([1, NAN, NAN], (0, 0)),
        ([NAN, NAN, NAN], (-1, -1)),
        ([np.inf, -np.inf, NAN], (-1, -1)),
    ],
)
def test_seen_steps(row: list[float], expected: tuple[int, int]) -> None:
    """The newest and the oldest step with a finite value; -1 where there is none."""
    last, first = seen_steps(np.array([row, row], dtype=np.float64))
    assert (last.tolist(), first.tolist()) == ([expected[0]] * 2, [expected[1]] * 2)


def test_window_without_steps() -> None:
    """On an empty grid nothing was seen."""
    last, first = seen_steps(np.empty((2, 0)))
    assert last.tolist() == first.tolist() == [-1, -1]


def test_values_of_several_rows_are_seen_together() -> None:
    """Labels that are not asked for fall away; what is left was seen from the first row to the last."""
    window = frames(
        timed("pod_reads", {"pod": "a", "container": "x"}, 1.0, 0, 2),
        timed("pod_reads", {"pod": "a", "container": "y"}, 1.0, 4, 6),
        timed("pod_writes", {"pod": "a"}, 1.0, 3, 7),
    )
    assert project(window, ["pod_reads"], ["pod", "node"]) == {("a", ""): (6, 0)}
    assert project(window, ["pod_reads", "pod_writes"], ["pod"]) == {("a",): (7, 0)}


def test_rows_of_different_shapes() -> None:
    """Rows with other labels, though equally many, give their own values."""
    window = frames(
        series("x", a="1", b="2"), series("x", a="3", c="4"), series("x", a="5"), series("x", a="6", b="7", c="8")
    )
    expected = {("1", "2", ""), ("3", "", "4"), ("5", "", ""), ("6", "7", "8")}
    assert project(window, ["x"], ["a", "b", "c"]).keys() == expected


def test_newest_of_candidates() -> None:
    """The one seen last; of those the one that began last; of those the greater, in whatever order they come."""
    candidates = [(("a",), (5, 0)), (("b",), (7, 0)), (("c",), (7, 3)), (("d",), (7, 3))]
    assert newest(candidates) == newest(candidates[::-1]) == ("d",)
