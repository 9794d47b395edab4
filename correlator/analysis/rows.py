"""Which rows of a frame speak of which target, pod, node and volume: read from their labels once, not at each step.

Every table here is a function of its arguments alone and is never changed. What was made lately is kept and found again
by the identity of the labels, which stay the same object as long as the rows do; so nothing but time depends on what is
kept. Tables that need a topology are kept for the newest one only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Labels
from correlator.model.topology import PodRef, Topology, node_of, part_of, volume_of

Indices: TypeAlias = NDArray[np.intp]
"""Rows of a frame, ascending; shape (n,)."""

Rows: TypeAlias = tuple[Labels, ...]
"""The labels of a frame's rows."""

KEPT = 24
"""Tables of one kind that are kept: more than there are different rows among the signals of a window."""

NONE: Indices = np.empty(0, dtype=np.intp)
NONE.flags.writeable = False

T = TypeVar("T")
V = TypeVar("V")


class Same(Generic[T]):
    """Equal to what holds the very same object; it keeps that alive, so that its identity is not given to another."""

    __slots__ = ("it",)

    def __init__(self, it: T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it


def kept(table: Callable[[Rows], V]) -> Callable[[Rows], V]:
    """A function of rows that remembers what it made of the last KEPT of them."""

    @lru_cache(maxsize=KEPT)
    def remembered(rows: Same[Rows]) -> V:
        return table(rows.it)

    @wraps(table)
    def found(rows: Rows) -> V:
        return remembered(Same(rows))

    return found


def kept_in(table: Callable[[Rows, Topology], V]) -> Callable[[Rows, Topology], V]:
    """A function of rows in a topology that remembers what it made of the last KEPT of them in the newest topology."""

    @lru_cache(maxsize=1)
    def within(topology: Same[Topology]) -> Callable[[Rows], V]:
        return kept(lambda rows: table(rows, topology.it))

    @wraps(table)
    def found(rows: Rows, topology: Topology) -> V:
        return within(Same(topology))(rows)

    return found


@dataclass(frozen=True, slots=True, eq=False)
class Groups(Generic[T]):
    """Rows by what they have in common.

    `code` maps each key to its number, in the order of first rows; `codes` has the number of each row, shape (R,);
    `order` the rows sorted by number, shape (R,); `starts` where each number begins in `order`, shape (N + 1,).
    """

    code: Mapping[T, int]
    codes: Indices
    order: Indices
    starts: Indices

    @classmethod
    def of(cls, keys: Sequence[T]) -> "Groups[T]":
        """The groups of rows with these keys."""
        code: dict[T, int] = {}
        codes = np.fromiter((code.setdefault(key, len(code)) for key in keys), np.intp, len(keys))
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(code)))]).astype(np.intp)
        return cls(code, codes, np.argsort(codes, kind="stable"), starts)

    def members(self, code: int) -> Indices:
        """The rows of one number."""
        return self.order[self.starts[code] : self.starts[code + 1]]

    def rows(self, key: T) -> Indices:
        """The rows of one key; none where it does not occur."""
        code = self.code.get(key)
        return NONE if code is None else self.members(code)


def label(labels: Labels, name: str) -> str:
    """The value of one label; empty when it is not there."""
    for key, value in labels:
        if key == name:
            return value
    return ""


@kept
def by_target(rows: Rows) -> Groups[str]:
    """Rows by their scrape target, the label `instance`; those without it share one unnamed target."""
    return Groups.of([label(labels, "instance") for labels in rows])


@kept
def by_pod(rows: Rows) -> Groups[PodRef]:
    """Rows by the pod that they speak of."""
    names = [(label(labels, "namespace"), label(labels, "pod")) for labels in rows]
    refs = {name: PodRef(*name) for name in dict.fromkeys(names)}
    return Groups.of([refs[name] for name in names])


@kept
def by_device(rows: Rows) -> Groups[str]:
    """Rows by their device, as the exporter spells it; empty where it names none."""
    return Groups.of([label(labels, "device") for labels in rows])


@kept
def of_containers(rows: Rows) -> NDArray[np.bool_]:
    """Whether each row speaks of a container, not of a whole pod; shape (R,)."""
    return np.array([bool(label(labels, "container")) for labels in rows], dtype=np.bool_)


@kept_in
def by_node(rows: Rows, topology: Topology) -> Groups[str]:
    """Rows by their node; empty where none is known."""
    return Groups.of([node_of(dict(labels), topology) for labels in rows])


@kept_in
def by_volume(rows: Rows, topology: Topology) -> Groups[str]:
    """Rows by the id of their volume; empty where none is known."""
    return Groups.of([volume_of(dict(labels), topology) for labels in rows])


@kept_in
def by_part(rows: Rows, topology: Topology) -> Groups[str]:
    """Rows by the client of a shared back end; empty where none is known."""
    return Groups.of([part_of(dict(labels), topology) for labels in rows])


@kept_in
def by_pod_on_volume(rows: Rows, topology: Topology) -> Groups[tuple[str, PodRef, str]]:
    """Rows by (id of the volume, pod, spelling of the device); the id is empty where none is known."""
    volumes, pods, devices = by_volume(rows, topology), by_pod(rows), by_device(rows)
    ids, refs, spellings = list(volumes.code), list(pods.code), list(devices.code)
    numbered = Groups.of(list(zip(volumes.codes.tolist(), pods.codes.tolist(), devices.codes.tolist(), strict=True)))
    code = {(ids[v], refs[p], spellings[d]): number for (v, p, d), number in numbered.code.items()}
    return Groups(code, numbered.codes, numbered.order, numbered.starts)


@kept_in
def of_devices(rows: Rows, topology: Topology) -> Mapping[str, int]:
    """The row of each volume's own counters, by its id: the last one with `Volume.device`, never a partition's."""
    volumes = by_volume(rows, topology)
    found: dict[str, int] = {}
    for identity, code in volumes.code.items():
        volume = topology.volumes.get(identity)
        if volume is not None:
            own = [row for row in volumes.members(code).tolist() if label(rows[row], "device") == volume.device]
            if own:
                found[identity] = own[-1]
    return found
