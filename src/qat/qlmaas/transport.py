"""The seam between the client and the network: one method, ``request``. All above it can be tested without one."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec

from qat.qlmaas.configuration import Configuration
from qat.qlmaas.errors import ConfigurationError, UnreachableError

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

    @cached_property
    def _pool(self) -> Any:
        import urllib3  # here, so that describing stacks needs none

        settings: dict[str, Any] = {"maxsize": 16, "block": False}
        if self.address.scheme == "https":
            settings["ssl_context"] = ssl_context_of(self._configuration)
            settings["assert_hostname"] = None if self._configuration.check_host else False
        manager: urllib3.PoolManager
        if self._configuration.proxy_host is not None:
            proxy = f"http://{self._configuration.proxy_host}:{self._configuration.proxy_port or 3128}"
            manager = urllib3.ProxyManager(proxy, **settings)
        else:
            manager = urllib3.PoolManager(**settings)
        return manager.connection_from_host(self.address.host, self.address.port, self.address.scheme)

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
        from urllib3.exceptions import HTTPError

        try:
            answer = self._pool.urlopen(
                method, self.address.prefix + path, body=body, headers=headers, timeout=timeout_s,
                retries=False, redirect=False, preload_content=on_data is None, assert_same_host=False,
            )  # fmt: skip
            return _streamed(answer, on_data) if on_data is not None else _response(answer, answer.data)
        except HTTPError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.close()

    def _unreachable(self, error: Exception) -> UnreachableError:
        from urllib3.exceptions import NewConnectionError, ProxyError, SSLError

        reason = _innermost(error)
        if isinstance(error, SSLError) and isinstance(reason, ssl.SSLCertVerificationError):
            return UnreachableError(self._distrust(reason), "not-trusted", was_sent=False)
        hint = "; check the proxy" if isinstance(error, ProxyError) else ""
        message = f"{self.address} does not answer: {reason}{hint}"
        return UnreachableError(message, was_sent=not isinstance(error, NewConnectionError))

    def _distrust(self, reason: ssl.SSLCertVerificationError) -> str:
        given = self._configuration.ca or self._configuration.certificate
        cure = f"{given} is not the certificate of this server" if given else "pass its certificate: certificate=FILE"
        return f"{self.address} cannot prove who it is: {reason.verify_message}; {cure}"


def _streamed(answer: Any, on_data: Callable[[bytes], bool]) -> Response:
    try:
        if not 200 <= answer.status < 300:
            return _response(answer, answer.read())
        while data := answer.read1():
            if not on_data(data):
                break
        return _response(answer, b"")
    finally:
        answer.close()


def _response(answer: Any, body: bytes) -> Response:
    return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


def _innermost(error: BaseException) -> BaseException:
    """What the operating system said, below the exceptions of the library."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
