"""Several ways to listen for one application: TCP with TLS, and a Unix socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from qhpc.access.api.protocol import ConnectionLimits, limited_protocol
from qhpc.access.settings import AccessSettings

__all__ = ["Listener", "serve", "tcp_listener", "unix_listener"]

_BACKLOG = 2048
_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket, and TLS for what comes in on it."""

    socket: socket.socket
    tls: ssl.SSLContext | None = None

    @property
    def address(self) -> str:
        """As people write it.

        >>> with tcp_listener("127.0.0.1", 0, None).socket as bound:
        ...     Listener(bound).address
        'http://127.0.0.1:...'
        """
        if self.socket.family == socket.AF_UNIX:
            return f"unix:{self.socket.getsockname()}"
        host, port = self.socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"{'http' if self.tls is None else 'https'}://{shown}:{port}"


def tcp_listener(host: str, port: int, tls: ssl.SSLContext | None) -> Listener:
    """Listen at an address.

    Raises:
        OSError: it is taken, or is none of this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)  # who comes before the server takes requests waits, and is not refused
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"cannot listen at {host}:{port}: {error.strerror}") from error
    return Listener(bound, tls)


def unix_listener(path: Path, mode: int) -> Listener:
    """Listen on a Unix socket; one that is left over from a former run is replaced."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    path.chmod(mode)
    bound.listen(_BACKLOG)
    return Listener(bound)


class _Server(uvicorn.Server):
    """A server that leaves signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    listeners: list[Listener],
    settings: AccessSettings,
    stop: asyncio.Event,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set, and let requests that run come to their end.

    Args:
        app: what is served.
        listeners: where.
        settings: limits of connections.
        stop: set it to stop.
        on_stop: ends what would wait for long.

    Raises:
        RuntimeError: a server stopped by itself.
    """
    servers = [_Server(_config(app, listener, settings)) for listener in listeners]
    running = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    on_stop()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)
    if not stop.is_set():
        raise RuntimeError("the server stopped by itself; its log says why")


def _config(app: ASGIApp, listener: Listener, settings: AccessSettings) -> uvicorn.Config:
    proxies = _trusted(listener, settings)
    limits = ConnectionLimits(
        max_connections=settings.max_connections,
        header_timeout_s=settings.header_timeout_s,
        idle_timeout_s=settings.idle_timeout_s,
        write_timeout_s=settings.write_timeout_s,
    )
    config = uvicorn.Config(
        app,
        http=limited_protocol(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=int(settings.idle_timeout_s),
        timeout_graceful_shutdown=10,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
    )
    config.load()
    config.ssl = listener.tls
    return config


def _trusted(listener: Listener, settings: AccessSettings) -> list[str]:
    """Who may tell the addresses of clients; a peer at a Unix socket has no address to be recognised by."""
    if listener.socket.family == socket.AF_UNIX:
        return ["*"] if _UNIX in settings.trusted_proxies else []
    return [proxy for proxy in settings.trusted_proxies if proxy != _UNIX]
