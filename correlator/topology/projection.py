"""The distinct values of some labels among the series that hold data, and when they were seen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frames, Labels

Steps: TypeAlias = NDArray[np.int64]

Seen: TypeAlias = tuple[int, int]
"""(newest, oldest) step with a value: what is newer, or as new and began later, compares larger."""

Values: TypeAlias = tuple[str, ...]
"""Values of the asked labels in the asked order; empty where a series lacks one, as in PromQL."""

Projection: TypeAlias = Mapping[Values, Seen]


NAME: Callable[[tuple[str, str]], str] = itemgetter(0)
VALUE: Callable[[tuple[str, str]], str] = itemgetter(1)


def seen_steps(values: Floats) -> tuple[Steps, Steps]:
    """(newest, oldest) index with a finite value for each row of `values`; -1 for rows without any.

    Most rows of a window begin and end with a value, so that only the others are looked through.
    """
    count, width = values.shape
    newest = np.full(count, width - 1, dtype=np.int64)
    oldest = np.zeros(count, dtype=np.int64)
    if width == 0:
        return newest, np.full(count, -1, dtype=np.int64)
    gone = np.flatnonzero(~np.isfinite(values[:, -1]))
    if gone.size:
        finite = np.isfinite(values[gone])
        found = finite.any(axis=1)
        newest[gone] = np.where(found, width - 1 - finite[:, ::-1].argmax(axis=1), -1)
        oldest[gone[~found]] = -1
    late = np.flatnonzero(~np.isfinite(values[:, 0]) & (newest >= 0))
    if late.size:
        oldest[late] = np.isfinite(values[late]).argmax(axis=1)
    return newest, oldest


def project(frames: Frames, signals: Iterable[str], names: Sequence[str]) -> Projection:
    """The distinct values of the labels `names` among all rows with data of these signals.

    Values of several rows were seen from the first of them to the last. Signals of one exporter mostly have equal
    rows: a frame that tells the same as the one before is passed over.
    """
    found: dict[Values, Seen] = {}
    labels: tuple[Labels, ...] = ()
    newest = oldest = np.empty(0, dtype=np.int64)
    for signal in signals:
        frame = frames.get(signal)
        before = labels, newest, oldest
        labels, (newest, oldest) = frame.labels, seen_steps(frame.values)
        if before[0] == labels and np.array_equal(before[1], newest) and np.array_equal(before[2], oldest):
            continue
        held = np.flatnonzero(newest >= 0)
        seen = zip(newest[held].tolist(), oldest[held].tolist(), strict=True)
        rows = labels if held.size == len(labels) else [labels[index] for index in held.tolist()]
        _add(found, rows, list(seen), names)
    return found


def newest(candidates: Iterable[tuple[Values, Seen]]) -> Values:
    """The values seen last; of those, the ones that began last. The values decide between equals, never their order."""
    return max((seen, values) for values, seen in candidates)[1]


def _add(found: dict[Values, Seen], rows: Sequence[Labels], seen: Sequence[Seen], names: Sequence[str]) -> None:
    """Put the values of rows into `found`, rows with equally many labels together."""
    sizes = list(map(len, rows))
    for size in set(sizes):
        alike = [one == size for one in sizes]
        for values, when in zip(_values(list(compress(rows, alike)), names), compress(seen, alike), strict=True):
            known = found.setdefault(values, when)
            if known is not when and known != when:
                found[values] = max(known[0], when[0]), min(known[1], when[1])


def _values(rows: Sequence[Labels], names: Sequence[str]) -> Iterable[Values]:
    """The values of `names` in each row, taken by columns where all rows have the same labels."""
    columns: dict[str, Iterable[str]] = {}
    for column in zip(*rows, strict=True):
        heads = set(map(NAME, column))
        if len(heads) > 1:
            return [tuple(pairs.get(name, "") for name in names) for pairs in map(dict, rows)]
        columns[heads.pop()] = map(VALUE, column)
    lacking = ("",) * len(rows)
    return zip(*(columns.get(name, lacking) for name in names), strict=True)
