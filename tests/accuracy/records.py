"""One record for each suspect at each look: the features of its confidence, and whether it did it."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from correlator.model.finding import Finding, Suspect, SuspectKind
from tests.accuracy.results import UNATTRIBUTED

Record = Mapping[str, object]


def name_of(suspect: Suspect) -> str:
    """`namespace/pod`, or UNATTRIBUTED."""
    return f"{suspect.namespace}/{suspect.pod}" if suspect.kind is SuspectKind.POD else UNATTRIBUTED


def records_of(finding: Finding) -> list[dict[str, object]]:
    """A record for each suspect of a look that came to ask who of the others did it; none for other looks."""
    common = {
        "victim": f"{finding.victim.namespace}/{finding.victim.pod}",
        "at": finding.at.timestamp(),
        "started_at": finding.started_at.timestamp(),
        "detected_at": finding.detected_at.timestamp(),
        "verdict": finding.verdict.value,
    }
    return [
        {
            **common,
            "suspect": name_of(suspect),
            "share": suspect.share_ratio,
            "confidence": suspect.confidence,
            **suspect.features,
        }
        for suspect in finding.suspects
        if suspect.features
    ]


class RecordFile:
    """A CSV file that grows with the records; what is not known is empty.

    All records have the same names.
    """

    def __init__(self, file: IO[str]) -> None:
        """Write to an open file."""
        self._file = file
        self._writer: csv.DictWriter[str] | None = None

    def write(self, records: Iterable[Record]) -> None:
        """Append."""
        for record in records:
            if self._writer is None:
                self._writer = csv.DictWriter(self._file, list(record))
                self._writer.writeheader()
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
