"""The rows of frames that hold any data, as label mappings with when they were seen."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Frames, Labels

Steps: TypeAlias = NDArray[np.int64]
Seen: TypeAlias = tuple[int, int]


class Row(NamedTuple):
    """One series with data in the window; `seen` is its (newest, oldest) step with a value: newer compares larger."""

    labels: Mapping[str, str]
    seen: Seen

    def get(self, label: str) -> str:
        """A label's value; empty where the series has none, as in PromQL."""
        return self.labels.get(label, "")

    def newness(self) -> tuple[Seen, tuple[tuple[str, str], ...]]:
        """Sorts rows from old to new; labels decide between equals, so that the order of rows never does."""
        return self.seen, tuple(sorted(self.labels.items()))


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


def enumerate_rows(frame: Frame) -> Iterator[tuple[int, Row]]:
    """The rows of one frame that hold data, each with its index in the frame."""
    newest, oldest = seen_steps(frame.values)
    for index, (labels, last, first) in enumerate(zip(frame.labels, newest.tolist(), oldest.tolist(), strict=True)):
        if last >= 0:
            yield index, Row(dict(labels), (last, first))


def rows(frame: Frame) -> list[Row]:
    """The rows of one frame that hold data."""
    return [row for _, row in enumerate_rows(frame)]


def merged_rows(frames: Frames, signals: Iterable[str]) -> list[Row]:
    """The distinct identities among several signals that share their labels, each seen when any of them was."""
    same: tuple[Labels, ...] | None = None
    newest = oldest = np.empty(0, dtype=np.int64)
    others: list[tuple[Labels, int, int]] = []
    for signal in signals:
        frame = frames.get(signal)
        if not frame.labels:
            continue
        last, first = seen_steps(frame.values)
        if same is None:
            same, newest, oldest = frame.labels, last, first
        elif same == frame.labels:
            oldest = np.where(oldest < 0, first, np.where(first < 0, oldest, np.minimum(oldest, first)))
            newest = np.maximum(newest, last)
        else:
            others.extend(zip(frame.labels, last.tolist(), first.tolist(), strict=True))
    found = zip(same or (), newest.tolist(), oldest.tolist(), strict=True)
    return _distinct([*found, *others]) if others else [Row(dict(labels), (n, o)) for labels, n, o in found if n >= 0]


def _distinct(found: Iterable[tuple[Labels, int, int]]) -> list[Row]:
    """One row for each identity with data."""
    seen: dict[Labels, Seen] = {}
    for labels, newest, oldest in found:
        if newest >= 0:
            known = seen.get(labels, (newest, oldest))
            seen[labels] = (max(known[0], newest), min(known[1], oldest))
    return [Row(dict(labels), when) for labels, when in seen.items()]


def newest_row(candidates: Iterable[Row]) -> Row:
    """The row that was seen last; of those, the one that began last. Raises ValueError when there is none."""
    return max(candidates, key=Row.newness)
