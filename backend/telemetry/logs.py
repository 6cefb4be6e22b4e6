"""The log: structlog for our own lines and everybody else's, as text for people or as JSON."""

import logging
import os
import sys
from typing import Any

import structlog

from backend.settings import Settings

# What of others' lines is worth less than it disturbs: the runner tells of every stage, in what job
# and with what end, which Celery would tell again; Alembic tells its dialect each time the schema's
# version is looked up; in the addresses that HTTP clients tell stands what vendors are asked.
QUIET = ("celery.worker.strategy", "celery.app.trace", "alembic", "httpx", "httpx2", "uvicorn")


def configure_logs(settings: Settings) -> None:
    """Set up logging for this process; lines go to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_build_handler(shared, _build_renderer(settings))]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _build_renderer(settings: Settings) -> Any:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer()
    colors = sys.stderr.isatty() or "FORCE_COLOR" in os.environ
    return structlog.dev.ConsoleRenderer(colors=colors)


def _build_handler(shared: list[Any], renderer: Any) -> logging.Handler:
    """Writes our lines and, after the same steps, those of others."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    return handler
