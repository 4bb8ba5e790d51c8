"""Connections to a server, direct or through a proxy, plain or TLS; kept after a request for the next one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qat.qlmaas.http1 import AnswerParser, ProtocolError, request_bytes

if TYPE_CHECKING:
    import ssl

__all__ = ["ConnectError", "ProxyError", "Route", "connected", "is_quiet"]

CHUNK_BYTES = 1 << 18


class ConnectError(OSError):
    """There is no connection, so that nothing was sent; the cause says why."""


class ProxyError(ConnectError):
    """The proxy is away, or lets nobody through."""


class Route:
    """How a server is reached.

    Args:
        host: its name or address.
        port: its port.
        proxy: host and port of an HTTP proxy, if it is behind one.
        context: makes the TLS context when the first connection is made; None for plain HTTP.
    """

    def __init__(
        self, host: str, port: int, proxy: tuple[str, int] | None, context: Callable[[], ssl.SSLContext] | None
    ) -> None:
        self.host, self.port, self.proxy, self.context = host, port, proxy, context


def connected(route: Route, timeout_s: float) -> socket.socket:
    """A new connection.

    Raises:
        ConnectError: there is none.
        ssl.SSLCertVerificationError: the server cannot prove who it is.
    """
    link = _dialled(route, timeout_s)
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if route.context is None:
            return link
        if route.proxy is not None:
            _pass(link, route)
        return _secured(link, route)
    except BaseException:
        link.close()
        raise


def _dialled(route: Route, timeout_s: float) -> socket.socket:
    host, port = route.proxy or (route.host, route.port)
    try:  # a name as bytes spares the tables for international ones
        name: Any = host.encode() if host.isascii() else host
        return socket.create_connection((name, port), timeout_s)
    except (OSError, UnicodeError) as error:  # a name that is too long or has odd letters is no name of a server
        raise (ConnectError if route.proxy is None else ProxyError)(str(error)) from error


def _pass(link: socket.socket, route: Route) -> None:
    """Have the proxy pass everything through."""
    host = f"[{route.host}]" if ":" in route.host else route.host
    target = f"{host}:{route.port}"
    parser = AnswerParser()
    try:
        link.sendall(request_bytes("CONNECT", target, {"Host": target}))
        while parser.head is None:
            data = link.recv(1)  # not a byte more: what follows is the server's
            parser.feed(data) if data else parser.end()
    except (OSError, ProtocolError) as error:
        raise ProxyError(f"the proxy does not answer: {error}") from error
    if not 200 <= parser.head.status < 300:
        raise ProxyError(f"the proxy refuses with status {parser.head.status}")


def _secured(link: socket.socket, route: Route) -> socket.socket:
    import ssl

    assert route.context is not None
    context = route.context()
    try:
        return context.wrap_socket(link, server_hostname=route.host)
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, ValueError) as error:
        raise ConnectError(str(error)) from error


def is_quiet(link: socket.socket) -> bool:
    """Whether nothing came on an idle connection, not even its end."""
    timeout_s = link.gettimeout()
    with suppress(OSError):
        link.settimeout(0)
        try:
            link.recv(1)
        except BlockingIOError:
            return True
        except OSError as error:  # TLS says it in its own way
            return type(error).__name__ == "SSLWantReadError"
        finally:
            link.settimeout(timeout_s)
    return False
