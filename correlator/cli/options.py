"""Flags that several commands share, and what they are made into."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from correlator.cli.errors import UsageError
from correlator.cli.times import parse_instant, parse_step
from correlator.daemon.logs import configure_logs
from correlator.settings import Settings, load_settings

ConfigFlag: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings as YAML; see docs/settings.md.")
]
UrlFlag: TypeAlias = Annotated[
    str | None, typer.Option("--prometheus-url", metavar="URL", help="The Prometheus to read.")
]
RecordingFlag: TypeAlias = Annotated[
    Path | None, typer.Option("--recording", metavar="FILE", help="Read a recording instead of a Prometheus.")
]


def settings_of(config: Path | None, url: str | None, more: Mapping[str, Any] | None = None) -> Settings:
    """The settings, with the flags on top; logs are said as they want from here on. Raises SettingsError."""
    settings = load_settings(config, {"prometheus": {"url": url}, **(more or {})})
    configure_logs(settings.log)
    return settings


def instant_of(flag: str, text: str) -> float:
    """T in epoch seconds. Raises UsageError."""
    try:
        return parse_instant(text, time.time())
    except ValueError as error:
        raise UsageError(f"{flag} {text}: {error}") from error


def step_of(flag: str, text: str) -> int:
    """S in seconds. Raises UsageError."""
    try:
        return parse_step(text)
    except ValueError as error:
        raise UsageError(f"{flag} {text}: {error}") from error
