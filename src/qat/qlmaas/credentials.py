"""Who the user is: a token, a password (from ``.netrc`` or a prompt), or a client certificate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from qat.qlmaas.config_files import netrc_entry
from qat.qlmaas.configuration import Configuration
from qat.qlmaas.errors import LoginError
from qat.qlmaas.transport import address_of

__all__ = ["Certificate", "Credentials", "Password", "Token", "credentials_of", "user_and_password"]

LogIn = Callable[[str, str], str]
"""Gives the secret of a token for a user name and a password."""


class Credentials(Protocol):
    """Gives the secret that goes with each request."""

    def secret(self, log_in: LogIn, *, is_renewed: bool) -> str | None:
        """The secret of a token; None for none.

        Args:
            log_in: asks the server for one.
            is_renewed: whether the last one was refused.

        Raises:
            LoginError: there is none that the server takes.
        """


class Token:
    """An API token.

    Args:
        secret: what was shown when it was made.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def secret(self, log_in: LogIn, *, is_renewed: bool) -> str | None:
        """The secret.

        Raises:
            LoginError: the server refused it.
        """
        if is_renewed:
            raise LoginError("the token is not known to the server or has expired; get a new one with 'qat login'")
        return self._secret


class Password:
    """A user name and a password, exchanged for a token that expires; kept to log in again when it has.

    Args:
        ask: gives both; called at most once.
    """

    def __init__(self, ask: Callable[[], tuple[str, str]]) -> None:
        self._ask = ask
        self._known: tuple[str, str] | None = None
        self._secret: str | None = None

    def secret(self, log_in: LogIn, *, is_renewed: bool) -> str | None:
        """The secret of a token, after logging in if need be."""
        if self._secret is None or is_renewed:
            self._known = self._known or self._ask()
            self._secret = log_in(*self._known)
        return self._secret


class Certificate:
    """A client certificate: TLS has shown it already."""

    def secret(self, log_in: LogIn, *, is_renewed: bool) -> str | None:
        """None.

        Raises:
            LoginError: the server refused the certificate.
        """
        if is_renewed:
            raise LoginError("the server does not take the client's certificate; use authentication='password'")
        return None


def credentials_of(configuration: Configuration) -> Credentials:
    """The credentials that a configuration asks for.

    Raises:
        LoginError: it asks for a token or a certificate and has none.
    """
    if configuration.login == "password":
        return Password(lambda: user_and_password(configuration))
    if configuration.login == "ssl":
        if configuration.key is None or configuration.certificate is None:
            raise LoginError("authentication='ssl' needs certificate=FILE and key=FILE")
        return Certificate()
    if configuration.token is None:
        raise LoginError("authentication='token' needs a token: set QLMAAS_TOKEN, or run 'qat login'")
    return Token(configuration.token)


def user_and_password(configuration: Configuration) -> tuple[str, str]:
    """User name and password from ``~/.netrc``, else asked for on a terminal.

    Raises:
        LoginError: there is neither.
    """
    host = address_of(configuration).host
    entry = netrc_entry(host)
    if entry is not None and configuration.username in (None, entry[0]):
        return entry
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise LoginError(
            f"no password for {host}: add 'machine {host} login NAME password PASSWORD' to ~/.netrc, "
            "set QLMAAS_TOKEN, or run 'qat login' in a terminal"
        )
    from getpass import getpass

    username = configuration.username or input("Username: ")
    return username, getpass("Password: ")
