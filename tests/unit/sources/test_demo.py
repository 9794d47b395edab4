"""A recording that plays as if it were now."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from correlator.model.frame import Floats, Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.sources.demo import DemoSource
from correlator.sources.manifest import RecordingError
from correlator.sources.recording import Recorded, Recording

NAN = np.nan
RECORDED = Grid(1000, 10, 4)  # a loop of 40 s
STARTS_AT = 5001.0  # the first loop is [4970, 5010)


def signal(name: str, kind: Kind) -> Signal:
    """A signal."""
    return Signal(name=name, unit="u", kind=kind, aspect=Aspect.IO, query="q", labels=("instance", "pod"), exporter="e")


def demo(name: str, kind: Kind, *rows: list[float], instances: tuple[str, ...] = ()) -> DemoSource:
    """A demo of one signal with a row for each pod, all of one target unless `instances` says otherwise."""
    named = {
        labels_of({"pod": str(index), "instance": instances[index] if instances else "n1"}): np.array(row)
        for index, row in enumerate(rows)
    }
    frame = Frame.from_rows(name, RECORDED, named)
    return DemoSource(recording(Frames(RECORDED, {name: frame}, {name: 10}), {name: Recorded("u", kind)}), STARTS_AT)


def recording(frames: Frames, signals: dict[str, Recorded]) -> Recording:
    """A recording in memory."""
    return Recording(Path("demo.zip"), frames, signals, datetime(2026, 1, 1, tzinfo=UTC), "lab")


def played(source: DemoSource, name: str, kind: Kind, start: int = 4970, count: int = 12) -> Floats:
    """The values of three loops."""
    return source.fetch([signal(name, kind)], Grid(start, 10, count)).get(name).values


def test_a_gauge_repeats() -> None:
    """A reading comes again in each loop."""
    assert np.array_equal(
        played(demo("g", Kind.GAUGE, [1, 2, NAN, 4]), "g", Kind.GAUGE, count=8),
        [[1, 2, NAN, 4, 1, 2, NAN, 4]],
        equal_nan=True,
    )


def test_a_counter_goes_on() -> None:
    """From loop to loop a counter continues where it stopped, and gains the same each time."""
    values = played(demo("c", Kind.COUNTER, [100, 110, 110, 150]), "c", Kind.COUNTER)
    assert values.tolist() == [[100, 110, 110, 150, 150, 160, 160, 200, 200, 210, 210, 250]]


def test_a_restart_within_the_recording_is_taken_out() -> None:
    """A counter that restarted from zero shows the same increments without the restart, in every loop."""
    values = played(demo("c", Kind.COUNTER, [100, 110, 5, 7]), "c", Kind.COUNTER, count=8)
    assert values.tolist() == [[100, 110, 115, 117, 117, 127, 132, 134]]


def test_who_is_born_within_is_born_again() -> None:
    """A pod that appears during the recording is gone when the loop begins anew and counts from its first value."""
    values = played(demo("c", Kind.COUNTER, [0, 0, 0, 0], [NAN, 7, 8, 9]), "c", Kind.COUNTER, count=8)
    assert np.array_equal(values[1], [NAN, 7, 8, 9, NAN, 7, 8, 9], equal_nan=True)


def test_a_target_that_was_late_goes_on() -> None:
    """Where all series of a target begin late, its scrape was late: its counters were there before and go on."""
    source = demo("c", Kind.COUNTER, [0, 0, 0, 0], [NAN, 7, 8, 9], instances=("n1", "n2"))
    values = played(source, "c", Kind.COUNTER, count=8)
    assert np.array_equal(values[1], [NAN, 7, 8, 9, NAN, 9, 10, 11], equal_nan=True)


def test_who_ends_within_goes_on_where_it_stopped() -> None:
    """A pod that vanishes during the recording comes back with the loop and without a jump."""
    values = played(demo("c", Kind.COUNTER, [5, 6, NAN, NAN]), "c", Kind.COUNTER, count=8)
    assert np.array_equal(values, [[5, 6, NAN, NAN, 6, 7, NAN, NAN]], equal_nan=True)


@given(hnp.arrays(np.float64, 4, elements=st.floats(0, 1e6)), st.integers(0, 10_000))
def test_no_loop_looks_like_a_restart(increments: Floats, loops: int) -> None:
    """However fractions round, a counter never falls from one loop to the next, nor gains a visible extra."""
    row = np.cumsum(increments).tolist()
    values = played(demo("c", Kind.COUNTER, row), "c", Kind.COUNTER, start=4970 + 40 * loops, count=8)[0]
    assert (np.diff(values) >= 0).all()
    assert values[4] - values[3] < 1e-4


def test_heartbeats_tell_the_present() -> None:
    """A heartbeat is as old in the demo as it was in the recording."""
    source = demo("h", Kind.HEARTBEAT, [999.5, 1009.5, 1009.5, 1029.5])
    ages = Grid(4970, 10, 12).times() - played(source, "h", Kind.HEARTBEAT)[0]
    assert ages.tolist() == [0.5, 0.5, 10.5, 0.5] * 3


def test_start_times_move_with_who_is_born_within() -> None:
    """A pod born within the recording starts anew in each loop; one that was there before started once."""
    values = played(
        demo("pod_start_time", Kind.GAUGE, [900, 900, 900, 900], [NAN, 1005, 1005, 1005]), "pod_start_time", Kind.GAUGE
    )
    assert set(values[0]) == {900 + 3970}
    assert np.array_equal(values[1][:8], [NAN, 4975, 4975, 4975, NAN, 5015, 5015, 5015], equal_nan=True)


def test_the_first_loop_lies_in_the_past() -> None:
    """The demo begins one length before its start, on the recording's steps, and knows nothing before."""
    source = demo("g", Kind.GAUGE, [1, 2, 3, 4])
    assert source.span(5100.0) == (4970, 5100)
    assert np.array_equal(played(source, "g", Kind.GAUGE, 4950, 4), [[NAN, NAN, 1, 2]], equal_nan=True)


def test_one_question_has_one_answer() -> None:
    """Whether a span is asked for at once or step by step, and by which demo object, makes no difference."""
    row = [100, 110, 5, 7.5]
    whole = played(demo("c", Kind.COUNTER, row), "c", Kind.COUNTER)
    single = [played(demo("c", Kind.COUNTER, row), "c", Kind.COUNTER, at, 1)[0, 0] for at in range(4970, 5090, 10)]
    assert whole[0].tolist() == single


def test_a_coarser_step_samples_the_same_values() -> None:
    """A multiple of the recorded step sees every so-many-th value, also where loops do not divide by it."""
    source = demo("c", Kind.COUNTER, [1, 2, 3, 4])
    fine = played(source, "c", Kind.COUNTER, 4980, 9)[0]
    coarse = source.fetch([signal("c", Kind.COUNTER)], Grid(4980, 30, 3)).get("c").values[0]
    assert coarse.tolist() == fine[::3].tolist()


def test_a_finer_step_is_refused() -> None:
    """What was not recorded cannot be played."""
    with pytest.raises(RecordingError, match="a step of 5 s is no multiple"):
        demo("g", Kind.GAUGE, [1, 2, 3, 4]).fetch([], Grid(0, 5, 1))


def test_an_empty_recording_is_refused() -> None:
    """Nothing cannot be played in a loop."""
    with pytest.raises(RecordingError, match=r"demo\.zip: has no steps to play"):
        DemoSource(recording(Frames(Grid(0, 1, 0), {}), {}), 0.0)


def test_intervals_and_name_are_the_recordings() -> None:
    """The demo says what it plays and how often it was updated."""
    source = demo("g", Kind.GAUGE, [1, 2, 3, 4])
    assert source.name == "demo of demo.zip"
    assert source.intervals([signal("g", Kind.GAUGE), signal("x", Kind.GAUGE)], 0.0) == {"g": 10}
