"""What the API tells beside what the series tell: one frame of both, and where they differ."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from correlator.kubernetes.facts import KEYS, Fact
from correlator.model.frame import BlindSpot, Floats, Frame, Labels
from correlator.model.grid import Grid
from correlator.model.topology import TOLD_BY, Teller

MOST_MADE = 200_000

START_SECONDS = 1.0
"""Starts of a pod that differ by no more are the same: the API tells whole seconds."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The rows of both, where they differ, and how many rows the API alone told."""

    frame: Frame
    differences: tuple[BlindSpot, ...]
    added: int


def reconciled(frame: Frame, facts: Sequence[Fact], keys: "Keys") -> Reconciled:
    """The rows of both. What only one knows is taken from it; where both know a label and differ, the API counts.

    A row of the series is that of a fact when they speak of the same thing at the same time: what was there before
    the fact began, under the same name, stays as it was. `keys` is kept by the caller from one time to the next.
    """
    rows = {labels: frame.values[index] for index, labels in enumerate(frame.labels)}
    known = keys.of(frame)
    different: list[str] = []
    added = 0
    for fact, values in zip(facts, _values(facts, frame.grid), strict=True):
        told, holds = values, np.isfinite(values)
        if not holds.any():
            continue
        labels = dict(fact.labels)
        is_alone = True
        for mine in known.get(_key(labels, KEYS[frame.signal]), ()):
            series = rows.get(mine)
            if series is None or not (np.isfinite(series) & holds).any():
                continue
            if _differ(mine, fact) or _apart(series, told, frame.signal):
                different.append(_spelled(fact.labels))
            labels = {**dict(mine), **labels}
            told = np.where(holds, told, series)
            del rows[mine]
            is_alone = False
            if TOLD_BY in labels:
                labels[TOLD_BY] = Teller.BOTH.value
        added += is_alone
        identity = fact.labels if is_alone else keys.one_of(tuple(sorted(labels.items())))
        rows[identity] = np.fmax(rows[identity], told) if identity in rows else told
    return Reconciled(Frame.from_rows(frame.signal, frame.grid, rows), _noted(frame.signal, different), added)


class Keys:
    """The rows of each signal by what they speak of, read anew only when a signal has other rows."""

    def __init__(self) -> None:
        self._made: dict[Labels, Labels] = {}
        self._read: dict[str, tuple[tuple[Labels, ...], Mapping[tuple[str, ...], Sequence[Labels]]]] = {}

    def of(self, frame: Frame) -> Mapping[tuple[str, ...], Sequence[Labels]]:
        """Labels by key."""
        read = self._read.get(frame.signal)
        if read is None or read[0] != frame.labels:
            found: dict[tuple[str, ...], list[Labels]] = defaultdict(list)
            names = KEYS[frame.signal]
            for labels in frame.labels:
                found[_key(dict(labels), names)].append(labels)
            read = self._read[frame.signal] = frame.labels, found
        return read[1]

    def one_of(self, labels: Labels) -> Labels:
        """The same object each time for equal labels: windows are compared by it."""
        if len(self._made) > MOST_MADE:
            self._made.clear()
        return self._made.setdefault(labels, labels)


def _key(labels: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)


def _values(facts: Sequence[Fact], grid: Grid) -> Floats:
    """The value of each fact at the steps at which it holds, NaN at others; shape (facts, steps)."""
    if not facts:
        return np.empty((0, grid.count))
    _, since, until, value = zip(*facts, strict=True)
    times = grid.times()[None, :]
    holds = (times >= np.array(since)[:, None]) & (times < np.array(until)[:, None])
    return np.where(holds, np.array(value, dtype=np.float64)[:, None], np.nan)


def _differ(series: Labels, fact: Fact) -> bool:
    """Whether both know a label and say different things of it."""
    if series == fact.labels:
        return False
    told, said = dict(fact.labels), dict(series)
    return any(told.get(name, value) != value for name, value in said.items())


def _apart(series: Floats, told: Floats, signal: str) -> bool:
    """Whether the newest readings of a start differ."""
    if signal != "pod_start_time":
        return False
    both = np.flatnonzero(np.isfinite(series) & np.isfinite(told))
    return bool(abs(series[both[-1]] - told[both[-1]]) > START_SECONDS) if both.size else False


def _spelled(labels: Labels) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels if name not in {"uid", TOLD_BY})


def _noted(signal: str, different: Sequence[str]) -> tuple[BlindSpot, ...]:
    if not different:
        return ()
    rows = "one row:" if len(different) == 1 else f"{len(different)} rows, such as"
    said = f"differs: the Kubernetes API says other than kube-state-metrics in {rows} {different[0]}"
    return (BlindSpot(signal, said),)
