"""The command line as a whole: its commands, and what happens when one fails."""

import sys
from typing import Annotated

import typer

import correlator
from correlator.cli.backtest import backtest
from correlator.cli.check import check
from correlator.cli.explain import explain
from correlator.cli.record import record
from correlator.cli.serve import serve
from correlator.cli.token import token
from correlator.cli.top.command import top

app = typer.Typer(
    name="correlator",
    help=(correlator.__doc__ or "").partition("\n")[0],
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (serve, check, backtest, explain, record, top, token):
    app.command()(command)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"correlator {correlator.__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit.")
    ] = False,
) -> None:
    """Flags of every command; `main` reads --debug itself."""
    del debug, version


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit; errors are one clear line unless --debug is given."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(given, prog_name="correlator")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if "--debug" in given:
            raise
        code = exit_code(error)
        if code is None:
            say(
                f"internal error: {type(error).__name__}: {error} (run again with `correlator --debug …` and report it)"
            )
            sys.exit(1)
        say(str(error))
        sys.exit(code)


def say(message: str) -> None:
    """A message about ourselves."""
    for line in message.splitlines():
        print(f"correlator: {line}", file=sys.stderr)  # noqa: T201 - stderr is where it belongs


def exit_code(error: Exception) -> int | None:
    """What an error of ours means to the shell; None for an error that should not have come this far."""
    from correlator.access import AccessError
    from correlator.catalog import CatalogueError
    from correlator.cli.errors import NoAnswerError, UsageError
    from correlator.daemon.errors import CompositionError, ListenError, StoreInUseError
    from correlator.incidents.errors import StoreError
    from correlator.model.source import SourceError
    from correlator.settings import SettingsError

    unusable = CatalogueError | CompositionError | AccessError | StoreInUseError | ListenError
    if isinstance(error, UsageError | SettingsError | unusable):
        return 2
    return 1 if isinstance(error, SourceError | StoreError | NoAnswerError | OSError) else None
