"""What the commands that look at the past have in common: a source, a span, a progress bar."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from correlator.cli.errors import UsageError
from correlator.cli.options import instant_of
from correlator.cli.times import spoken
from correlator.daemon.composition import inquiry_of, live_source, signals_of
from correlator.inquiry import Inquiry, Progress
from correlator.model.source import Source
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end` in epoch seconds."""

    start: float
    end: float


def open_inquiry(settings: Settings, recording: Path | None, step_seconds: int | None = None) -> Inquiry:
    """An inquiry into a recording if one is given, else into the Prometheus of the settings.

    Raises UsageError, CompositionError, CatalogueError and SourceError.
    """
    if recording is not None and (settings.prometheus.url is not None or settings.sources):
        raise UsageError("expected either --recording or a Prometheus, not both")
    signals = signals_of(settings)
    source: Source
    if recording is None:
        live = live_source(settings, signals)
        live.require_answer()  # before much is asked
        source = live
    else:
        from correlator.sources.recording import RecordingSource

        source = RecordingSource(recording)
    inquiry = inquiry_of(settings, source, signals)
    return inquiry if step_seconds is None else replace(inquiry, step_seconds=step_seconds)


def span_of(settings: Settings, inquiry: Inquiry, recording: Path | None, start: str | None, end: str | None) -> Span:
    """The span that was asked for; a recording's own where nothing was. Raises UsageError."""
    oldest, newest = inquiry.source.span(time.time())
    if recording is None:
        newest = min(newest, time.time() - settings.engine.settle.total_seconds())
        if start is None:
            raise UsageError("expected --start T, such as --start -2h")
    first = oldest if start is None else instant_of("--start", start)
    last = newest if end is None else instant_of("--end", end)
    if last > newest:
        if end != "now":
            typer.echo(f"--end: what came after {_spoken(newest)} has not settled", err=True)
        last = newest
    if first > last:
        raise UsageError("expected --start to be before --end, and both to be past")
    if last < oldest:
        raise UsageError(f"{inquiry.source.name} holds nothing before {_spoken(oldest)}: expected a later --end")
    return Span(first, last)


def existing_folder(flag: str, file: Path) -> Path:
    """The file that is to be written; UsageError, before any work is done, where it cannot be."""
    if not file.parent.is_dir():
        raise UsageError(f"{flag} {file}: there is no folder {file.parent}")
    if file.is_dir():
        raise UsageError(f"{flag} {file}: expected a file, not a folder")
    return file


def _spoken(at: float) -> str:
    return spoken(datetime.fromtimestamp(at, UTC))


@contextmanager
def progress_bar(words: str) -> Iterator[Progress | None]:
    """A bar on stderr for a person who watches; None for a program."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
