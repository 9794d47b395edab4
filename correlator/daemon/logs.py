"""Logs on stderr: lines for people, or JSON for machines; those of libraries in the same form."""

import logging
import sys

import structlog
from structlog.typing import Processor

from correlator.settings import LogFormat, LogSettings

_QUIET = {
    "urllib3": logging.ERROR,
    "matplotlib": logging.WARNING,
    "alembic": logging.WARNING,
    "uvicorn": logging.WARNING,
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
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
