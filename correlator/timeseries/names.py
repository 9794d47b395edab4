"""The labels of series: as they are stored, and how matchers choose among them."""

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from correlator.model.matching import matching
from correlator.model.series import Labels, Matcher

METRIC: Final = "__name__"
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Label values of series, each in the order of `names`; a label that a series lacks is the empty text."""

    names: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, data: bytes) -> "Rows":
        """The inverse of `to_json`. Raises ValueError on anything else."""
        try:
            names, values = orjson.loads(data)
            rows = cls(tuple(names), tuple(map(tuple, values)))
        except (TypeError, ValueError) as error:
            raise ValueError(f"no labels of series: {error}") from error
        if any(len(row) != len(rows.names) for row in rows.values):
            raise ValueError("labels of series that do not fit their names")
        return rows

    def to_json(self) -> bytes:
        """Compact, and readable."""
        return orjson.dumps((self.names, self.values))


def packed(rows: Rows) -> tuple[str, bytes]:
    """Labels as stored once for all blocks that have them: their identity, and compressed JSON."""
    plain = rows.to_json()
    return hashlib.sha256(plain).hexdigest()[:32], zlib.compress(plain)


def unpacked(data: bytes) -> Rows:
    """The inverse of `packed`. Raises ValueError on anything else."""
    try:
        return Rows.read(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"labels that were not compressed by us: {error}") from error


class Names:
    """The series of one metric, by row, and what matchers choose of them."""

    def __init__(self, metric: str, rows: Rows) -> None:
        self.metric = metric
        self._rows = rows

    def __len__(self) -> int:
        """The number of series."""
        return len(self._rows.values)

    @cached_property
    def labels(self) -> tuple[Labels, ...]:
        """Each series' labels, the metric among them; empty ones are left out, as Prometheus does."""
        names = (METRIC, *self._rows.names)
        return tuple(
            {name: value for name, value in zip(names, (self.metric, *row), strict=True) if value}
            for row in self._rows.values
        )

    @cached_property
    def keys(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """What tells one series from another, whatever the order of its labels."""
        return tuple(tuple(sorted(labels.items())) for labels in self.labels)

    def matching(self, matchers: Sequence[Matcher]) -> Mask:
        """The rows that match all of them, shape (series,)."""
        chosen = np.ones(len(self), dtype=np.bool_)
        for matcher in matchers:
            accepts = acceptance(matcher)
            if matcher.label == METRIC:
                chosen &= accepts(self.metric)
            elif matcher.label in self._rows.names:
                values, codes = self._column(matcher.label)
                chosen &= np.array([accepts(value) for value in values], dtype=np.bool_)[codes]
            else:
                chosen &= accepts("")
        return chosen

    def _column(self, label: str) -> tuple[Sequence[str], NDArray[np.int64]]:
        """The different values of a label, and which of them each row has."""
        column = self._columns.get(label)
        if column is None:
            place, numbers = self._rows.names.index(label), dict[str, int]()
            codes = [numbers.setdefault(row[place], len(numbers)) for row in self._rows.values]
            column = self._columns[label] = (tuple(numbers), np.array(codes, dtype=np.int64))
        return column

    @cached_property
    def _columns(self) -> dict[str, tuple[Sequence[str], NDArray[np.int64]]]:
        return {}


def acceptance(matcher: Matcher) -> Callable[[str], bool]:
    """Whether a value of its label is accepted. Raises InvalidRegexError for what is no regular expression."""
    matches = matching([matcher])
    return lambda value: matches({matcher.label: value})


def rows_of(found: Sequence[Mapping[str, str]]) -> Rows:
    """Labels with one order of names.

    Names of few different values come first, so that what is asked for together lies together once it is sorted.
    """
    every = sorted({name for labels in found for name in labels})
    names = tuple(sorted(every, key=lambda name: len({labels.get(name, "") for labels in found})))
    return Rows(names, tuple(tuple(labels.get(name, "") for name in names) for labels in found))


def sorted_rows(rows: Rows) -> tuple[Rows, list[int]]:
    """The same in an order that does not depend on when they came, and where each stood."""
    order = sorted(range(len(rows.values)), key=rows.values.__getitem__)
    return Rows(rows.names, tuple(rows.values[place] for place in order)), order
