"""Kept series in memory: the read side of the store for tests that are not about the store."""

# ruff: noqa: D102 - SeriesReads says what each does

from collections.abc import Sequence

import numpy as np

from correlator.model.matching import matching
from correlator.model.series import Labels, Matcher, SeriesMatrix


class KeptSeries:
    """Answers from one matrix. `fail_with` makes every call raise."""

    def __init__(self, matrix: SeriesMatrix | None = None) -> None:
        self._kept = matrix or SeriesMatrix((), np.empty(0, np.int64), np.empty((0, 0)))
        self.fail_with: Exception | None = None
        self.spans: list[tuple[int, int]] = []

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesMatrix:
        self.spans.append((start_ms, end_ms))
        if self.fail_with:
            raise self.fail_with
        wanted = matching(matchers)
        rows = [row for row, labels in enumerate(self._kept.labels) if wanted(labels)]
        first, end = np.searchsorted(self._kept.times, start_ms), np.searchsorted(self._kept.times, end_ms, "right")
        values = self._kept.values[:, first:end]
        return SeriesMatrix(
            [self._kept.labels[row] for row in rows],
            self._kept.times[first:end],
            values if len(rows) == len(values) else values[rows],
        )

    def label_sets(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Labels]:
        found = self.select(matchers, start_ms, end_ms)
        shown = np.flatnonzero(~np.isnan(found.values).all(axis=1))
        return [found.labels[row] for row in shown.tolist()]
