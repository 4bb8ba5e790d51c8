"""Who is at the other end of a connection: Unix users, told by the socket, by MUNGE or by a Slurm token.

====================  ==================================================================================
``peer``              the kernel tells who connected to the Unix socket
``munge``             a credential of the connection's nonce, so that none can be used twice
``jwt``               a Slurm token (``scontrol token``); good until it expires, so the connection needs TLS
====================  ==================================================================================

A trusted user (the access server's) may speak for others.
"""

from __future__ import annotations

import asyncio
import hmac
import pwd
import re
import socket
import struct
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, get_args

from qat.comm.broker.messages import AuthenticationMethod
from qat.comm.broker.messages import signed_payload as payload_of
from qat.shared.munge import MungeRefused, MungeUnavailable, unmunge
from qhpc.slurm.tokens import TokenError, user_of_token

__all__ = ["AuthenticationError", "Authenticator", "Identity", "Peer", "SiteAuthenticator", "peer_of"]

_T = TypeVar("_T")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_OVERFLOW_UID = 65534
_NB_THREADS = 4


class AuthenticationError(Exception):
    """Nobody knows who is there.

    Args:
        reason: what was wrong, what was expected, what to do; without secrets.
        code: of the message ``Refused``; ``unavailable`` if another try may succeed.
    """

    def __init__(
        self, reason: str, code: Literal["authentication", "not-yours", "unavailable"] = "authentication"
    ) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process at the other end of a Unix socket, as the kernel knows it."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who it is.

    Attributes:
        user: name.
        uid: user id; None for a user of the access server who has no account on this machine.
        is_trusted: whether it may speak for others.
        speaker_uid: of the Unix user at the other end, if it speaks for another.
    """

    user: str
    uid: int | None
    is_trusted: bool = False
    speaker_uid: int | None = None

    @property
    def process_uid(self) -> int | None:
        """Unix user under whom its processes and its Slurm jobs run; None if that is not known."""
        return self.uid if self.speaker_uid is None else self.speaker_uid


class Authenticator(Protocol):
    """Tells who is at the other end.

    Attributes:
        methods: how it can be told.
    """

    methods: tuple[AuthenticationMethod, ...]

    async def who(
        self, method: AuthenticationMethod, credential: bytes, nonce: bytes, peer: Peer | None, owner: str = ""
    ) -> Identity:
        """Who opens a session.

        Args:
            method: how it says who it is.
            credential: what proves it.
            nonce: what the broker sent in its ``Greeting`` on this connection.
            peer: the process at the other end; None over TCP.
            owner: for whom it speaks, if not for itself: the identity is that user's then.

        Raises:
            AuthenticationError: it is not proven, or may not speak for ``owner``.
        """

    async def close(self) -> None:
        """Let go of what it holds."""


def peer_of(connected: socket.socket) -> Peer | None:
    """The process at the other end of a socket; None if it is no Unix socket.

    >>> import os
    >>> one, other = socket.socketpair()
    >>> with one, other:
    ...     peer_of(one).uid == os.getuid()
    True
    """
    if connected.family != socket.AF_UNIX:
        return None
    data = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("iII", data)
    return Peer(pid=pid, uid=uid, gid=gid)


class SiteAuthenticator:
    """Tells who is at the other end, by the methods that a site allows.

    Args:
        methods: those.
        trusted_uids: users who may speak for others.
        munge_socket: where ``munged`` listens; None for the system's.
        jwt_key: the cluster's key, what is in the file of Slurm's ``jwt_key``; needed for ``jwt``.
        timeout_s: how long finding out may take.
        clock: tells the time, in seconds since 1970.

    Raises:
        ValueError: ``jwt`` without a key.

    >>> import os
    >>> site = SiteAuthenticator(("peer",), trusted_uids=())
    >>> found = asyncio.run(site.who("peer", b"", b"", Peer(pid=1, uid=os.getuid(), gid=0)))
    >>> found.uid == os.getuid()
    True
    """

    def __init__(
        self,
        methods: tuple[AuthenticationMethod, ...] = ("peer",),
        *,
        trusted_uids: Collection[int] = (0,),
        munge_socket: str | None = None,
        jwt_key: bytes | None = None,
        timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if "jwt" in methods and not jwt_key:
            raise ValueError("the method 'jwt' needs the cluster's key: give jwt_key, the file that slurm.conf names")
        self.methods = methods
        self._trusted_uids = frozenset(trusted_uids)
        self._munge_socket, self._jwt_key = munge_socket, jwt_key
        self._timeout_s, self._clock = timeout_s, clock
        self._threads = ThreadPoolExecutor(_NB_THREADS, "identity")

    async def who(
        self, method: AuthenticationMethod, credential: bytes, nonce: bytes, peer: Peer | None, owner: str = ""
    ) -> Identity:
        """See :class:`Authenticator`."""
        if method not in self.methods:
            found = method if method in get_args(AuthenticationMethod) else "something else"
            raise AuthenticationError(f"it says who it is by {found}; expected {' or '.join(self.methods)}")
        return await self._in_time(lambda: self._speaker(self._found(method, credential, nonce, peer), owner))

    async def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_time(self, find: Callable[[], _T]) -> _T:
        """The result of something that may block: the directory of users, or MUNGE."""
        try:
            found = asyncio.get_running_loop().run_in_executor(self._threads, find)
            return await asyncio.wait_for(found, self._timeout_s)
        except TimeoutError:
            reason = f"who it is could not be told within {self._timeout_s:g} s; try again later"
            raise AuthenticationError(reason, "unavailable") from None

    def _found(
        self, method: AuthenticationMethod, credential: bytes, nonce: bytes, peer: Peer | None
    ) -> pwd.struct_passwd:
        if method == "munge":
            return _user_of(self._munged_uid(credential, nonce))
        if method == "jwt":
            return _user_named(self._jwt_user(credential))
        if peer is None:
            raise AuthenticationError(
                "the method 'peer' is for Unix sockets; over TCP give a MUNGE credential or a token"
            )
        return _user_of(peer.uid)

    def _munged_uid(self, credential: bytes, nonce: bytes) -> int:
        try:
            munged = unmunge(credential, socket=self._munge_socket)
        except MungeRefused as error:
            raise AuthenticationError(str(error)) from None
        except MungeUnavailable as error:
            raise AuthenticationError(f"on the broker's machine, {error}", "unavailable") from None
        if not hmac.compare_digest(munged.payload, payload_of(nonce)):
            raise AuthenticationError("the credential is of another connection; make a new one of this one's nonce")
        return munged.uid

    def _jwt_user(self, token: bytes) -> str:
        assert self._jwt_key is not None
        try:
            return user_of_token(token, self._jwt_key, self._clock())
        except TokenError as error:
            raise AuthenticationError(str(error)) from None

    def _speaker(self, found: pwd.struct_passwd, owner: str) -> Identity:
        """The identity of whom it speaks for."""
        is_trusted = found.pw_uid in self._trusted_uids
        if owner in ("", found.pw_name):
            return Identity(user=found.pw_name, uid=found.pw_uid, is_trusted=is_trusted)
        if not is_trusted:
            reason = f"{found.pw_name} may not speak for {owner[:64]!r}; [identity] trusted_uids says who may"
            raise AuthenticationError(reason, "not-yours")
        if not _NAME.fullmatch(owner):
            raise AuthenticationError(f"{owner[:64]!r} is no name of a user: letters, digits and _.@-, 64 at most")
        try:
            return Identity(user=owner, uid=pwd.getpwnam(owner).pw_uid, speaker_uid=found.pw_uid)
        except KeyError:
            return Identity(user=owner, uid=None, speaker_uid=found.pw_uid)


def _user_of(uid: int) -> pwd.struct_passwd:
    if uid == _OVERFLOW_UID:
        raise AuthenticationError("it is 'nobody', which all users are whom a container does not know; map its users")
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise AuthenticationError(f"user id {uid} is unknown on the broker's machine; give it an account") from None


def _user_named(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except (KeyError, ValueError):
        raise AuthenticationError(
            f"user {name[:64]!r} is unknown on the broker's machine; give it an account"
        ) from None
