"""The read side: series by matchers over a span, from packed hours, open hours and incidents."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from sqlalchemy import Connection

from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.model.series import Labels, Matcher, SeriesMatrix
from correlator.timeseries.blocks import Blocks
from correlator.timeseries.gathered import Gathered
from correlator.timeseries.hour import Accepts, Hour, Steps
from correlator.timeseries.names import METRIC, Mask, Names, acceptance
from correlator.timeseries.openhours import OpenHours
from correlator.timeseries.past import Past


class KeptSeries:
    """Selects kept series of one cluster, over connections of its own. Every method may raise StoreError."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database = database
        self._blocks = Blocks(cluster)
        self._open = OpenHours(cluster)
        self._past = Past(database.where, cluster)

    @classmethod
    def open(cls, location: str | Path, cluster: str, *, busy_seconds: float = BUSY_SECONDS) -> "KeptSeries":
        """The store at a path (SQLite) or SQLAlchemy URL, made or migrated where needed."""
        return cls(Database.open(location, busy_seconds=busy_seconds), cluster)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesMatrix:
        """The series that match, with every cycle of the span; `SeriesReads` says more."""
        start, end = _seconds(start_ms, end_ms)
        choice = _Choice(matchers)
        with self._database.read() as connection:
            hours = list(self._hours(connection, start, end, choice.metric))
            gathered = Gathered(self._times(connection, start, end, hours))
            for hour in hours:
                gathered.name(hour.names, choice.of(hour.names))
            gathered.make_room()
            for hour in hours:
                gathered.fill(hour)
        return gathered.matrix()

    def label_sets(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Sequence[Labels]:
        """The labels of the matching series that had a value within the span."""
        start, end = _seconds(start_ms, end_ms)
        choice = _Choice(matchers)
        found: dict[object, Labels] = {}
        with self._database.read() as connection:
            hours = list(self._hours(connection, start, end, choice.metric))
            whole = {id(hour.names): hour.names for hour in hours if _is_within(hour.times, start, end)}
            for names in whole.values():
                found |= _labels(names, choice.of(names))
            for hour in hours:
                if id(hour.names) not in whole:
                    found |= _labels(hour.names, _with_values(hour, choice.of(hour.names), start, end))
        return tuple(found.values())

    def _hours(self, connection: Connection, start: int, end: int, accepts: Accepts) -> Iterator[Hour]:
        oldest = self._oldest(connection)
        yield from self._past.hours(connection, start, end if oldest is None else min(end, oldest - 1), accepts)
        yield from self._blocks.hours(connection, start, end, accepts)
        yield from self._open.hours(connection, start, end, accepts)

    def _oldest(self, connection: Connection) -> int | None:
        """Where the kept series begin."""
        begins = (self._blocks.oldest(connection), self._open.oldest(connection))
        return min((at for at in begins if at is not None), default=None)

    def _times(self, connection: Connection, start: int, end: int, hours: Sequence[Hour]) -> Steps:
        """All cycles of the span, and when incidents without one began and ended."""
        packed = self._blocks.cycles(connection, start, end)
        cycles = [*packed, self._open.cycles(connection, start, end), *(hour.times for hour in hours)]
        times = np.unique(np.concatenate(cycles))
        return times[(times >= start) & (times <= end)]


class _Choice:
    """What matchers choose, by metric and by series; the same names are asked once."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._matchers = matchers
        self._metric = [acceptance(matcher) for matcher in matchers if matcher.label == METRIC]
        self._known: dict[int, tuple[Names, Mask]] = {}

    def metric(self, name: str) -> bool:
        """Whether series of this metric may match."""
        return all(accepts(name) for accepts in self._metric)

    def of(self, names: Names) -> Mask:
        """The rows that match."""
        known = self._known.get(id(names))
        if known is None:
            known = self._known[id(names)] = (names, names.matching(self._matchers))
        return known[1]


def _is_within(times: Steps, start: int, end: int) -> bool:
    return bool(len(times)) and start <= int(times[0]) and int(times[-1]) <= end


def _labels(names: Names, mask: Mask) -> dict[object, Labels]:
    keys, labels = names.keys, names.labels
    return {keys[row]: labels[row] for row in np.flatnonzero(mask).tolist()}


def _with_values(hour: Hour, mask: Mask, start: int, end: int) -> Mask:
    """Those of the chosen rows that had a value in the span."""
    rows = np.flatnonzero(mask)
    inside = slice(*np.searchsorted(hour.times, [start, end + 1]))
    there = np.zeros(len(mask), dtype=np.bool_)
    there[rows] = ~np.isnan(hour.read(rows)[:, inside]).all(axis=1)
    return there


def _seconds(start_ms: int, end_ms: int) -> tuple[int, int]:
    """The whole seconds within a span."""
    return -(-start_ms // 1000), end_ms // 1000
