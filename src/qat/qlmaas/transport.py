"""The seam between the client and the network: one method, ``request``. All above it can be tested without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit
from weakref import finalize

import msgspec

from qat.qlmaas.configuration import Configuration
from qat.qlmaas.errors import ConfigurationError, UnreachableError
from qat.qlmaas.http1 import AnswerParser, ProtocolError, request_bytes
from qat.qlmaas.links import CHUNK_BYTES, ConnectError, ProxyError, Route, connected, is_quiet

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["Address", "HttpTransport", "Response", "TableTransport", "Transport", "address_of", "ssl_context_of"]


class Response(NamedTuple):
    """An answer.

    Attributes:
        status: HTTP status.
        headers: with lower-case names.
        body: content; empty if it was handed to ``on_data``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Transport(Protocol):
    """Sends requests to one server."""

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float,
        on_data: Callable[[bytes], bool] | None = None,
    ) -> Response:
        """Send a request, once, and give the answer.

        Args:
            method: of HTTP.
            path: with the query, from the root of the server.
            headers: of the request.
            body: content.
            timeout_s: for connecting, and for each piece of the answer.
            on_data: gets the content of a successful answer piece by piece as it arrives; False ends it.

        Raises:
            UnreachableError: no answer.
        """


class TableTransport:
    """A transport without a network: answers from a table, for examples and tests.

    Args:
        answers: what each request is answered, by method and path: a ``Response``, or a structure sent as JSON.

    >>> TableTransport({"GET /v1/version": {"api": 1}}).request("GET", "/v1/version").body
    b'{"api":1}'
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def request(self, method: str, path: str, **_: Any) -> Response:
        """The answer of the table; 404 for what is not in it."""
        answer = self._answers.get(f"{method} {path.partition('?')[0]}", Response(404, {}))
        return answer if isinstance(answer, Response) else Response(200, {}, msgspec.json.encode(answer))


class Address(NamedTuple):
    """Where a server is: scheme, host, port, and the path before all others (of a reverse proxy)."""

    scheme: str
    host: str
    port: int
    prefix: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


def address_of(configuration: Configuration) -> Address:
    """The address: ``hostname`` may be a name, a name with a port, or a URL.

    Raises:
        NotConfiguredError: there is no hostname.
        ConfigurationError: it is none, or asks for plain HTTP to another machine.

    >>> print(address_of(Configuration(hostname="qlm", port=8443)))
    https://qlm:8443
    >>> print(address_of(Configuration(hostname="https://hpc.example.org/quantum/")))
    https://hpc.example.org:443/quantum
    """
    hostname = configuration.required_hostname
    text = hostname if "://" in hostname else f"https://{_bracketed(hostname)}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or configuration.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("https", "http") or parts.username is not None:
        raise ConfigurationError(f"{hostname!r} is no server; write its name, or https://NAME:PORT/PATH")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(f"{hostname!r}: plain http is for this machine alone; write https://{host}")
    return Address(parts.scheme, host, port, parts.path.rstrip("/"))


def _bracketed(hostname: str) -> str:
    return f"[{hostname}]" if hostname.count(":") > 1 and not hostname.startswith("[") else hostname


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ssl_context_of(configuration: Configuration) -> ssl.SSLContext:
    """What to trust and what to show: there is no way to not verify the server.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    import ssl  # here, so that describing stacks needs none

    has_key = configuration.key is not None
    trusted = configuration.ca or (None if has_key else configuration.certificate)
    try:
        context = ssl.create_default_context(cafile=trusted)
        if has_key:
            context.load_cert_chain(configuration.certificate or "", configuration.key)
    except OSError as error:
        files = " and ".join(filter(None, (trusted, configuration.certificate, configuration.key)))
        raise ConfigurationError(f"the certificate cannot be used: {error} ({files})") from None
    if trusted is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the server's own certificate may be what is trusted
    context.check_hostname = configuration.check_host
    return context


class HttpTransport:
    """Requests over TLS (or plain HTTP on this machine), on connections that are kept and shared by threads.

    Args:
        configuration: the settings of the connection.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.address = address_of(configuration)
        is_plain = self.address.scheme == "http"
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        is_usual = self.address.port == (80 if is_plain else 443)
        self._host = host if is_usual else f"{host}:{self.address.port}"
        proxy_host, proxy_port = configuration.proxy_host, configuration.proxy_port or 3128
        proxy = None if proxy_host is None else (proxy_host, proxy_port)
        self._route = Route(self.address.host, self.address.port, proxy, None if is_plain else self._context)
        self._prefix = f"http://{self._host}{self.address.prefix}" if is_plain and proxy else self.address.prefix
        self._idle: list[socket.socket] = []
        self._lock = Lock()
        finalize(self, _close_all, self._idle)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float,
        on_data: Callable[[bytes], bool] | None = None,
    ) -> Response:
        """Send a request, once, and give the answer; see :class:`Transport`."""
        own = {"Host": self._host, "User-Agent": "openqat", "Accept-Encoding": "identity"}
        data = request_bytes(method, self._prefix + path, {**own, **headers}, body)
        link = self._connection(timeout_s)
        parser = AnswerParser()
        try:
            link.settimeout(timeout_s)
            link.sendall(data)
            response = _answer(link, parser, on_data)
        except (OSError, ProtocolError) as error:
            raise UnreachableError(f"{self.address} does not answer: {error}") from error
        finally:
            if parser.is_reusable and len(self._idle) < _MAX_IDLE:
                self._idle.append(link)
            else:
                link.close()
        return response

    def close(self) -> None:
        """Close the connections that are kept."""
        _close_all(self._idle)

    @cached_property
    def _made_context(self) -> ssl.SSLContext:
        return ssl_context_of(self._configuration)

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            return self._made_context

    def _connection(self, timeout_s: float) -> socket.socket:
        """An idle connection, or a new one."""
        with suppress(IndexError):
            while True:
                link = self._idle.pop()
                if is_quiet(link):
                    return link
                link.close()
        try:
            return connected(self._route, timeout_s)
        except ConnectError as error:
            hint = "; check the proxy" if isinstance(error, ProxyError) else ""
            raise UnreachableError(f"{self.address} does not answer: {error}{hint}", was_sent=False) from error
        except OSError as error:  # the only other one: a certificate is not trusted
            raise UnreachableError(self._distrust(error), "not-trusted", was_sent=False) from error

    def _distrust(self, reason: OSError) -> str:
        given = self._configuration.ca or self._configuration.certificate
        cure = f"{given} is not the certificate of this server" if given else "pass its certificate: certificate=FILE"
        return f"{self.address} cannot prove who it is: {getattr(reason, 'verify_message', reason)}; {cure}"


_MAX_IDLE = 16


def _close_all(links: list[socket.socket]) -> None:
    while links:
        links.pop().close()


def _answer(link: socket.socket, parser: AnswerParser, on_data: Callable[[bytes], bool] | None) -> Response:
    pieces: list[bytes] = []
    while not parser.is_complete:
        data = link.recv(CHUNK_BYTES)
        if not data:
            parser.end()
        piece = parser.feed(data)
        if not piece:
            continue
        assert parser.head is not None
        if on_data is None or not 200 <= parser.head.status < 300:
            pieces.append(piece)
        elif not on_data(piece):
            break
    assert parser.head is not None
    return Response(parser.head.status, parser.head.headers, b"".join(pieces))
