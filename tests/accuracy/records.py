"""One record for each suspect at each look: every number that the engine saw, and whether it did it."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np

from correlator.analysis.case import Case, Suspicion
from tests.accuracy.results import UNATTRIBUTED

SMALL = 4
"""Arrays up to this length are numbers, one for each rate; longer ones are series."""


def name_of(suspicion: Suspicion) -> str:
    """`namespace/pod`, or UNATTRIBUTED."""
    return UNATTRIBUTED if suspicion.ref is None else str(suspicion.ref)


def records_of(case: Case, **context: object) -> list[dict[str, object]]:
    """A record for each suspect: `context`, its name, and each number of its contribution and of the case.

    Names of numbers are paths in the engine's values, such as `suspicion.contribution.share`; None is not known.
    """
    common = dict(_numbers("case", case))
    return [
        {**context, "suspect": name_of(suspicion), **common, **dict(_numbers("suspicion", suspicion))}
        for suspicion in case.suspicions
    ]


def _numbers(path: str, value: object) -> Iterator[tuple[str, object]]:
    """All plain values below `value`; series, tuples and mappings are left out."""
    if value is None or isinstance(value, str | int | float):
        yield path, str(value) if isinstance(value, str) else value
    elif isinstance(value, np.generic):
        yield path, value.item()
    elif isinstance(value, np.ndarray):
        if value.ndim == 1 and len(value) <= SMALL:
            yield from ((f"{path}.{index}", float(number)) for index, number in enumerate(value))
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(f"{path}.{field.name}", getattr(value, field.name))


def write_records(path: Path, records: Sequence[Mapping[str, object]]) -> None:
    """Save records as CSV, a column for each name that any of them has; unknown numbers are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for record in records for name in record))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(records)
