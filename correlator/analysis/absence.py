"""Series that are gone while their pod should run: nothing is done there, which is no gap in what is known.

Said only where others see the pod: Kubernetes knows it as the one that it was, and its kubelet counts the I/O of a
container that did not start anew. Where the pod's I/O pressure is exported it must be waiting on I/O; otherwise others
of its kind must be seen, or it is the exporter of all of them that is gone.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from correlator.analysis.memory import OpenRegression
from correlator.analysis.quiet import key_of
from correlator.analysis.rates import Bools, restarted
from correlator.analysis.rows import by_pod
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.volumes import POD_SIGNALS, pod_pressure
from correlator.analysis.windows import mean_over
from correlator.model.frame import Floats, Frames
from correlator.model.topology import PodRef

ABSENT_STEPS, ABSENT_SECONDS = 6, 60
"""A shorter absence may be a scrape that came late, or a pod that ends."""

LONGEST_STEPS = 40
"""Who has been gone for longer is not waited for by anybody any more."""

STUCK_RATIO = 0.1
STUCK_TIMES = 2.0
"""A pod waits on I/O for at least this part of the time, and so many times as much as before."""

AROUND_STEPS = 3
"""Scrapes of different exporters do not fall on the same instant."""


def with_absences(frames: Frames, victims: Victims, open_regressions: Iterable[OpenRegression]) -> Victims:
    """The victims, with nothing done (0, not NaN) in the steps at which they are absent though they should run.

    `frames` as from `symptoms.seen_as_ttft`. Victims with a regression of another kind than silence are left alone.
    """
    known = {key_of(one): one for one in open_regressions}
    absent: dict[int, Bools] = {}
    for row in np.flatnonzero(np.isnan(victims.first_tokens[:, -1])).tolist():
        key = victims.keys[row]
        regression = known.get(key)
        steps = _trailing(np.isnan(victims.first_tokens[row]))
        if regression is not None and regression.silent:
            absent[row] = steps & _is_listed(frames, key.ref)
        elif regression is None and _is_missing(frames, key, steps, victims):
            absent[row] = steps
    return _done_nothing(victims, absent) if absent else victims


def _trailing(flags: Bools) -> Bools:
    """The unbroken run of true ones at the end."""
    return np.asarray(np.logical_and.accumulate(flags[::-1])[::-1])


def _done_nothing(victims: Victims, absent: dict[int, Bools]) -> Victims:
    counts, total, done = victims.counts.copy(), victims.ttft_sum.copy(), victims.first_tokens.copy()
    for row, steps in absent.items():
        counts[row][:, steps] = 0.0
        total[row, steps] = done[row, steps] = 0.0
    return replace(victims, counts=counts, ttft_sum=total, first_tokens=done)


def _is_missing(frames: Frames, key: VictimKey, steps: Bools, victims: Victims) -> bool:
    length, step = int(steps.sum()), frames.grid.step
    if not ABSENT_STEPS <= length <= LONGEST_STEPS or length * step < ABSENT_SECONDS or length == len(steps):
        return False
    onset = len(steps) - length
    if not (_is_same_pod(frames, key.ref, onset) and _runs_on(frames, key.ref)) or _restarted(frames, key.ref, onset):
        return False
    waits = is_stuck(frames, key.ref, onset)
    others = [row for row, other in enumerate(victims.keys) if other.ref != key.ref]
    return waits if waits is not None else bool(np.isfinite(victims.first_tokens[others, -1]).any())


def _is_listed(frames: Frames, ref: PodRef) -> Bools:
    """Steps at which Kubernetes knew the pod, shape (T,)."""
    info = frames.get("pod_info")
    return np.asarray(np.isfinite(info.values[by_pod(info.labels).rows(ref)]).any(axis=0))


def _is_same_pod(frames: Frames, ref: PodRef, onset: int) -> bool:
    """Whether Kubernetes knows the pod now as the one that it was before, and as started before."""
    info = frames.get("pod_info")
    known = np.isfinite(info.values[by_pod(info.labels).rows(ref)])
    if not (known[:, -1] & known[:, :onset].any(axis=1)).any():
        return False
    started = frames.get("pod_start_time")
    times = started.values[by_pod(started.labels).rows(ref), -1]
    return not bool((times >= frames.grid.start + (onset - AROUND_STEPS) * frames.grid.step).any())


def _runs_on(frames: Frames, ref: PodRef) -> bool:
    """Whether its kubelet still counts its I/O."""
    return any(bool(np.isfinite(values[:, -AROUND_STEPS:]).any()) for values in _io_of(frames, ref))


def _restarted(frames: Frames, ref: PodRef, onset: int) -> bool:
    """Whether the I/O of one of its containers is counted from zero since shortly before `onset`."""
    since = (values[:, max(0, onset - AROUND_STEPS) :] for values in _io_of(frames, ref))
    return any(bool(restarted(each[:, :-1], each[:, 1:]).any()) for each in since)


def _io_of(frames: Frames, ref: PodRef) -> list[Floats]:
    """The I/O counters of a pod, each of shape (rows, T)."""
    found = (frames.get(signal) for signal in POD_SIGNALS)
    return [frame.values[by_pod(frame.labels).rows(ref)] for frame in found]


def is_made_anew(frames: Frames, ref: PodRef, onset: int) -> bool:
    """Whether a pod that Kubernetes lists is not the one that it was before `onset`, or its container started anew."""
    listed = bool(_is_listed(frames, ref).any())
    return (listed and not _is_same_pod(frames, ref, onset)) or _restarted(frames, ref, onset)


def is_stuck(frames: Frames, ref: PodRef, onset: int) -> bool | None:
    """Whether a pod waits on I/O from `onset` on as it did not before; None where its pressure is not exported.

    A pressure that is zero throughout is what a kernel without accounting shows.
    """
    pressure = pod_pressure(frames, "pod_io_waiting", ref)
    if not np.nan_to_num(pressure).any():
        return None
    steps = np.arange(len(pressure))
    during, before = mean_over(pressure, steps >= onset), mean_over(pressure, steps < onset)
    if not np.isfinite(during):
        return None
    return during >= max(STUCK_RATIO, STUCK_TIMES * (before if np.isfinite(before) else 0.0))
