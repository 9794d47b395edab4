"""`correlator serve`."""

from pathlib import Path
from typing import Annotated

import typer

from correlator.cli.errors import UsageError
from correlator.cli.options import ConfigFlag, UrlFlag, settings_of


def serve(
    *,
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer here.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Play a recording of contention as if it were now.")] = False,
    recording: Annotated[
        Path | None, typer.Option("--recording", metavar="FILE", help="With --demo: play this one.")
    ] = None,
) -> None:
    """Run the daemon until it is told to stop."""
    from correlator import catalog
    from correlator.daemon.given import recording_for_demo, require_source
    from correlator.daemon.server import serve as run

    settings = settings_of(config, prometheus_url, {"web": {"listen": listen}})
    catalog.load(settings.catalog.directories)
    if demo:
        if prometheus_url is not None:
            raise UsageError("expected either --demo or --prometheus-url, not both")
        run(settings, recording_for_demo(recording))
        return
    if recording is not None:
        raise UsageError("a recording is played with --demo; `correlator backtest --recording` judges one")
    require_source(settings)
    run(settings)
