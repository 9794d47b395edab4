"""The hours that are packed. They never change, so that what was read once is remembered."""

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, func, select

from correlator.incidents.tables import SeriesBlockRow, SeriesNamesRow
from correlator.model.frame import Floats
from correlator.timeseries.cache import Cache
from correlator.timeseries.codec import CHUNK_ROWS, Packed, unpack_times
from correlator.timeseries.head import BLOCK_SECONDS
from correlator.timeseries.hour import Accepts, Hour, Steps
from correlator.timeseries.names import Names, unpacked

log = structlog.get_logger(__name__)

DECODED_BYTES: Final = 64_000_000
"""Values that were read lately: a day of 1,000 series every 15 s takes 46 MB."""

NAMES_BYTES: Final = 64_000_000
NAME_BYTES: Final = 1_500  # roughly, of one series' labels in memory with what is derived from them


class Blocks:
    """Finds packed hours of one cluster."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._decoded: Cache[Floats] = Cache(DECODED_BYTES)
        self._names: Cache[Names] = Cache(NAMES_BYTES)
        self._told: set[tuple[int, str]] = set()

    def oldest(self, connection: Connection) -> int | None:
        """The first cycle; None where there is no block."""
        start = connection.scalar(select(func.min(SeriesBlockRow.start)).where(SeriesBlockRow.cluster == self._cluster))
        if start is None:
            return None
        cycles = np.concatenate([np.array([], dtype=np.int64), *self.cycles(connection, start, start)])
        return int(cycles.min()) if len(cycles) else start

    def cycles(self, connection: Connection, start: int, end: int) -> list[Steps]:
        """The cycles of the blocks that touch the span."""
        return [times for row in self._rows(connection, start, end) if (times := self._times(row)) is not None]

    def hours(self, connection: Connection, start: int, end: int, accepts: Accepts) -> Iterator[Hour]:
        """The hours that touch the span of each metric that is accepted, oldest first."""
        for row in self._rows(connection, start, end):
            if not row.metric or not accepts(row.metric):
                continue
            times, names = self._times(row), self._named(connection, row)
            if times is not None and names is not None:
                yield Hour(names, times, partial(self._values, connection, row.start, names, len(times)))

    def _values(self, connection: Connection, start: int, names: Names, times: int, rows: NDArray[np.int64]) -> Floats:
        """Some rows' values; NaN where they cannot be read."""
        values = np.full((len(rows), times), np.nan)
        numbers = rows // CHUNK_ROWS
        for number, chunk in self._chunks(connection, start, names.metric, np.unique(numbers).tolist()):
            here = slice(*np.searchsorted(numbers, [number, number + 1]))
            inside = rows[here] - number * CHUNK_ROWS
            if chunk.shape[1] == times and inside[-1] < len(chunk):
                values[here] = chunk[inside]
            else:
                self._tell(start, names.metric, ValueError(f"{chunk.shape} values do not fit its labels and times"))
        return values

    def _chunks(
        self, connection: Connection, start: int, metric: str, numbers: list[int]
    ) -> Iterator[tuple[int, Floats]]:
        """The values of some chunks of a block; those that are damaged are told of and left out."""
        packed: Packed | None = None
        for number in numbers:
            values = self._decoded.get((start, metric, number))
            if values is None:
                try:
                    packed = packed or Packed(self._body(connection, start, metric))
                    values = packed.chunk(number)
                except ValueError as error:
                    self._tell(start, metric, error)
                    continue
                self._decoded.put((start, metric, number), values, values.nbytes)
            yield number, values

    def _rows(self, connection: Connection, start: int, end: int) -> "list[Row[int, str, str, bytes]]":
        columns = (SeriesBlockRow.start, SeriesBlockRow.metric, SeriesBlockRow.names_id, SeriesBlockRow.times)
        return list(
            connection.execute(
                select(*columns)
                .where(
                    SeriesBlockRow.cluster == self._cluster,
                    SeriesBlockRow.start > start - BLOCK_SECONDS,
                    SeriesBlockRow.start <= end,
                )
                .order_by(SeriesBlockRow.start, SeriesBlockRow.metric)
            )
        )

    def _body(self, connection: Connection, start: int, metric: str) -> bytes:
        found = connection.scalar(
            select(SeriesBlockRow.body).where(
                SeriesBlockRow.cluster == self._cluster, SeriesBlockRow.start == start, SeriesBlockRow.metric == metric
            )
        )
        return found or b""

    def _times(self, row: "Row[int, str, str, bytes]") -> Steps | None:
        try:
            return unpack_times(row.times)
        except ValueError as error:
            self._tell(row.start, row.metric, error)
            return None

    def _named(self, connection: Connection, row: "Row[int, str, str, bytes]") -> Names | None:
        key = (row.metric, row.names_id)
        names = self._names.get(key)
        if names is None:
            its = (SeriesNamesRow.cluster == self._cluster, SeriesNamesRow.id == row.names_id)
            try:
                names = Names(row.metric, unpacked(connection.scalar(select(SeriesNamesRow.body).where(*its)) or b""))
            except ValueError as error:
                self._tell(row.start, row.metric, error)
                return None
            self._names.put(key, names, NAME_BYTES * len(names))
        return names

    def _tell(self, start: int, metric: str, error: ValueError) -> None:
        """Say once which block is damaged."""
        if (start, metric) not in self._told:
            self._told.add((start, metric))
            log.error("a block of kept series is damaged", metric=metric, start=start, why=str(error))
