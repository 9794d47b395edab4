"""Telemetry becomes the very frames that a source would have yielded, and the engine says the same of them."""

from functools import cache

import numpy as np
import pytest

from correlator import catalog
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.sources.recording import RecordingSource
from tests.accuracy.frames import TelemetrySource, frames_of, inquiry_into
from tests.accuracy.lab import lab_case, telemetry_of
from tests.accuracy.moments import Span
from tests.accuracy.ours import incidents_of, run
from tests.scenarios.cases import FIXTURES, judged
from tests.simulator.case import Rows, Telemetry

NAME = "one_writer"


@cache
def recorded() -> RecordingSource:
    """A recording of the lab."""
    return RecordingSource(FIXTURES / NAME / "recording.zip")


def assert_same(one: Frames, other: Frames) -> None:
    """Equal rows, labels, values and intervals for every signal that either has."""
    assert one.grid == other.grid
    assert dict(one.intervals) == dict(other.intervals)
    for name in {*one.by_signal, *other.by_signal}:
        assert one.get(name).labels == other.get(name).labels, name
        np.testing.assert_array_equal(one.get(name).values, other.get(name).values, err_msg=name)


def test_frames_are_those_of_the_recording() -> None:
    """Through telemetry and back nothing changes."""
    assert_same(frames_of(telemetry_of(NAME)), recorded().recording.frames)


@pytest.mark.parametrize("multiple", [1, 5])
def test_a_fetch_answers_as_a_recording_does(multiple: int) -> None:
    """Before, within and after the span, at its step and a multiple of it: NaN outside, no row that is unknown."""
    grid = recorded().recording.frames.grid
    step = grid.step * multiple
    asked = Grid((grid.start - 50) // step * step, step, 90)
    signals = catalog.load()
    assert_same(TelemetrySource(telemetry_of(NAME)).fetch(signals, asked), recorded().fetch(signals, asked))


def test_another_step_is_refused() -> None:
    """A step that was not simulated cannot be had."""
    source = TelemetrySource(telemetry_of("fsync_storm"))
    with pytest.raises(ValueError, match="simulated every"):
        TelemetrySource(_coarse(source.frames)).fetch(catalog.load(), Grid(0, 1, 10))


def _coarse(frames: Frames) -> Telemetry:
    """Every fifth step of what a source holds."""
    step = frames.grid.step * 5
    start = -(-frames.grid.start // step) * step
    columns = slice(start - frames.grid.start, None, 5)
    rows = {
        name: Rows(tuple(map(dict, frame.labels)), frame.values[:, columns]) for name, frame in frames.by_signal.items()
    }
    count = next(iter(rows.values())).values.shape[1]
    return Telemetry(start=start, step=step, count=count, signals=rows, intervals=frames.intervals)


def test_days_before_are_asked_of_the_history() -> None:
    """A grid at the history's step that begins before the case is answered from the history."""
    fine = telemetry_of(NAME)
    source = TelemetrySource(fine, _coarse(frames_of(fine)))
    grid = Grid(fine.start // 5 * 5 - 50, 5, 30)
    found = source.fetch(catalog.load(), grid).get("disk_reads")
    inside = grid.times() >= fine.start
    assert np.isnan(found.values[:, ~inside]).all()
    assert np.isfinite(found.values[:, inside]).any()


def test_the_walk_says_what_a_walk_over_the_recording_says() -> None:
    """From end to end: same incidents, at the same steps, with the same suspects and confidences."""
    case = lab_case(NAME)
    step = inquiry_into(case.telemetry).step_between(case.telemetry.start, case.telemetry.start)
    first, last = recorded().span(0.0)
    done = run(case, Span(int(first), int(last)), step)
    (victim,) = case.victims
    mine = incidents_of(done.findings[victim.namespace, victim.pod, victim.model_name], victim, step)
    theirs = judged(NAME).incidents
    assert [each.detected_at for each in mine] == [each.detected_at.timestamp() for each in theirs]
    assert [each.started_at for each in mine] == [each.started_at.timestamp() for each in theirs]
    for one, other in zip(mine, theirs, strict=True):
        assert one.verdict == other.verdict.value
        assert [s.confidence for s in one.suspects] == [s.confidence for s in other.suspects]
