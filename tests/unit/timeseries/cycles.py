"""Cycles to keep, and what a naive reader says of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from correlator.incidents.database import Database
from correlator.model.matching import matching
from correlator.model.series import Labels, Matcher, MatchKind, SeriesMatrix
from correlator.timeseries.exported import Exported, Family
from correlator.timeseries.keeper import Keeper
from correlator.timeseries.reader import KeptSeries

HOUR = 3600
BEGIN = 1_795_399_200
"""A full hour."""

DEPTH = "correlator_volume_queue_depth"
TTFT = "correlator_victim_ttft_seconds"


def depth(**values: float) -> Exported:
    """A cycle in which volumes have these queue depths."""
    return {DEPTH: Family(("volume", "node"), {(name, "n1"): value for name, value in values.items()})}


class Writer:
    """Keeps cycles as the engine does: each in a transaction of its own here."""

    def __init__(self, database: Database, cluster: str = "") -> None:
        self.database = database
        self.keeper = Keeper(database, cluster)

    def write(self, step: int, exported: Exported) -> None:
        """Append and commit."""
        with self.database.write() as connection:
            self.keeper.append(connection, step, exported)
        self.keeper.appended()


@contextmanager
def writer(path: Path | str, cluster: str = "") -> Iterator[Writer]:
    """A writer on the store at a path."""
    database = Database.open(path)
    try:
        yield Writer(database, cluster)
    finally:
        database.close()


def selected(path: Path | str, *matchers: Matcher, start: int = 0, end: int = 2**33, cluster: str = "") -> SeriesMatrix:
    """What a new reader says."""
    with KeptSeries.open(path, cluster) as series:
        return series.select(matchers, start * 1000, end * 1000)


def named(metric: str) -> Matcher:
    """The matcher of a metric's name."""
    return Matcher("__name__", MatchKind.EQUAL, metric)


def as_dict(matrix: SeriesMatrix) -> dict[frozenset[tuple[str, str]], list[float]]:
    """Values by labels, whatever the order of series."""
    assert len(matrix.labels) == len(matrix.values)
    found = {frozenset(labels.items()): row for labels, row in zip(matrix.labels, matrix.values.tolist(), strict=True)}
    assert len(found) == len(matrix.labels)
    return found


class Naive:
    """The oracle: every sample in a list."""

    def __init__(self) -> None:
        self._samples: list[tuple[int, Labels, float]] = []
        self._cycles: list[int] = []

    def write(self, step: int, exported: Exported) -> None:
        """Remember a cycle."""
        self._cycles.append(step)
        for metric, family in exported.items():
            for values, value in family.values.items():
                labels = {"__name__": metric} | dict(zip(family.names, values, strict=True))
                self._samples.append((step, {name: text for name, text in labels.items() if text}, value))

    def select(
        self, matchers: Sequence[Matcher], start: int, end: int
    ) -> tuple[list[int], Mapping[object, list[float]]]:
        """Cycles in milliseconds, and values by labels."""
        cycles = [step for step in self._cycles if start <= step <= end]
        wanted = matching(matchers)
        found: dict[object, list[float]] = {}
        for step, labels, value in self._samples:
            if start <= step <= end and wanted(labels):
                row = found.setdefault(frozenset(labels.items()), [float("nan")] * len(cycles))
                row[cycles.index(step)] = value
        return [step * 1000 for step in cycles], found


def same(one: Mapping[Any, list[float]], other: Mapping[Any, list[float]]) -> bool:
    """Equal series with equal values, NaN included."""
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key], equal_nan=True) for key in one)


def steps(count: int, start: int = BEGIN, step: int = 15) -> Iterable[int]:
    """So many steps."""
    return range(start, start + count * step, step)
