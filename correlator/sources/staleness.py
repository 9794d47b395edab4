"""Tells values that stand still because their target is gone from values that are constant."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame
from correlator.model.signal import Kind, Signal

STALE_AFTER_INTERVALS = 2.5


def mask_stale(frames: Mapping[Signal, Frame], intervals: Mapping[Signal, int]) -> dict[Signal, Frame]:
    """The frames with NaN wherever a target's heartbeat stands still.

    At step t the values of an instance are missing when its newest sample is older than 2.5 of the heartbeat's update
    intervals: Prometheus goes on answering with the last value for 5 minutes where samples carry the exporter's own
    timestamps. A heartbeat is that of the signal's own exporter, else whoever supplies one of that name. Rows without
    the label `instance`, instances without a heartbeat, steps at which the heartbeat is NaN,
    heartbeats themselves and signals whose heartbeat is not among `frames` or has no interval stay as they are.
    """
    beats: dict[tuple[str, str], list[Signal]] = {}
    for signal in frames:
        if signal.kind is Kind.HEARTBEAT:
            beats.setdefault(("", signal.name), []).append(signal)
            beats.setdefault((signal.exporter, signal.name), []).append(signal)
    stale: dict[tuple[str, str], dict[str, NDArray[np.bool_]]] = {}
    masked = dict(frames)
    for signal, frame in frames.items():
        own = (signal.exporter, signal.heartbeat)
        key = own if own in beats else ("", signal.heartbeat)
        told = [beat for beat in beats.get(key, ()) if beat in intervals]
        if signal.kind is Kind.HEARTBEAT or not told:
            continue
        if key not in stale:
            stale[key] = _stale_steps([frames[beat] for beat in told], max(intervals[beat] for beat in told))
        masked[signal] = _masked(frame, stale[key])
    return masked


def known_rows(frame: Frame) -> Frame:
    """The frame without rows that are NaN throughout: a source has no series there, whatever the window."""
    known = np.logical_not(np.isnan(frame.values).all(axis=1))
    if known.all():
        return frame
    labels = tuple(labels for labels, keep in zip(frame.labels, known, strict=True) if keep)
    return Frame(frame.signal, frame.grid, labels, frame.values[known])


def instance_of(labels: Sequence[tuple[str, str]]) -> str:
    """The scrape target of a series; "" where it has none."""
    return dict(labels).get("instance", "")


def _stale_steps(heartbeats: Sequence[Frame], interval: int) -> dict[str, NDArray[np.bool_]]:
    """For each target that stands still at any step: at which, shape (steps,)."""
    newest: dict[str, Floats] = {}
    for heartbeat in heartbeats:
        for labels, row in zip(heartbeat.labels, heartbeat.values, strict=True):
            instance = instance_of(labels)
            newest[instance] = np.fmax(newest[instance], row) if instance in newest else row
    times = heartbeats[0].grid.times()
    stale = {name: times - row > STALE_AFTER_INTERVALS * interval for name, row in newest.items() if name}
    return {name: steps for name, steps in stale.items() if steps.any()}


def _masked(frame: Frame, stale: Mapping[str, NDArray[np.bool_]]) -> Frame:
    if not stale:
        return frame
    rows = [stale.get(instance_of(labels)) for labels in frame.labels]
    values = frame.values.copy()
    for index, row in enumerate(rows):
        if row is not None:
            values[index, row] = np.nan
    return Frame(frame.signal, frame.grid, frame.labels, values)
