"""Constant values and values that stand still."""

from dataclasses import replace

import numpy as np

from correlator.model.frame import Floats, Frame, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.sources.staleness import instance_of, known_rows, mask_stale

GRID = Grid(1000, 10, 6)
NAN = np.nan


def signal(name: str, kind: Kind = Kind.COUNTER, heartbeat: str = "") -> Signal:
    """A signal of one exporter."""
    return Signal(
        name=name,
        unit="u",
        kind=kind,
        aspect=Aspect.IO,
        query=name,
        labels=("instance",),
        exporter="e",
        heartbeat=heartbeat,
    )


READS, BEAT = signal("reads", heartbeat="beat"), signal("beat", Kind.HEARTBEAT)


def frame(name: str, rows: dict[str, list[float]]) -> Frame:
    """A frame with one row for each instance ("" has no such label)."""
    named: dict[Labels, Floats] = {
        ((("instance", instance),) if instance else (("pod", "p"),)): np.array(row) for instance, row in rows.items()
    }
    return Frame.from_rows(name, GRID, named)


def masked(reads: dict[str, list[float]], beats: dict[str, list[float]], interval: int = 10) -> dict[str, Frame]:
    """The frames after masking."""
    frames = {READS: frame("reads", reads), BEAT: frame("beat", beats)}
    return {signal.name: found for signal, found in mask_stale(frames, {BEAT: interval}).items()}


def test_values_are_missing_where_the_heartbeat_stands_still() -> None:
    """A value older than two and a half intervals is missing; one of exactly that age is not."""
    beats = [1000.0, 1010, 1015, 1015, 1015, 1050]  # ages 0, 0, 5, 15, 25, 0
    assert not np.isnan(masked({"n1": [1.0] * 6}, {"n1": beats})["reads"].values).any()
    beats[4] = 1014.9
    assert np.isnan(masked({"n1": [1.0] * 6}, {"n1": beats})["reads"].values).tolist() == [[0, 0, 0, 0, 1, 0]]


def test_only_the_silent_target_is_masked() -> None:
    """Rows of other targets, of unknown ones and without a target stay as they are."""
    still = [1000.0] * 6
    beating = [1000.0, 1010, 1020, 1030, 1040, 1050]
    found = masked({"n1": [1.0] * 6, "n2": [2.0] * 6, "n3": [3.0] * 6, "": [4.0] * 6}, {"n1": still, "n2": beating})
    assert np.isnan(found["reads"].values).sum(axis=1).tolist() == [3, 0, 0, 0]


def test_heartbeats_stay_unmasked() -> None:
    """The heartbeat goes on telling when its target was last seen."""
    assert masked({"n1": [1.0] * 6}, {"n1": [1000.0] * 6})["beat"].values.tolist() == [[1000.0] * 6]


def test_an_unknown_heartbeat_masks_nothing() -> None:
    """Where the heartbeat itself is missing nothing is known about the target's silence."""
    found = masked({"n1": [1.0] * 6}, {"n1": [1000.0, NAN, NAN, NAN, NAN, NAN]})
    assert not np.isnan(found["reads"].values).any()


def test_without_heartbeat_or_interval_frames_stay() -> None:
    """A window without the heartbeat signal, or without its interval, is left as it came."""
    reads = frame("reads", {"n1": [1.0] * 6})
    assert mask_stale({READS: reads}, {BEAT: 1})[READS] is reads
    beat = frame("beat", {"n1": [0.0] * 6})
    assert mask_stale({READS: reads, BEAT: beat}, {})[READS] is reads


def test_each_exporter_goes_by_its_own_heartbeat() -> None:
    """One that is scraped once a minute is not silent by the measure of one that is scraped every 10 s."""
    slow_reads, slow_beat = replace(READS, exporter="slow"), replace(BEAT, exporter="slow")
    reads, beats = frame("reads", {"n1": [1.0] * 6}), frame("beat", {"n1": [1000.0] * 6})
    frames = {READS: reads, BEAT: beats, slow_reads: reads, slow_beat: beats}
    found = mask_stale(frames, {BEAT: 10, slow_beat: 60})
    assert np.isnan(found[READS].values).sum() == 3
    assert not np.isnan(found[slow_reads].values).any()


def test_the_frames_given_stay_as_they_are() -> None:
    """Masking makes new arrays."""
    reads = frame("reads", {"n1": [1.0] * 6})
    mask_stale({READS: reads, BEAT: frame("beat", {"n1": [0.0] * 6})}, {BEAT: 1})
    assert reads.values.tolist() == [[1.0] * 6]


def test_rows_that_are_unknown_throughout_vanish() -> None:
    """A series without any value in the window is no series of it."""
    found = known_rows(frame("reads", {"n1": [NAN] * 6, "n2": [1.0, *[NAN] * 5]}))
    assert [instance_of(labels) for labels in found.labels] == ["n2"]
    assert found.values.shape == (1, 6)
