"""A Source beside another: its frames, with what the Kubernetes API tells of pods, claims and volumes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from correlator.kubernetes.cluster import KEEP_SECONDS, Cluster
from correlator.kubernetes.facts import KEYS, Fact, Name, Wanted
from correlator.kubernetes.reconcile import Keys, reconciled
from correlator.model.frame import BlindSpot, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source

FIRST_WAIT_SECONDS = 30.0
"""Longest wait for the first lists, once: a window that is judged right after a start knows what later ones know."""

T = TypeVar("T")

_UID = re.compile(r"/pods/([^/]+)/")


class KubernetesSource:
    """Asks `inner`, and adds what `cluster` knows. Days of which no info is asked for are passed on as they are.

    `added` says of the newest answer for each signal how many rows the API alone told.
    """

    def __init__(self, inner: Source, cluster: Cluster, first_wait_seconds: float = FIRST_WAIT_SECONDS) -> None:
        self._inner = inner
        self._cluster = cluster
        self._first_wait_seconds = first_wait_seconds
        self._named = _Named()
        self._keys = Keys()
        self.added: Mapping[str, int] = {}

    @property
    def name(self) -> str:
        """That of the inner source."""
        return self._inner.name

    def span(self, now: float) -> tuple[float, float]:
        """That of the inner source: of what was before, the API tells only what is still there."""
        return self._inner.span(now)

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """Those of the inner source: the API has no steps."""
        return self._inner.intervals(signals, at)

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """All signals on the grid. Raises what the inner source raises, and nothing of the API's troubles."""
        frames = self._inner.fetch(signals, grid, progress)
        asked = dict.fromkeys(signal.name for signal in signals if signal.name in KEYS)
        if not asked or not grid.count:
            return frames
        if self._first_wait_seconds:
            self._cluster.wait(self._first_wait_seconds)
            self._first_wait_seconds = 0.0
        wanted = self._named.wanted(frames, grid)
        facts = self._cluster.facts(wanted)
        found, notes, added = dict(frames.by_signal), list[BlindSpot](), dict[str, int]()
        for signal in asked:
            both = reconciled(frames.get(signal), facts.get(signal, ()), self._keys)
            found[signal] = both.frame
            added[signal] = both.added
            notes += both.differences
        self.added = {**self.added, **added}
        notes += (*self._cluster.quality(), *_strangers(wanted, facts))
        return Frames(grid, found, frames.intervals, (*frames.quality, *notes))


def _strangers(wanted: Wanted, facts: Mapping[str, Sequence[Fact]]) -> tuple[BlindSpot, ...]:
    """What is to be said of an API that has pods, and not one of those that the series name."""
    told = {dict(fact.labels)["pod"] for fact in facts.get("pod_info", ())}
    if not told or not wanted.names or not told.isdisjoint(pod for _, pod in wanted.names):
        return ()
    count = len(wanted.names)
    said = f"differs: none of the {count} pods that the series name is known to it: is it the API of another cluster?"
    return (BlindSpot("kubernetes/pods", said),)


class _Named:
    """The pods that frames name, read anew only where a signal has other rows.

    Who asks for a part of a window asks about the pods that the rest of it names.
    """

    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[Labels, ...], frozenset[Name], frozenset[str]]] = {}
        self._names: dict[Name, int] = {}  # the newest step of any answer that named it
        self._uids: dict[str, int] = {}

    def wanted(self, frames: Frames, grid: Grid) -> Wanted:
        """The pods of all that the API does not tell itself, and those that were named since the grid's first step."""
        read = [self._of(frame) for name, frame in frames.by_signal.items() if name not in KEYS]
        names = frozenset[Name]().union(*(these for these, _ in read))
        uids = frozenset[str]().union(*(those for _, those in read))
        self._names = _since(self._names, names, grid)
        self._uids = _since(self._uids, uids, grid)
        return Wanted(
            {name for name, last in self._names.items() if last >= grid.start},
            {uid for uid, last in self._uids.items() if last >= grid.start},
        )

    def _of(self, frame: Frame) -> tuple[frozenset[Name], frozenset[str]]:
        read = self._read.get(frame.signal)
        if read is None or read[0] != frame.labels:
            pairs = [dict(labels) for labels in frame.labels]
            names = frozenset((each.get("namespace", ""), each["pod"]) for each in pairs if "pod" in each)
            mounts = (_UID.search(each["mountpoint"]) for each in pairs if "mountpoint" in each)
            read = frame.labels, names, frozenset(found.group(1) for found in mounts if found)
            self._read[frame.signal] = read
        return read[1], read[2]


def _since(known: Mapping[T, int], told: Iterable[T], grid: Grid) -> dict[T, int]:
    """When each was named last, those before any window of the grid left out."""
    kept = {name: last for name, last in known.items() if last >= grid.start - KEEP_SECONDS}
    return kept | {name: max(grid.last, kept.get(name, 0)) for name in told}
