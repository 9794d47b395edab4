"""Logs on stderr: lines for people, or JSON for machines; those of libraries in the same form."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor

from correlator.settings import LogFormat, LogSettings

_QUIET = {
    "urllib3": logging.ERROR,
    "matplotlib": logging.WARNING,
    "alembic": logging.WARNING,
    "uvicorn": logging.ERROR,  # it warns of each request that is no HTTP: whoever reaches the port would write the log
}
"""What libraries say of each attempt and of their own life is not for operators: the outcome is said by us."""


def configure_logs(settings: LogSettings) -> None:
    """From now on, say what is at least as important as the settings want."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings.format)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.value.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least if root.level > logging.DEBUG else logging.DEBUG)


def _rendering(form: LogFormat) -> list[Processor]:
    if form is LogFormat.JSON:
        return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    return [_harmless, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _harmless(_logger: object, _method: str, entry: EventDict) -> EventDict:
    """What a name in it could tell a terminal, or pretend to be a line of its own, is shown and not obeyed."""
    return {key: _shown(value) if isinstance(value, str) else value for key, value in entry.items()}


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
