"""Where a served object listens: sockets and TLS."""

from __future__ import annotations

import logging
import socket
import ssl
from ipaddress import ip_address

__all__ = ["client_context", "listening_socket", "server_context"]

_BACKLOG = 128


def listening_socket(port: int, host_ip: str) -> socket.socket:
    """A socket that listens.

    Args:
        port: 0 for any free one.
        host_ip: name or address; ``"*"`` for all of this machine.

    Raises:
        OSError: the port is taken or not allowed; the message names it.
    """
    host = "" if host_ip == "*" else host_ip
    listener = None
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE, family=socket.AF_INET if host else 0
        )[0]
        listener = socket.socket(family, kind, number)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        if listener is not None:
            listener.close()
        raise OSError(
            f"cannot listen on port {port} of {host_ip!r}: {error}; choose another port or address"
        ) from error
    return listener


def warn_if_open(host_ip: str, context: ssl.SSLContext | None) -> None:
    """Log a warning when anybody on the network could use the object."""
    if context is None and not _is_loopback(host_ip):
        logging.getLogger(__name__).warning(
            "serving without TLS on %s: everybody who reaches this address can use the service; "
            "give ssl_cert, ssl_key and ssl_ca, or serve on localhost",
            host_ip,
        )


def _is_loopback(host_ip: str) -> bool:
    if host_ip == "localhost":
        return True
    try:
        return ip_address(host_ip).is_loopback
    except ValueError:
        return False


def server_context(cert: str | None, key: str | None, authority: str | None) -> ssl.SSLContext | None:
    """TLS of a server, or None when no certificate is given.

    Args:
        cert: file of the certificate (PEM).
        key: file of its key; None if it is in the same file.
        authority: file of the authority whose clients are let in; None lets in all.

    Raises:
        ValueError: a key or an authority without a certificate.
        OSError: a file cannot be read.
    """
    if cert is None:
        if key or authority:
            raise ValueError("ssl_key and ssl_ca need ssl_cert: give the file of the server's certificate")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    if authority is not None:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(cert: str | None, key: str | None, authority: str | None, *, verify: bool) -> ssl.SSLContext | None:
    """TLS of a client, or None when neither certificate nor verification is asked for.

    Args:
        cert: file of the client's certificate (PEM); the server may ask for one.
        key: file of its key.
        authority: file of the authority that signed the server's certificate; None takes those of the system.
        verify: whether the server's certificate must be valid for its name.
    """
    if cert is None and authority is None and not verify:
        return None
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context
