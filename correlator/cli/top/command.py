"""The command: its flags, and which way it looks."""

import os
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correlator.cli.errors import UsageError
from correlator.cli.options import ConfigFlag, RecordingFlag, UrlFlag, instant_of, settings_of, step_of

if TYPE_CHECKING:
    from correlator.cli.top.looking import Look

ROWS = 10
PIPE_WIDTH = 160


class Form(StrEnum):
    """How the rows are printed."""

    TABLE = "table"
    JSON = "json"


def top(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print one look and exit; so it is without a terminal.")] = False,
    output: Annotated[Form, typer.Option(help="How to print; json with --once.")] = Form.TABLE,
    daemon: Annotated[
        str | None, typer.Option("--daemon", metavar="URL", help="Ask a running daemon, not its Prometheus.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="With --daemon: the bearer token.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", metavar="FILE", help="With --daemon: certificates (PEM) to trust.")
    ] = None,
    interval: Annotated[str, typer.Option(metavar="S", help="How often to look.")] = "5s",
    rows: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows of each kind.  [default: 10; json: all]")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="T", help="Look at this moment of the past, once.")] = None,
    recording: RecordingFlag = None,
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
) -> None:
    """Watch volumes by saturation, the pods on them by device time, and victims, in the terminal."""
    from rich.console import Console

    from correlator.cli.inquiring import progress_bar
    from correlator.cli.top.screen import Shown, Watch, run
    from correlator.cli.top.view import view_of
    from correlator.web.respond import encode

    seconds = step_of("--interval", interval)
    moment = time.time() if at is None else instant_of("--at", at)
    if daemon is None:
        if token_file is not None or ca_file is not None:
            raise UsageError("--token-file and --ca-file are for --daemon")
        look = _judging(config, prometheus_url, recording)
    else:
        if recording is not None or prometheus_url is not None or at is not None:
            raise UsageError("--daemon shows what a daemon sees now: without --recording, --prometheus-url and --at")
        look = _asking(daemon, token_file, ca_file)
    with progress_bar("judging") as progress:
        seen = look(moment, progress)
    is_past = at is not None or recording is not None
    now = seen.snapshot.at if is_past else datetime.now(UTC)
    if output is Form.JSON:
        typer.echo(encode(view_of(seen, now, rows)).decode())
        return
    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH, highlight=False)
    if once or is_past or not console.is_terminal:
        console.print(Shown(view_of(seen, now, rows or ROWS), whole=True), end="")
        return
    run(Watch(look, seen, rows or ROWS), console, seconds)


def _judging(config: Path | None, url: str | None, recording: Path | None) -> "Look":
    from correlator.cli.inquiring import open_inquiry
    from correlator.cli.top.looking import Judged

    settings = settings_of(config, url)
    settle = 0.0 if recording is not None else settings.engine.settle.total_seconds()
    return Judged(open_inquiry(settings, recording), settings.cluster, settle)


def _asking(url: str, token_file: Path | None, ca_file: Path | None) -> "Look":
    from correlator.cli.top.looking import Daemon

    return Daemon(url, token_file, ca_file)
