"""What of the pods' I/O was really seen: held counters, missed scrapes, pods that come back."""

import numpy as np
import pytest

from correlator.model.finding import Verdict
from correlator.model.frame import Frame, Frames
from tests.property.test_engine_laws import POD_SIGNALS
from tests.unit.analysis import stories
from tests.unit.analysis.playing import play_frames
from tests.unit.analysis.stories import FIRST, LATER, ONSET


@pytest.mark.parametrize(("step", "cadence"), [(1, 10), (1, 15), (2, 15), (5, 15), (15, 30)])
def test_counters_that_move_more_slowly_than_they_are_scraped_blame_nobody_else(step: int, cadence: int) -> None:
    """CAdvisor looks at its cgroups every 10 to 15 s: what a pod is not yet seen to have done is not unattributed."""
    frames = stories.one_writer(step=step).frames()
    changed = dict(frames.by_signal)
    every = max(1, cadence // step)
    for signal in POD_SIGNALS[:4]:
        frame = frames.get(signal)
        seen = np.maximum((np.arange(frame.grid.count) - 3) // every * every, 0)
        changed[signal] = Frame(signal, frame.grid, frame.labels, frame.values[:, seen])
    told = play_frames(Frames(frames.grid, changed, frames.intervals), FIRST, LATER)
    assert "unattributed" not in told.accused


def test_a_series_born_after_a_missed_scrape_is_not_unattributed_io() -> None:
    """Its first gain is not known, so neither is what nobody did at that step."""
    frames = stories.one_writer().frames()
    changed = dict(frames.by_signal)
    missed = np.random.default_rng(0).random(frames.grid.count) < 0.5
    for signal in POD_SIGNALS:
        frame = frames.get(signal)
        values = frame.values.copy()
        values[:, missed] = np.nan
        changed[signal] = Frame(signal, frame.grid, frame.labels, values)
    told = play_frames(Frames(frames.grid, changed, frames.intervals), FIRST, LATER)
    assert "unattributed" not in told.accused


def test_a_pod_that_comes_back_after_a_long_absence_is_seen_to() -> None:
    """A StatefulSet's job ran an hour ago, was gone, and writes again under its old name."""
    made = stories.one_writer()
    job = made.device_pods[-1]
    job.born = 0
    job.writes[:20], job.write_bytes[:20] = job.writes[ONSET + 5], job.write_bytes[ONSET + 5]
    frames = made.frames()
    changed = dict(frames.by_signal)
    for signal in POD_SIGNALS[:4]:
        frame = frames.get(signal)
        values = frame.values.copy()
        for row, labels in enumerate(frame.labels):
            if dict(labels)["pod"] == "reindex-abc":
                values[row, ONSET:] -= values[row, ONSET - 1]
                values[row, 20:ONSET] = np.nan
        changed[signal] = Frame(signal, frame.grid, frame.labels, values)
    last = play_frames(Frames(frames.grid, changed, frames.intervals), FIRST, LATER).last
    assert last.verdict is Verdict.CONTENTION
    assert last.suspects[0].pod == "reindex-abc"
