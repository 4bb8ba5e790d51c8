"""HTTP on a connection, with limits that uvicorn leaves out: slow or endless heads, readers that do not read, and too
many connections.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["ConnectionLimits", "limited_protocol"]

_MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits of connections.

    Attributes:
        max_connections: further ones are closed at once.
        header_timeout_s: from the connection to the end of the first head.
        idle_timeout_s: from an answer to the end of the next head.
        write_timeout_s: a client that takes nothing for so long is cut off.
    """

    max_connections: int = 10_000
    header_timeout_s: float = 20.0
    idle_timeout_s: float = 75.0
    write_timeout_s: float = 60.0


class _LimitedProtocol(HttpToolsProtocol):
    limits: ConnectionLimits
    _head_timer: TimerHandle | None = None
    _write_timer: TimerHandle | None = None
    _head_bytes = 0
    _is_in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self.limits.max_connections:
            transport.abort()
        super().connection_made(transport)
        self._expect_head(self.limits.header_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is not None and not self._is_in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        self._stop_timers()
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._expect_head(self.limits.idle_timeout_s)

    def shutdown(self) -> None:
        """Let go of a connection on which nothing is asked: its client need not say goodbye first."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _expect_head(self, timeout_s: float) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(timeout_s, self.transport.abort)

    def _stop_timers(self) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None


def limited_protocol(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """A protocol class for uvicorn's ``http``."""
    attributes: dict[str, Any] = {"limits": limits}
    return type("LimitedProtocol", (_LimitedProtocol,), attributes)
