"""The rolling window against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.inquiry.buffer import FrameBuffer
from correlator.model.frame import Frame, Frames, Labels
from correlator.model.grid import Grid

NAMES = "abcdef"
STEP = 15


def identity(name: str) -> Labels:
    """Labels by a letter."""
    return (("pod", name),)


@st.composite
def broken(draw: st.DrawFn, length: int) -> list[float]:
    """One value but for a few columns."""
    values = [1.0] * length
    for column in draw(st.lists(st.integers(0, length - 1), max_size=2)):
        values[column] = draw(st.sampled_from([np.nan, 0.0, 0.5]))
    return values


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[float]]:
    """Some series over one span, each with gaps."""
    length = draw(st.integers(1, 60))
    known = st.one_of(st.just(np.nan), st.floats(0, 100), st.sampled_from([0.0, 1.0]))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    constant = st.just([1.0] * length)  # as most labels are, mostly
    return {
        name: draw(st.one_of(constant, broken(length), st.lists(known, min_size=length, max_size=length)))
        for name in names
    }


def frame_of(history: dict[str, list[float]], start: int, end: int, *, shuffled: bool = False) -> Frame:
    """Columns [start, end) of a history, without rows that have no value there; rows in another order if `shuffled`."""
    rows = {identity(name): np.array(values[start:end]) for name, values in history.items()}
    rows = {labels: row for labels, row in rows.items() if not np.isnan(row).all()}
    frame = Frame.from_rows("s", Grid(start * STEP, STEP, end - start), rows)
    order = slice(None, None, -1) if shuffled else slice(None)
    return Frame("s", frame.grid, frame.labels[order], frame.values[order])


@given(history=histories(), width=st.integers(1, 20), data=st.data())
def test_window_is_the_newest_columns_whatever_the_chunks(
    history: dict[str, list[float]], width: int, data: st.DataObject
) -> None:
    """After any sequence of chunks the window equals the last columns, rows without a value dropped, labels sorted."""
    length = len(next(iter(history.values()), [0.0] * 10))
    buffer = FrameBuffer(["s"], STEP, width)
    start = 0
    while start < length:
        end = data.draw(st.integers(start + 1, length))
        chunk = frame_of(history, start, end, shuffled=data.draw(st.booleans()))
        frames = Frames(chunk.grid, {"s": chunk})
        for column in range(end - start):
            buffer.append(frames, column)
            now = start + column + 1
            expected = frame_of(history, max(0, now - width), now)
            window = buffer.window(frames).get("s")
            missing = width - expected.grid.count
            assert window.grid == Grid((now - width) * STEP, STEP, width)
            assert window.labels == expected.labels
            np.testing.assert_array_equal(window.values[:, missing:], expected.values)
            assert np.isnan(window.values[:, :missing]).all()
        start = end


def test_labels_stay_the_same_object_while_rows_do() -> None:
    """Whoever compares identities of successive windows compares one pointer."""
    buffer = FrameBuffer(["s"], STEP, 4)
    history = {"a": [1.0] * 9, "b": [2.0] * 9}
    seen = set()
    for at in range(9):
        frame = frame_of(history, at, at + 1)
        frames = Frames(frame.grid, {"s": frame})
        buffer.append(frames, 0)
        seen.add(id(buffer.window(frames).get("s").labels))
    assert len(seen) == 1


def test_signal_that_is_not_answered_has_no_values() -> None:
    """A signal missing from an answer is unknown at that step, not as it was."""
    buffer = FrameBuffer(["s"], STEP, 3)
    frame = frame_of({"a": [1.0]}, 0, 1)
    buffer.append(Frames(frame.grid, {"s": frame}), 0)
    nothing = Frames(Grid(STEP, STEP, 1), {})
    buffer.append(nothing, 0)
    np.testing.assert_array_equal(buffer.window(nothing).get("s").values, [[np.nan, 1.0, np.nan]])


def test_window_cannot_be_written_to() -> None:
    """A judge that tried to change its input would fail at once."""
    buffer = FrameBuffer(["s"], STEP, 2)
    frame = frame_of({"a": [1.0]}, 0, 1)
    frames = Frames(frame.grid, {"s": frame})
    buffer.append(frames, 0)
    assert not buffer.window(frames).get("s").values.flags.writeable


def test_signals_with_equal_rows_have_one_object_as_their_labels() -> None:
    """As long as they are equal: what is read from labels is then read once."""
    grid = Grid(0, STEP, 3)
    rows = [{"a": [1.0, 1, 1], "b": [1.0, 1, 1]}, {"a": [1.0, 1, 1], "b": [np.nan, 1, 1]}]
    frames = Frames(grid, {str(name): frame_of(history, 0, 3) for name, history in enumerate(rows)})
    buffer = FrameBuffer(["0", "1"], STEP, 2)
    same = []
    for column in range(3):
        buffer.append(frames, column)
        window = buffer.window(frames)
        same.append(window.get("0").labels is window.get("1").labels)
    assert same == [False, True, True]
    assert window.get("1").labels == (identity("a"), identity("b"))


@pytest.mark.parametrize(("value", "columns"), [(1.0, 1), (0.0, 1), (0.1, 9), (2.0**50, 9)])
def test_whole_numbers_that_stand_still_are_held_once(value: float, columns: int) -> None:
    """One column stands for the window; other numbers might add up to something else in an array laid out so."""
    buffer = FrameBuffer(["s"], STEP, 9)
    for at in range(30):
        frame = frame_of({"a": [value] * 30, "b": [value] * 30}, at, at + 1)
        frames = Frames(frame.grid, {"s": frame})
        buffer.append(frames, 0)
    values = buffer.window(frames).get("s").values
    np.testing.assert_array_equal(values, np.full((2, 9), value))
    assert not values.flags.writeable
    distinct = {values[:, column].__array_interface__["data"][0] for column in range(9)}
    assert len(distinct) == columns


@given(history=histories(), width=st.integers(1, 20), data=st.data())
def test_rows_that_come_later_are_as_if_they_had_always_come(
    history: dict[str, list[float]], width: int, data: st.DataObject
) -> None:
    """Some rows are appended in part of the columns, then amended in pieces that reach beyond the window."""
    length = len(next(iter(history.values()), [0.0] * 10))
    late = data.draw(st.sets(st.sampled_from([*history]))) if history else set()
    since = data.draw(st.integers(0, length))
    held = {
        name: [*values[:since], *[np.nan] * (length - since)] if name in late else values
        for name, values in history.items()
    }
    whole, partly = (FrameBuffer(["s"], STEP, width) for _ in range(2))
    for buffer, rows in ((whole, history), (partly, held)):
        frames = Frames(Grid(0, STEP, length), {"s": frame_of(rows, 0, length)})
        for column in range(length):
            buffer.append(frames, column)
    start = max(0, length - width)
    middle = data.draw(st.integers(start, length))
    for first, end in ((start, middle), (middle, length)):
        part = frame_of({name: history[name] for name in late}, first, end)
        partly.amend(Frames(Grid(first * STEP, STEP, end - first), {"s": part}))
    nothing = Frames(Grid(0, STEP, 0), {})
    expected, found = whole.window(nothing).get("s"), partly.window(nothing).get("s")
    assert found.labels == expected.labels
    np.testing.assert_array_equal(found.values, expected.values)
