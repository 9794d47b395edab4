"""`correlator record`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from correlator.cli.options import ConfigFlag, UrlFlag, settings_of


def record(
    *,
    start: Annotated[str, typer.Option(metavar="T", help="First instant: RFC 3339, epoch seconds, or -2h.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to; replaced when it exists.")],
    end: Annotated[str, typer.Option(metavar="T", help="Last instant.")] = "now",
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
) -> None:
    """Save what was measured in a period, for a bug report, a test or a demo.

    It holds names of pods, nodes and devices. Judging needs an hour before the moment of interest.
    """
    from correlator.cli.inquiring import existing_folder, open_inquiry, progress_bar, span_of
    from correlator.sources.recording import write_recording

    existing_folder("--output", output)
    settings = settings_of(config, prometheus_url)
    inquiry = open_inquiry(settings, None)
    span = span_of(settings, inquiry, None, start, end)
    with progress_bar("fetching") as progress:
        frames = inquiry.record(span.start, span.end, progress)
    write_recording(
        output,
        frames,
        inquiry.signals,
        created_at=datetime.now(UTC),
        source=inquiry.source.name,
        cluster=settings.cluster,
    )
    series = sum(len(frame.labels) for frame in frames.by_signal.values())
    size = output.stat().st_size
    typer.echo(f"{output}: {frames.grid.count} steps of {frames.grid.step} s, {series} series, {size} bytes", err=True)
    for spot in frames.quality:
        typer.echo(f"{spot.signal}: {spot.reason}", err=True)
