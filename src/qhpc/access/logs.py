"""Logs as JSON, one object a line, each with the id of the request that it belongs to. No secret is ever logged:
neither headers nor bodies nor query strings are.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar
from typing import TextIO

__all__ = ["JsonFormatter", "current_request_id", "install_logs", "request_id"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being served."""

_EXTRA = ("job_id", "reason", "method", "path", "status", "duration_ms", "client", "user")


def current_request_id() -> str | None:
    """The id of the request that is being served.

    >>> current_request_id() is None
    True
    """
    return request_id.get()


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    >>> record = logging.LogRecord("qhpc", logging.INFO, "", 1, "%d jobs", (2,), None)
    >>> json.loads(JsonFormatter().format(record))["message"]
    '2 jobs'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
        }
        entry |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: value for name, value in entry.items() if value is not None}, default=str)


def install_logs(level: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process to a stream as JSON.

    Args:
        level: the least that is shown, e.g. ``info``.
        stream: standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
