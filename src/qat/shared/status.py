"""Asks a broker what goes on, without a session: for those who look after it, or want to know about a job."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable

from qat.comm.broker.messages import (
    VERSION,
    AskJob,
    AskSleepers,
    AskStatus,
    AskUsage,
    Explained,
    Greeting,
    Message,
    Refused,
    Sleepers,
    Status,
    Used,
)
from qat.comm.broker.status import BrokerStatus
from qat.comm.broker.usage import Group
from qat.shared.addresses import ClientSettings, address_in
from qat.shared.credentials import Proof, Unproven, prove
from qat.shared.link import Link, connected_to

__all__ = ["StatusRefused", "broker_status", "job_explained", "sleepers_of", "usage_told"]


class StatusRefused(PermissionError):  # noqa: N818 (says what it is)
    """The broker does not tell this user, or does not know who it is; the message says why."""


def broker_status(settings: ClientSettings, timeout_s: float = 10.0) -> BrokerStatus:
    """What goes on at a broker.

    Args:
        settings: where it is.
        timeout_s: how long it may take.

    Raises:
        StatusRefused: it does not tell this user.
        BrokerUnknown: its address is wrong.
        OSError: it cannot be reached, or does not answer in time.
        WireError: what answers is no broker.
    """
    told = _told(settings, lambda proof: AskStatus(VERSION, *proof), timeout_s)
    if isinstance(told, Status):
        return told.status
    raise _refused(told)


def job_explained(settings: ClientSettings, job: str, timeout_s: float = 10.0) -> Explained:
    """Where the tasks of a job are, and why. Raises as ``broker_status``.

    Args:
        settings: where the broker is.
        job: its id at the access server, or ``slurm-ID``.
        timeout_s: how long it may take.
    """
    told = _told(settings, lambda proof: AskJob(VERSION, job, *proof), timeout_s)
    if isinstance(told, Explained):
        return told
    raise _refused(told)


def sleepers_of(
    settings: ClientSettings, job: str, uid: int, timeout_s: float = 10.0, *, are_wanted: bool = True
) -> Sleepers:
    """Whether the sleeping sessions of a job need their nodes; they are kept for a while. Raises as ``broker_status``.

    Args:
        settings: where the broker is.
        job: its id at the access server.
        uid: Unix user whose it is.
        timeout_s: how long it may take.
        are_wanted: whether the sessions are still needed; otherwise they are closed.
    """
    told = _told(settings, lambda proof: AskSleepers(VERSION, job, uid, are_wanted, *proof), timeout_s)
    if isinstance(told, Sleepers):
        return told
    raise _refused(told)


def usage_told(
    settings: ClientSettings,
    by: Group,
    user: str | None,
    since_s: float = 0.0,
    until_s: float = math.inf,
    timeout_s: float = 10.0,
) -> Used:
    """What was used of QPUs. Raises as ``broker_status``.

    Args:
        settings: where the broker is.
        by: what it is summed up by.
        user: whose; None for all, which the broker tells those alone whom it trusts.
        since_s: from then on, in seconds since 1970.
        until_s: before that.
        timeout_s: how long it may take.
    """
    told = _told(settings, lambda proof: AskUsage(VERSION, by, user, since_s, until_s, *proof), timeout_s)
    if isinstance(told, Used):
        return told
    raise _refused(told)


def _refused(told: Message) -> StatusRefused:
    return StatusRefused(told.reason if isinstance(told, Refused) else f"it answered with {type(told).__name__}")


def _told(settings: ClientSettings, question: Callable[[Proof], Message], timeout_s: float) -> Message:
    address, deadline_s = address_in(settings.broker), time.monotonic() + timeout_s
    link = connected_to(address, settings.authority, timeout_s)
    try:
        greeting = _next(link, deadline_s)
        if not isinstance(greeting, Greeting):
            raise StatusRefused(getattr(greeting, "reason", "it did not greet"))
        proof = prove(greeting, is_local=bool(address.path), munge_socket=settings.munge_socket)
        link.write(question(proof))
        return _next(link, deadline_s)
    except Unproven as error:
        raise StatusRefused(str(error)) from None
    finally:
        link.close()


def _next(link: Link, deadline_s: float) -> Message:
    while True:
        messages, _ = link.read()
        if messages:
            return messages[0]
        link.flush()
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the broker did not answer in time")
        select.select([link], [link] if link.has_unsent else [], [], left_s)
