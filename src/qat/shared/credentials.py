"""How a job proves to the broker who runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from qat.comm.broker.messages import AuthenticationMethod, Greeting, signed_payload
from qat.shared.munge import MungeUnavailable, munge

__all__ = ["Proof", "Unproven", "prove"]


class Unproven(Exception):  # noqa: N818 (says what it is)
    """There is nothing by which this process could say who runs it."""


class Proof(NamedTuple):
    """A method, and the credential for it."""

    method: AuthenticationMethod
    credential: bytes = b""


def prove(
    greeting: Greeting, *, is_local: bool, munge_socket: str = "", environment: Mapping[str, str] | None = None
) -> Proof:
    """What proves who runs this process: the first method that the broker takes and this machine has.

    Blocks for some milliseconds; some seconds if ``munged`` does not answer.

    Args:
        greeting: of the broker.
        is_local: whether it is at the other end of a Unix socket.
        munge_socket: where ``munged`` listens; empty for the system's.
        environment: its ``SLURM_JWT`` is a token; that of the process by default.

    Raises:
        Unproven: there is none.

    >>> prove(Greeting(1, "lab", b"nonce", ("munge", "peer")), is_local=True).method
    'peer'
    """
    reasons = []
    if "peer" in greeting.methods:
        if is_local:
            return Proof("peer")
        reasons.append("peer: works over a Unix socket only")
    if "munge" in greeting.methods:
        try:
            return Proof("munge", munge(signed_payload(greeting.nonce), socket=munge_socket or None))
        except MungeUnavailable as error:
            reasons.append(f"munge: {error}")
    if "jwt" in greeting.methods:
        token = (os.environ if environment is None else environment).get("SLURM_JWT")
        if token:
            return Proof("jwt", token.encode())
        reasons.append("jwt: SLURM_JWT is not set; get a token with 'scontrol token'")
    raise Unproven(f"the broker of {greeting.cluster!r} asks who this is, and nothing says so: {'; '.join(reasons)}")
