"""One record for each suspect at each look: every number that the engine saw, and whether it did it."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import IO

import numpy as np

from correlator.analysis.case import Case, Suspicion
from tests.accuracy.results import UNATTRIBUTED

Record = Mapping[str, object]

SMALL = 4
"""Arrays up to this length are numbers, one for each rate; longer ones are series."""

NAMES = {"ref", "key"}
"""Fields that only say who it is."""


def name_of(suspicion: Suspicion) -> str:
    """`namespace/pod`, or UNATTRIBUTED."""
    return UNATTRIBUTED if suspicion.ref is None else str(suspicion.ref)


def records_of(case: Case, **context: object) -> list[dict[str, object]]:
    """A record for each suspect of a look that came to ask who of the others did it; none for other looks.

    `context`, the suspect's name, the verdict, each number of its contribution and of the case, and the features.
    Names of numbers are paths in the engine's values, such as `suspicion.contribution.share`; None is not known.
    """
    if case.chain is None:
        return []
    common = {"verdict": case.verdict.value, **dict(_numbers("case", case))}
    return [
        {
            **context,
            "suspect": name_of(suspicion),
            **common,
            **dict(_numbers("suspicion", suspicion)),
            **dict(_numbers("chain", case.chain)),
            **dict(_numbers("culprit", suspicion.features)),
        }
        for suspicion in case.suspicions
    ]


def _numbers(path: str, value: object) -> Iterator[tuple[str, object]]:
    """All numbers below `value`; text, series, tuples and mappings are left out."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield path, value
    elif isinstance(value, bool | np.bool_):
        yield path, int(value)
    elif isinstance(value, np.generic):
        yield path, value.item()
    elif isinstance(value, np.ndarray):
        if value.ndim == 1 and len(value) <= SMALL:
            yield from ((f"{path}.{index}", float(number)) for index, number in enumerate(value))
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in NAMES:
                yield from _numbers(f"{path}.{field.name}", getattr(value, field.name))


class RecordFile:
    """A CSV file that grows with the records; what is not known is empty.

    Its columns are those of the first record; what later ones have beyond is left out, and named in `left_out`.
    """

    def __init__(self, file: IO[str]) -> None:
        """Write to an open file."""
        self._file = file
        self._writer: csv.DictWriter[str] | None = None
        self._columns: frozenset[str] = frozenset()
        self.left_out: set[str] = set()

    def write(self, records: Iterable[Record]) -> None:
        """Append."""
        for record in records:
            if self._writer is None:
                self._columns = frozenset(record)
                self._writer = csv.DictWriter(self._file, list(record), restval="", extrasaction="ignore")
                self._writer.writeheader()
            self.left_out |= record.keys() - self._columns
            self._writer.writerow(record)


@contextmanager
def record_file(path: Path) -> Iterator[RecordFile]:
    """A compressed file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    try:
        with gzip.open(unfinished, "wt", encoding="utf-8", newline="", compresslevel=5) as file:
            yield RecordFile(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
