"""The read side of a store that keeps no series."""

# ruff: noqa: D102 - SeriesReads says what each does

from collections.abc import Sequence

import numpy as np

from correlator.model.series import Labels, Matcher, SeriesMatrix


class NothingKept:
    """Answers every question with no series."""

    def select(self, _matchers: Sequence[Matcher], _start_ms: int, _end_ms: int) -> SeriesMatrix:
        return SeriesMatrix((), np.empty(0, np.int64), np.empty((0, 0)))

    def label_sets(self, _matchers: Sequence[Matcher], _start_ms: int, _end_ms: int) -> Sequence[Labels]:
        return ()
