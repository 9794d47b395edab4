"""The write side: a cycle within the step's transaction, whole hours as blocks, and an end to both."""

from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from correlator.incidents.database import Database
from correlator.incidents.errors import StoreConflictError
from correlator.incidents.tables import SeriesBlockRow, SeriesNamesRow, SeriesStepRow
from correlator.timeseries.codec import pack, pack_times
from correlator.timeseries.exported import Exported
from correlator.timeseries.head import BLOCK_SECONDS, Head, Series, read_heads, read_readings
from correlator.timeseries.names import Rows, packed, rows_of, sorted_rows

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Writing:
    """What a transaction adds to the heads, once it is committed."""

    start: int
    heads: dict[str, Head]
    added: dict[str, list[Series]] = field(default_factory=dict)


class Keeper:
    """Keeps the series of one cluster. One process writes them: the one that commits the steps."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database = database
        self._cluster = cluster
        self._start: int | None = None
        self._heads: dict[str, Head] = {}
        self._writing: _Writing | None = None

    def append(self, connection: Connection, step: int, exported: Exported) -> None:
        """Write a cycle within the transaction of its step; call `appended` when that was committed."""
        start = step // BLOCK_SECONDS * BLOCK_SECONDS
        heads = self._heads if start == self._start else self._resumed(connection, start)
        writing = self._writing = _Writing(start, heads)
        rows = [self._row(step, "", None, b"")]
        for metric, family in exported.items():
            added, readings = heads.get(metric, Head()).place(family.names, family.values)
            writing.added[metric] = added
            names = Rows(family.names, tuple(values for _, values in added)).to_json() if added else None
            rows.append(self._row(step, metric, names, readings.astype("<f8").tobytes()))
        connection.execute(insert(SeriesStepRow), rows)

    def appended(self) -> None:
        """Take what the last `append` wrote for committed."""
        if self._writing is None:
            return
        self._start, self._heads = self._writing.start, self._writing.heads
        for metric, added in self._writing.added.items():
            self._heads.setdefault(metric, Head()).add(added)
        self._writing = None

    def pack(self, until: int) -> int:
        """Make blocks of the hours that ended at or before `until`; returns of how many. Raises StoreError."""
        with self._database.read() as connection:
            steps = (
                select(SeriesStepRow.step)
                .distinct()
                .where(
                    SeriesStepRow.cluster == self._cluster,
                    SeriesStepRow.step < until // BLOCK_SECONDS * BLOCK_SECONDS,
                )
            )
            hours = {step // BLOCK_SECONDS for step in connection.scalars(steps)}
        for hour in sorted(hours):
            self._pack_hour(hour * BLOCK_SECONDS)
        return len(hours)

    def prune(self, before: float, most_bytes: int) -> int:
        """Forget whole hours that ended before an instant, and the oldest beyond a size; returns how many."""
        with self._database.read() as connection:
            sizes = connection.execute(
                select(SeriesBlockRow.start, func.sum(SeriesBlockRow.size).label("size"))
                .where(SeriesBlockRow.cluster == self._cluster)
                .group_by(SeriesBlockRow.start)
                .order_by(SeriesBlockRow.start.desc())
            ).all()
        total, old = 0, []
        for row in sizes:
            total += int(row.size)
            if total > most_bytes or row.start + BLOCK_SECONDS <= before:
                old.append(row.start)
        for start in reversed(old):
            with self._database.write() as connection:
                connection.execute(delete(SeriesBlockRow).where(*self._block_of(start)))
        if old:
            self._forget_names()
        return len(old)

    def _resumed(self, connection: Connection, start: int) -> dict[str, Head]:
        """The heads that an earlier life left; what of them is damaged is given up, so that others can go on."""
        heads, damaged = read_heads(connection, self._cluster, start)
        for metric, reason in damaged.items():
            log.error("series of this hour are given up: they cannot be read", metric=metric, start=start, why=reason)
            connection.execute(delete(SeriesStepRow).where(*self._steps_of(start), SeriesStepRow.metric == metric))
        return heads

    def _pack_hour(self, start: int) -> None:
        """Read and pack, then exchange steps for blocks in one short transaction."""
        within = self._steps_of(start)
        with self._database.read() as connection:
            count = connection.scalar(select(func.count()).select_from(SeriesStepRow).where(*within))
            metrics = connection.scalars(select(SeriesStepRow.metric).distinct().where(*within)).all()
            steps = connection.scalars(select(SeriesStepRow.step).where(*within, SeriesStepRow.metric == ""))
            times = np.array(sorted(steps), dtype=np.int64)
            made = [self._block(connection, metric, start, times) for metric in metrics]
        with self._database.write() as connection:
            if connection.execute(delete(SeriesStepRow).where(*within)).rowcount != count:
                raise StoreConflictError(self._database.where, f"the series of {start} changed", "let one daemon write")
            for names, block in made:
                self._put_names(connection, *names)
                connection.execute(insert(SeriesBlockRow).values(block))

    def _block(
        self, connection: Connection, metric: str, start: int, times: NDArray[np.int64]
    ) -> tuple[tuple[str, bytes], dict[str, object]]:
        """Labels and row of a block; a damaged cycle is left out, damaged labels leave nothing of the hour."""
        heads, damaged = read_heads(connection, self._cluster, start, metric)
        if damaged:
            log.error("series of an hour are lost: damaged labels", metric=metric, start=start, why=damaged[metric])
        head = heads.get(metric, Head())
        values = np.full((len(head), len(times)), np.nan)
        place = {at: number for number, at in enumerate(times.tolist())}
        cycles = select(SeriesStepRow.step, SeriesStepRow.readings).where(
            *self._steps_of(start), SeriesStepRow.metric == metric
        )
        for row in connection.execute(cycles) if head else ():
            try:
                readings = read_readings(row.readings, len(head))
            except ValueError as error:
                log.warning("a damaged cycle of series is left out", metric=metric, step=row.step, why=str(error))
            else:
                values[: len(readings), place[row.step]] = readings
        rows, order = sorted_rows(rows_of(head.labels()))
        names, stamps, body = packed(rows), pack_times(times), pack(values[order])
        key = {"cluster": self._cluster, "start": start, "metric": metric}
        size = len(stamps) + len(body)
        return names, {**key, "names_id": names[0], "size": size, "times": stamps, "body": body}

    def _put_names(self, connection: Connection, identity: str, body: bytes) -> None:
        its = (SeriesNamesRow.cluster == self._cluster, SeriesNamesRow.id == identity)
        if connection.scalar(select(SeriesNamesRow.id).where(*its)) is None:
            connection.execute(insert(SeriesNamesRow).values(cluster=self._cluster, id=identity, body=body))

    def _forget_names(self) -> None:
        """Delete labels that no block has any more."""
        used = select(SeriesBlockRow.names_id).where(SeriesBlockRow.cluster == self._cluster)
        with self._database.write() as connection:
            connection.execute(
                delete(SeriesNamesRow).where(SeriesNamesRow.cluster == self._cluster, SeriesNamesRow.id.not_in(used))
            )

    def _steps_of(self, start: int) -> tuple[ColumnElement[bool], ...]:
        return (
            SeriesStepRow.cluster == self._cluster,
            SeriesStepRow.step >= start,
            SeriesStepRow.step < start + BLOCK_SECONDS,
        )

    def _block_of(self, start: int) -> tuple[ColumnElement[bool], ...]:
        return SeriesBlockRow.cluster == self._cluster, SeriesBlockRow.start == start

    def _row(self, step: int, metric: str, added: bytes | None, readings: bytes) -> dict[str, object]:
        return {"cluster": self._cluster, "step": step, "metric": metric, "added": added, "readings": readings}
