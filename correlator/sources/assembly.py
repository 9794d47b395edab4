"""From answers to a frame: which steps to ask for at once, and samples to cells of an array."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import BlindSpot, Floats, Frame, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import MEASURED, Measured, Signal
from correlator.sources.answer import Answer

POINTS_PER_SERIES = 11_000  # what Prometheus answers at most
POINTS_PER_ANSWER = 250_000  # about 50 MB while it is being decoded
FIRST_STEPS = 16  # asked for before the number of series is known
FIRST_STEPS_NARROW = 250  # the same of a few targets: an hour every 15 seconds
_STEP_TOLERANCE = 1e-3
_IDENTITIES_KEPT = 200_000
_ORDERS_KEPT = 12  # as many as signals have the same labels, one more


def following_parts(count: int, series: int, begin: int = FIRST_STEPS) -> list[tuple[int, int]]:
    """Ranges [first, stop) of steps that cover what follows the first `begin` of `count`.

    Each stays within what a server answers for one series, and with `series` of them within our own memory.
    """
    size = max(1, min(POINTS_PER_SERIES, POINTS_PER_ANSWER // max(series, 1)))
    return [(first, min(first + size, count)) for first in range(begin, count, size)]


@dataclass(frozen=True, slots=True)
class _Order:
    """How labels arrived, the same sorted, and the place of each in that."""

    arrived: list[Labels]
    labels: tuple[Labels, ...]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, arrived: list[Labels]) -> "_Order":
        """Sort distinct labels."""
        ranks = sorted(range(len(arrived)), key=arrived.__getitem__)
        places = np.empty(len(arrived), dtype=np.int64)
        places[ranks] = np.arange(len(arrived))
        return cls(arrived, tuple(arrived[rank] for rank in ranks), places)


class Identities:
    """The identities of series with some labels, made once: the same series has the same object in every answer.

    Signals with the same labels share them, since an exporter shows most of them for the same things. What is asked
    step by step is then sorted once, and those who compare labels see at a glance that they are the same.
    """

    def __init__(
        self,
        names: Sequence[str],
        rename: Mapping[str, str] | None = None,
        bounds_factor: float = 1.0,
        marks: Labels = (),
    ) -> None:
        """`rename` has the exporter's names of some labels; `marks` are labels of every series.

        Bounds of buckets, multiplied with `bounds_factor`, are spelled in one way: `le="1"` and `le="1.0"` are one.
        """
        self._names = tuple(names)
        self._asked = tuple((rename or {}).get(name, name) for name in names)
        self._bound = self._names.index("le") if "le" in self._names else None
        self._factor = bounds_factor
        self._marks = marks
        self._known: dict[tuple[str | None, ...], Labels] = {}
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}
        self._orders: list[_Order] = []

    def of(self, metric: Mapping[str, str]) -> Labels:
        """The labels of a series that belong to its identity."""
        key = tuple(map(metric.get, self._asked))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _IDENTITIES_KEPT:
                self._known.clear()
                self._pairs.clear()
            key = tuple(value and sys.intern(value) for value in key)  # every series spells the same node anew
            pairs = labels_of(dict(self._marks) | self._told(key))
            found = self._known[key] = tuple(self._pairs.setdefault(pair, pair) for pair in pairs)
        return found

    def _told(self, key: Sequence[str | None]) -> dict[str, str]:
        told = {name: value for name, value in zip(self._names, key, strict=True) if value}
        if self._bound is not None and "le" in told:
            told["le"] = _spelled(told["le"], self._factor)
        return told

    def order(self, labels: list[Labels]) -> tuple[tuple[Labels, ...], NDArray[np.int64]]:
        """Distinct labels sorted, and the place of each; the same objects as before when the same came as before."""
        for known in self._orders:
            if labels == known.arrived:
                return known.labels, known.places
        made = _Order.of(labels)
        same = next((known.labels for known in self._orders if known.labels == made.labels), made.labels)
        self._orders = [replace(made, labels=same), *self._orders[: _ORDERS_KEPT - 1]]
        return same, made.places


def _spelled(bound: str, factor: float) -> str:
    """The upper bound of a bucket as Prometheus spells numbers; what is none stays as it is."""
    try:
        value = float(bound) * factor
    except ValueError:
        return bound
    return f"{value:+g}".title() if math.isinf(value) else f"{value:.12g}"


def identities_of(signal: Signal) -> Identities:
    """How the series of a signal are told apart."""
    marks = () if signal.measured is Measured.SERVER else ((MEASURED, str(signal.measured)),)
    return Identities(signal.labels, dict(signal.rename), signal.factor, marks)


@dataclass(slots=True)
class Assembly:
    """Collects the parts of one signal in any order; each part owns its steps."""

    signal: Signal
    grid: Grid
    identities: Identities
    _blocks: list[tuple[int, list[Labels], Floats]] = field(default_factory=list)
    _notes: dict[str, None] = field(default_factory=dict)

    def add(self, answer: Answer, first: int, stop: int) -> None:
        """Take the answer for the steps [first, stop)."""
        self._notes |= dict.fromkeys(answer.notes)
        answer = self._readable(answer)
        labels, rows = self._identities(answer)
        block = np.full((len(labels), stop - first), np.nan)
        cells, values = self._cells(answer, rows, first, stop)
        taken = np.zeros(block.size, dtype=np.bool_)
        taken[cells] = True
        if np.count_nonzero(taken) == cells.size:
            block.ravel()[cells] = values
        else:
            np.fmax.at(block.ravel(), cells, values)
            surplus = len(answer.metrics) - len(labels)
            if surplus:
                self._note(f"duplicate: {surplus} series share the identity of another, the largest value is kept")
            else:
                self._note("odd: a series has several samples at one timestamp, the largest is kept")
        self._blocks.append((first, labels, block))

    def series(self) -> int:
        """How many series have been seen."""
        return len({labels for _, block_labels, _ in self._blocks for labels in block_labels})

    def frame(self) -> Frame:
        """All parts as one frame, rows sorted."""
        arrived = list(dict.fromkeys(chain.from_iterable(labels for _, labels, _ in self._blocks)))
        order, places = self.identities.order(arrived)
        values = np.full((len(order), self.grid.count), np.nan)
        place_of = dict(zip(arrived, places.tolist(), strict=True)) if len(self._blocks) > 1 else {}
        for first, labels, block in self._blocks:
            rows = [place_of[identity] for identity in labels] if place_of else places
            values[rows, first : first + block.shape[1]] = block
        return Frame(self.signal.name, self.grid, order, values)

    def quality(self) -> tuple[BlindSpot, ...]:
        """What was odd about the answers, sorted."""
        return tuple(BlindSpot(self.signal.name, note) for note in sorted(self._notes))

    def _note(self, text: str) -> None:
        self._notes[text] = None

    def _readable(self, answer: Answer) -> Answer:
        """The answer with native histograms as buckets, where the signal has buckets."""
        if answer.native is None:
            return answer
        if "le" in self.signal.labels:
            return answer.with_buckets()
        self._note("odd: native histogram samples are not read")
        return answer

    def _identities(self, answer: Answer) -> tuple[list[Labels], NDArray[np.int64]]:
        rows: dict[Labels, int] = {}
        row_of = [rows.setdefault(self.identities.of(metric), len(rows)) for metric in answer.metrics]
        return list(rows), np.array(row_of, dtype=np.int64)

    def _cells(
        self, answer: Answer, rows: NDArray[np.int64], first: int, stop: int
    ) -> tuple[NDArray[np.int64], Floats]:
        position = (answer.times - self.grid.start) / self.grid.step
        step = np.rint(position)
        fits = (np.abs(position - step) * self.grid.step <= _STEP_TOLERANCE) & (step >= first) & (step < stop)
        if not fits.all():
            self._note("odd: samples at timestamps that were not asked for are dropped")
        row = np.repeat(rows, answer.counts)[fits]
        values = answer.values[fits]
        if self.signal.factor != 1.0 and "le" not in self.signal.labels:
            values = values * self.signal.factor
        return row * (stop - first) + (step[fits].astype(np.int64) - first), values
