"""Our own synthetic series as they were exported, cycle after cycle, and the way to read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Labels = Mapping[str, str]


class MatchKind(StrEnum):
    """How a matcher compares a label; a missing label is the empty text."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label (`__name__` is the metric); a regular expression must match the whole value."""

    label: str
    kind: MatchKind
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class SeriesMatrix:
    """Series that were all exported at the same times.

    `labels` holds m label sets, each with `__name__`; `times` is (n,) in milliseconds since 1970, ascending; `values`
    is (m, n). NaN says that the series was not exported in that cycle: as in Prometheus it has ended there, and shows
    nothing until it is exported again.
    """

    labels: Sequence[Labels]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


class SeriesReads(Protocol):
    """The read side of the kept series. Both methods may raise StoreError, and both ends of a span belong to it."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesMatrix:
        """The series that match all of `matchers`, with every cycle of the span."""
        ...

    def label_sets(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Labels]:
        """The labels of the matching series that had a value within the span."""
        ...
