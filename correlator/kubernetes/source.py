"""A Source beside another: its frames, with what the Kubernetes API tells of pods, claims and volumes."""

import re
from collections.abc import Callable, Mapping, Sequence

from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.facts import KEYS, Fact, Name, Wanted
from correlator.kubernetes.reconcile import Keys, reconciled
from correlator.model.frame import BlindSpot, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source

FIRST_WAIT_SECONDS = 30.0
"""Longest wait for the first lists, once: a window that is judged right after a start knows what later ones know."""

_UID = re.compile(r"/pods/([^/]+)/")


class KubernetesSource:
    """Asks `inner`, and adds what `cluster` knows. Days of which no info is asked for are passed on as they are.

    `added` says of the newest answer how many rows of each signal the API alone told.
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
        wanted = self._named.wanted(frames)
        facts = self._cluster.facts(wanted)
        found, notes, added = dict(frames.by_signal), list[BlindSpot](), dict[str, int]()
        for signal in asked:
            both = reconciled(frames.get(signal), facts.get(signal, ()), self._keys)
            found[signal] = both.frame
            added[signal] = both.added
            notes += both.differences
        self.added = added
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
    """The pods that frames name, read anew only where a signal has other rows."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[Labels, ...], frozenset[Name], frozenset[str]]] = {}

    def wanted(self, frames: Frames) -> Wanted:
        """The pods of everything but what the API tells itself."""
        read = [self._of(frame) for name, frame in frames.by_signal.items() if name not in KEYS]
        names: set[Name] = set()
        uids: set[str] = set()
        for these, those in read:
            names |= these
            uids |= those
        return Wanted(names, uids)

    def _of(self, frame: Frame) -> tuple[frozenset[Name], frozenset[str]]:
        read = self._read.get(frame.signal)
        if read is None or read[0] != frame.labels:
            pairs = [dict(labels) for labels in frame.labels]
            names = frozenset((each.get("namespace", ""), each["pod"]) for each in pairs if "pod" in each)
            mounts = (_UID.search(each["mountpoint"]) for each in pairs if "mountpoint" in each)
            read = frame.labels, names, frozenset(found.group(1) for found in mounts if found)
            self._read[frame.signal] = read
        return read[1], read[2]
