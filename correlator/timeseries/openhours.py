"""The hours that are not packed yet, cycle by cycle."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from correlator.incidents.tables import SeriesStepRow
from correlator.model.frame import Floats
from correlator.timeseries.blocks import NAME_BYTES
from correlator.timeseries.cache import Cache
from correlator.timeseries.head import BLOCK_SECONDS, read_heads, read_readings
from correlator.timeseries.hour import Accepts, Hour, Steps
from correlator.timeseries.names import Names, rows_of

log = structlog.get_logger(__name__)

READ_BYTES: Final = 32_000_000


class OpenHours:
    """Finds hours of one cluster that are still cycle by cycle. What was read is remembered until the next cycle."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._names: Cache[tuple[Names, ...]] = Cache(READ_BYTES)
        self._read: Cache[Floats] = Cache(READ_BYTES)

    def oldest(self, connection: Connection) -> int | None:
        """The first cycle; None where there is none."""
        return connection.scalar(select(func.min(SeriesStepRow.step)).where(SeriesStepRow.cluster == self._cluster))

    def cycles(self, connection: Connection, start: int, end: int) -> Steps:
        """All cycles of the hours that touch the span, ascending."""
        found = connection.scalars(
            select(SeriesStepRow.step)
            .where(
                SeriesStepRow.cluster == self._cluster,
                SeriesStepRow.step >= start // BLOCK_SECONDS * BLOCK_SECONDS,
                SeriesStepRow.step < end // BLOCK_SECONDS * BLOCK_SECONDS + BLOCK_SECONDS,
                SeriesStepRow.metric == "",
            )
            .order_by(SeriesStepRow.step)
        )
        return np.fromiter(found, np.int64)

    def hours(self, connection: Connection, start: int, end: int, accepts: Accepts) -> Iterator[Hour]:
        """The hours that touch the span of each metric that is accepted, oldest first."""
        cycles: dict[int, list[int]] = defaultdict(list)
        for step in self.cycles(connection, start, end).tolist():
            cycles[step // BLOCK_SECONDS * BLOCK_SECONDS].append(step)
        for hour, steps in cycles.items():
            times = np.array(steps, dtype=np.int64)
            for names in self._named(connection, hour, steps[-1]):
                if accepts(names.metric):
                    yield Hour(names, times, partial(self._rows, connection, hour, names, times))

    def _named(self, connection: Connection, hour: int, newest: int) -> tuple[Names, ...]:
        """The series of each metric of an hour up to its newest cycle."""
        named = self._names.get((hour, newest))
        if named is None:
            heads, damaged = read_heads(connection, self._cluster, hour)
            for metric, reason in damaged.items():
                log.error("series of this hour are damaged", metric=metric, start=hour, why=reason)
            named = tuple(Names(metric, rows_of(head.labels())) for metric, head in heads.items())
            self._names.put((hour, newest), named, NAME_BYTES * sum(map(len, named)))
        return named

    def _rows(self, connection: Connection, hour: int, names: Names, times: Steps, rows: NDArray[np.int64]) -> Floats:
        key = (hour, names.metric, int(times[-1]))
        values = self._read.get(key)
        if values is None:
            values = self._matrix(connection, hour, names, times)
            self._read.put(key, values, values.nbytes)
        return values[rows]

    def _matrix(self, connection: Connection, hour: int, names: Names, times: Steps) -> Floats:
        values = np.full((len(names), len(times)), np.nan)
        cycles = select(SeriesStepRow.step, SeriesStepRow.readings).where(
            SeriesStepRow.cluster == self._cluster,
            SeriesStepRow.step >= hour,
            SeriesStepRow.step <= int(times[-1]),
            SeriesStepRow.metric == names.metric,
        )
        for row in connection.execute(cycles):
            try:
                readings = read_readings(row.readings, len(names))
            except ValueError as error:
                log.warning("a cycle of kept series is damaged", metric=names.metric, step=row.step, why=str(error))
            else:
                values[: len(readings), np.searchsorted(times, row.step)] = readings
        return values
