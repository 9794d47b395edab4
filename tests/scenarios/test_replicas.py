"""A pair of equal Prometheus, one of which falls silent: the other one lags two scrapes behind it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.inquiry import Inquiry
from correlator.model.frame import Frames
from correlator.model.signal import Kind, one_of_each
from correlator.sources.recording import RecordingSource
from tests.calibrated import calibrated
from tests.recorded import END, ONSET, START, STEP, contention, write_contention
from tests.scenarios.victoria import Said, agree, said

LAG_STEPS = 2
DAYS = 100.0
"""So many times what the hour counted has been counted before it."""

FIRST, LAST = START + (ONSET - 40) * STEP, START + (END + 20) * STEP
COUNTERS = {signal.name for signal in one_of_each(catalog.load()) if signal.kind is Kind.COUNTER}


def aged(frames: Frames) -> Frames:
    """With counters that have counted for days before."""
    found = {
        name: replace(frame, values=frame.values + DAYS * np.nanmax(frame.values, axis=1, keepdims=True))
        if name in COUNTERS and frame.labels
        else frame
        for name, frame in frames.by_signal.items()
    }
    return replace(frames, by_signal=found)


def lagging_from(frames: Frames, column: int) -> Frames:
    """From that step on every counter holds what it held two steps before: there each of them falls."""
    found = {}
    for name, frame in frames.by_signal.items():
        values = frame.values.copy()
        if name in COUNTERS:
            values[:, column:] = frame.values[:, column - LAG_STEPS : -LAG_STEPS]
        found[name] = replace(frame, values=values)
    return replace(frames, by_signal=found)


def incidents(frames: Frames, path: Path) -> list[Said]:
    """What the engine says of it."""
    source = RecordingSource(write_contention(path, frames))
    inquiry = Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={})
    return said(incidents_of(inquiry.steps(FIRST, LAST), ""), START)


@pytest.mark.parametrize("column", [ONSET - 30, ONSET + 2, (ONSET + END) // 2])
def test_a_replica_that_takes_over_changes_nothing(column: int, tmp_path: Path) -> None:
    """In a quiet minute or amid the contention: the same incident, no matter that all counters fall a little."""
    leading = aged(contention())
    lagging = lagging_from(leading, column)
    reads = lagging.get("disk_reads").values
    assert (np.diff(reads[:, column - 1 : column + 1], axis=1) < 0).all()
    expected = incidents(leading, tmp_path / "leading.zip")
    assert [each.verdict for each in expected] == ["contention"]
    assert agree(incidents(lagging, tmp_path / "lagging.zip"), expected, LAG_STEPS * STEP)
