"""Series of many hours as one matrix."""

import numpy as np
from numpy.typing import NDArray

from correlator.model.series import Labels, SeriesMatrix
from correlator.timeseries.hour import Hour, Steps
from correlator.timeseries.names import Mask, Names


class Gathered:
    """First each series gets its place (`name`), then `make_room`, then each hour its values (`fill`)."""

    def __init__(self, times: Steps) -> None:
        self._times = times
        self._places: dict[object, int] = {}
        self._labels: list[Labels] = []
        self._named: dict[int, tuple[Names, NDArray[np.int64], NDArray[np.int64]]] = {}
        self._values = np.empty((0, len(times)))

    def name(self, names: Names, mask: Mask) -> None:
        """Give each chosen series a place; one that another hour has as well keeps its own."""
        if id(names) in self._named:
            return
        rows, keys, labels, places = np.flatnonzero(mask), names.keys, names.labels, list[int]()
        for row in rows.tolist():
            place = self._places.setdefault(keys[row], len(self._labels))
            if place == len(self._labels):
                self._labels.append(labels[row])
            places.append(place)
        self._named[id(names)] = (names, rows, np.array(places, dtype=np.int64))

    def make_room(self) -> None:
        """For all that has a place."""
        self._values = np.full((len(self._labels), len(self._times)), np.nan)

    def fill(self, hour: Hour) -> None:
        """Take the values of an hour: its cycles are neighbours, for hours do not overlap."""
        _, rows, places = self._named[id(hour.names)]
        if not len(rows) or not len(self._times):
            return
        inside = slice(*np.searchsorted(hour.times, [self._times[0], self._times[-1] + 1]))
        if inside.start == inside.stop:
            return
        begin = int(np.searchsorted(self._times, hour.times[inside.start]))
        here = slice(begin, begin + inside.stop - inside.start)
        values = hour.read(rows)[:, inside]
        if len(np.unique(places)) == len(places):
            self._values[places, here] = values
            return
        for place, row in zip(places.tolist(), values, strict=True):  # one series under two orders of its labels
            self._values[place, here] = np.where(np.isnan(row), self._values[place, here], row)

    def matrix(self) -> SeriesMatrix:
        """The series that had a value."""
        there = np.array([not np.isnan(row).all() for row in self._values], dtype=np.bool_)
        if there.all():
            return SeriesMatrix(tuple(self._labels), self._times * 1000, self._values)
        labels = [self._labels[place] for place in np.flatnonzero(there).tolist()]
        return SeriesMatrix(tuple(labels), self._times * 1000, self._values[there])
