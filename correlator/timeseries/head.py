"""The hour that is not over: cycles one by one, and the order in which their series were first seen."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from sqlalchemy import Connection, select

from correlator.incidents.tables import SeriesStepRow
from correlator.model.frame import Floats
from correlator.timeseries.names import Rows

BLOCK_SECONDS: Final = 3600

Series: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Names and values of labels."""


class Head:
    """The series of one metric since the last full hour, in the order in which they were first seen."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
        self._series: list[Series] = []

    def __len__(self) -> int:
        """The number of series."""
        return len(self._series)

    def place(self, names: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> tuple[list[Series], Floats]:
        """The series that are new, and the values in the order of all, those included; NaN for what is not there."""
        known, added, places = self._places.get(names, {}), list[Series](), list[int]()
        for labels in values:
            place = known.get(labels)
            if place is None:
                place = len(self) + len(added)
                added.append((names, labels))
            places.append(place)
        readings = np.full(len(self) + len(added), np.nan)
        readings[places] = np.fromiter(values.values(), np.float64, len(values))
        return added, readings

    def add(self, added: Sequence[Series]) -> None:
        """Take new series in."""
        for names, labels in added:
            self._places.setdefault(names, {})[labels] = len(self._series)
            self._series.append((names, labels))

    def labels(self) -> list[dict[str, str]]:
        """Each series' labels, without the metric."""
        return [dict(zip(names, values, strict=True)) for names, values in self._series]


def read_heads(
    connection: Connection, cluster: str, start: int, metric: str | None = None
) -> tuple[dict[str, Head], dict[str, str]]:
    """The heads of the hour from `start` on, by metric; and the metrics whose head is damaged, with the reason."""
    statement = select(SeriesStepRow.metric, SeriesStepRow.added).where(
        SeriesStepRow.cluster == cluster,
        SeriesStepRow.step >= start,
        SeriesStepRow.step < start + BLOCK_SECONDS,
        SeriesStepRow.added.is_not(None),
    )
    if metric is not None:
        statement = statement.where(SeriesStepRow.metric == metric)
    heads: dict[str, Head] = {}
    damaged: dict[str, str] = {}
    for row in connection.execute(statement.order_by(SeriesStepRow.step)):
        try:
            rows = Rows.read(row.added)
        except ValueError as error:
            damaged[row.metric] = str(error)
            continue
        heads.setdefault(row.metric, Head()).add([(rows.names, values) for values in rows.values])
    return {name: head for name, head in heads.items() if name not in damaged}, damaged


def read_readings(data: bytes, most: int) -> Floats:
    """The values of one cycle, of `most` series at most. Raises ValueError where there are more, or half a one."""
    readings = np.frombuffer(data, "<f8").astype(np.float64)
    if len(readings) > most:
        raise ValueError(f"a cycle has {len(readings)} values for {most} series")
    return readings
