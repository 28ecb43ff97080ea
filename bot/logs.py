"""Logs as lines or JSON, with the token cut out of every record on every handler."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

_TOKEN = re.compile(r"\b\d{4,}:[A-Za-z0-9_-]{8,}")
_ADDRESS = re.compile(r"(?<![\w.!#$%&'*+=?^`{|}~-])(?<!://)[\w.!#$%&'*+=?^`{|}~-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
_PASSWORD = re.compile(r"(://[^:/@\s]+:)[^@/\s]+(@)")


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Return `text` without what looks like a bot token, a URL's password or a mail address, or is one of `secrets`."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return _ADDRESS.sub("[address]", _PASSWORD.sub(r"\1[secret]\2", _TOKEN.sub("[token]", text)))


class _Redacting(logging.Formatter):
    """Formats with another formatter and redacts the whole result, tracebacks included."""

    def __init__(self, inner: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redacted(self._inner.format(record), self._secrets)


def set_up(secrets: tuple[str, ...] = (), *, json: bool = False, level: int = logging.INFO) -> None:
    """Send all logs to standard error, redacted. `json` writes one JSON object a line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # The pretty tracebacks would show the values of variables: people's words, and the token.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    last: Any = structlog.processors.JSONRenderer() if json else plain
    inner = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            last,
        ]
        if json
        else [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        foreign_pre_chain=shared,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(inner, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is still running is no news
    for chatty in ("httpx", "httpcore", "telegram", "aiohttp.access", "alembic", "aiosqlite", "aiosmtplib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.excepthook = _last_resort


def log(name: str) -> Any:
    """Return a structured logger."""
    return structlog.stdlib.get_logger(name)


def _last_resort(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("unexpected end", exc_info=(kind, error, trace))
