"""Curves in one line."""

from hypothesis import given
from hypothesis import strategies as st

from correlator.cli.sparkline import BLOCKS, NOTHING, position, sparkline

VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=200)


def test_curve_rises_from_zero_to_its_maximum() -> None:
    """Zero is the lowest block, the maximum the highest."""
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == BLOCKS


def test_unknown_is_neither_zero_nor_a_gap() -> None:
    """What is not known has a character of its own."""
    assert sparkline([1, None, 0]) == f"{BLOCKS[-1]}{NOTHING}{BLOCKS[0]}"


def test_no_peak_is_lost() -> None:
    """A single high value among many is seen."""
    values: list[float | None] = [0.0] * 200
    values[117] = 1.0
    drawn = sparkline(values, 50)
    assert drawn.count(BLOCKS[-1]) == 1
    assert drawn.index(BLOCKS[-1]) == position(117, 200, 50)


@given(VALUES, st.integers(1, 80))
def test_width_is_kept(values: list[float | None], width: int) -> None:
    """One character for each value, and no more than there is room for."""
    assert len(sparkline(values, width)) == min(width, len(values))


@given(VALUES)
def test_shared_scale_never_overflows(values: list[float | None]) -> None:
    """A curve above a given top ends at the highest block."""
    assert set(sparkline(values, top=1.0)) <= {*BLOCKS, NOTHING}


def test_flat_zero_is_drawn() -> None:
    """A curve without height is a line at the bottom."""
    assert sparkline([0.0, 0.0]) == BLOCKS[0] * 2
    assert sparkline([]) == ""
