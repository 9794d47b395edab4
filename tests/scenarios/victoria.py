"""The recordings played into a real VictoriaMetrics and judged from there: `python -m tests.scenarios.victoria`."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.inquiry import Inquiry
from correlator.model.incident import Incident
from correlator.sources.prometheus import PrometheusSource
from tests.calibrated import calibrated
from tests.played import as_json_lines, played
from tests.scenarios.cases import judged, names, recording, truth_of
from tests.servers import victoria_metrics

FIRST = 1_700_000_000
APART_SECONDS = 30 * 86_400
"""Recordings of one cluster are played so far apart that none is in the past of another."""

ONSET_STEPS = 2


@dataclass(frozen=True)
class Said:
    """What matters of an incident; `onset` is in seconds after the recording's begin."""

    victim: str
    verdict: str
    accused: tuple[str, ...]
    onset: float

    def agrees(self, other: "Said", tolerance_seconds: float) -> bool:
        """The same but for so many seconds of onset."""
        same = (self.victim, self.verdict, self.accused) == (other.victim, other.verdict, other.accused)
        return same and abs(self.onset - other.onset) <= tolerance_seconds


def said(incidents: Sequence[Incident], begin: float) -> list[Said]:
    """The incidents in the order of their onset."""
    found = [
        Said(
            f"{each.victim.namespace}/{each.victim.pod}",
            each.verdict.value,
            tuple(sorted(f"{one.kind}:{one.namespace}/{one.pod}" for one in each.suspects if one.accused)),
            each.started_at.timestamp() - begin,
        )
        for each in incidents
    ]
    return sorted(found, key=lambda each: (each.onset, each.victim))


def agree(theirs: Sequence[Said], ours: Sequence[Said], tolerance_seconds: float) -> bool:
    """Whether two lists tell the same."""
    pairs = zip(theirs, ours, strict=False)
    return len(theirs) == len(ours) and all(one.agrees(other, tolerance_seconds) for one, other in pairs)


class Played:
    """Recordings in a running server; `through` judges one as a backtest would."""

    def __init__(self, url: str, shifts: dict[str, int]) -> None:
        self._url = url
        self._shifts = shifts

    def through(self, name: str) -> list[Said]:
        """What the engine finds when it reads the server."""
        grid, shift = recording(name).recording.frames.grid, self._shifts[name]
        source = PrometheusSource(self._url)
        inquiry = Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={})
        incidents = incidents_of(inquiry.steps(grid.start + shift, grid.last + shift), "")
        source.close()
        return said(incidents, grid.start + shift)


@contextmanager
def in_victoria_metrics(folder: Path, chosen: Sequence[str]) -> Iterator[Played]:
    """A VictoriaMetrics that holds what the exporters told in each of the recordings."""
    shifts, lines = {}, []
    for number, name in enumerate(chosen):
        frames = recording(name).recording.frames
        shift = FIRST + number * APART_SECONDS - frames.grid.start
        shifts[name] = shift - shift % frames.grid.step
        lines.append(as_json_lines(played(frames, shifts[name])))
    with victoria_metrics(folder, imported=b"\n".join(lines)) as url:
        yield Played(url, shifts)


def from_recording(name: str) -> tuple[list[Said], float]:
    """What the engine finds when it reads the recording itself, and how far an onset may lie from that."""
    begin = recording(name).recording.frames.grid.start
    return said(judged(name).incidents, begin), ONSET_STEPS * truth_of(name).scrape_seconds


def main() -> int:
    """All recordings, one row each; 1 when any differs."""
    table = Table("recording", "agrees", "from VictoriaMetrics", title="recordings judged through VictoriaMetrics")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, in_victoria_metrics(Path(folder), names()) as server:
        for name in names():
            (ours, tolerance), theirs = from_recording(name), server.through(name)
            is_same = agree(theirs, ours, tolerance)
            wrong += not is_same
            words = "; ".join(f"{each.verdict} {' '.join(each.accused)} +{each.onset:.1f} s" for each in theirs)
            table.add_row(name, "yes" if is_same else "NO", words)
    Console().print(table)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
