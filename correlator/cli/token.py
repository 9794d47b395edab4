"""`correlator token`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from correlator.access import AccessError, Scope, Token, new_token, read_tokens
from correlator.cli.errors import UsageError


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, for the log: grafana, alertmanager, …")],
    *,
    tokens_file: Annotated[
        Path, typer.Option("--tokens-file", metavar="FILE", help="The file of web.tokens_file; made when missing.")
    ],
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", help="What it is for; may be given twice.  [default: read]")
    ] = None,
) -> None:
    """Make a bearer token: it is printed once, and the file gets its digest.

    A running daemon takes it within a second or two. To revoke a token delete its line.
    """
    if tokens_file.exists():
        read_tokens(tokens_file)
    secret, made = _made(name, scope or [Scope.READ])
    try:
        _append(tokens_file, made.line)
    except OSError as error:
        raise UsageError(f"--tokens-file {tokens_file}: {error.strerror}") from error
    typer.echo(secret)
    typer.echo(f"{tokens_file}: added {name} ({', '.join(sorted(made.scopes))})", err=True)


def _made(name: str, scopes: Sequence[Scope]) -> tuple[str, Token]:
    try:
        return new_token(name, scopes)
    except AccessError as error:
        raise UsageError(f"NAME: {error}") from error


def _append(path: Path, line: str) -> None:
    begins_a_line = not path.exists() or path.read_bytes().endswith(b"\n")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(("" if begins_a_line else "\n") + f"{line}\n")
