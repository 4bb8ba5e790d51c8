"""Puts a broker together from its settings, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import resource
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import uvloop

from qat.comm.unix_paths import socket_path
from qhpc.broker.brokerage import Brokerage
from qhpc.broker.capacity import PoolCapacity
from qhpc.broker.duty_keeper import DutyKeeper
from qhpc.broker.facts import Record
from qhpc.broker.identity import SiteAuthenticator
from qhpc.broker.job_connection import JobConnection
from qhpc.broker.journal import Journal, JournalError
from qhpc.broker.license_keeper import LicenseKeeper
from qhpc.broker.merging import merge
from qhpc.broker.needed_duty import HISTORY_S
from qhpc.broker.quotas import QuotaBook
from qhpc.broker.server import Broker
from qhpc.broker.settings import BrokerSettings
from qhpc.broker.slurm_side import SlurmSide
from qhpc.broker.slurm_watch import SlurmWatch
from qhpc.broker.usage import UsageBook
from qhpc.broker.usage_reading import reading_usage
from qhpc.slurm.capacity import Lever
from qhpc.slurm.controller import Controller
from qhpc.slurm.directory import SlurmJobDirectory
from qhpc.slurm.site import Pool

__all__ = ["BrokerAlreadyRunning", "RunningBroker", "run_broker"]

_log = logging.getLogger(__name__)
_BACKLOG = 2048
_SWITCH_S = 5e-4
"""The thread of the journal gets its turn soon, also while messages are read."""


class BrokerAlreadyRunning(RuntimeError):  # noqa: N818 (says what it is)
    """Another broker uses the directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBroker:
    """A broker that takes jobs.

    Attributes:
        addresses: where jobs find it, as they write it.
    """

    settings: BrokerSettings
    addresses: tuple[str, ...]


def run_broker(settings: BrokerSettings, on_ready: Callable[[RunningBroker], None]) -> None:
    """Run a broker until SIGINT or SIGTERM.

    Args:
        settings: of the site.
        on_ready: called when it takes jobs.

    Raises:
        BrokerAlreadyRunning: another broker uses the directory.
        JournalError: the disk takes nothing any more.
        DamagedJournal: the journal was changed by somebody else.
        JournalTooNew: a later version has written it.
        OSError: it cannot listen, or cannot use its files.
    """
    settings.directory.mkdir(mode=0o711, parents=True, exist_ok=True)  # users reach the socket, and see nothing
    (settings.directory / "drivers").mkdir(mode=0o700, exist_ok=True)
    with _alone(settings.directory):
        _raise_file_limit()
        sys.setswitchinterval(_SWITCH_S)
        uvloop.run(_main(settings, on_ready))


async def _main(settings: BrokerSettings, on_ready: Callable[[RunningBroker], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        usage = UsageBook(settings.directory / "usage.db")
        stack.callback(usage.close)
        past = _remembered(settings, usage)
        quotas = _quotas(settings)
        heart = Brokerage(settings.rules(), merge, quotas.allows)
        heart.recall(past)
        heart.take()
        authenticator = _authenticator(settings)
        stack.push_async_callback(authenticator.close)
        told: list[Broker] = []
        journal = Journal(settings.directory / "journal", lambda number: told[0].safe(number))
        stack.callback(journal.close)
        broker = Broker(settings, heart, journal, usage, authenticator, _slurm_side(settings, heart), quotas)
        told.append(broker)
        addresses = await _listen(settings, broker, stack)
        broker.start()
        on_ready(RunningBroker(settings=settings, addresses=addresses))
        await _until_stopped(stop, broker)


async def _until_stopped(stop: asyncio.Event, broker: Broker) -> None:
    stopping = asyncio.create_task(stop.wait())
    ends: list[asyncio.Future[Any]] = [stopping, broker.failure]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await broker.stop()
    if broker.failure.done():
        await broker.failure


def _remembered(settings: BrokerSettings, usage: UsageBook) -> list[Record]:
    """What the journal says, made short under the settings of now; the accounts have all of it before."""
    path = settings.directory / "journal"
    with Journal(path) as journal:
        heart = Brokerage(settings.rules(), merge)
        heart.recall(journal.past)
        usage.write_now(heart.take().rows)
        short = heart.records(heart.last_s)
        journal.rewrite(short)
    with Journal(path) as journal:
        if list(journal.past) != short:
            raise JournalError(f"{path} could not be rewritten: is the disk full?")
    return short


def _quotas(settings: BrokerSettings) -> QuotaBook:
    """The quotas, with what the accounts say was used lately."""
    book = QuotaBook(settings.quota_rules())
    with reading_usage(settings.directory / "usage.db") as reader:
        book.count_rows(reader.slices(since_s=time.time() - 1.1 * settings.quotas.period_s))
    return book


def _slurm_side(settings: BrokerSettings, heart: Brokerage) -> SlurmSide:
    watch = SlurmWatch(SlurmJobDirectory() if settings.slurm.is_used else None, settings.slurm.poll_s)
    return SlurmSide(settings, watch, _keeper(settings, heart), _duty_keeper(settings))


def _keeper(settings: BrokerSettings, heart: Brokerage) -> LicenseKeeper | None:
    """Of the licences in Slurm, if the broker is to drive them; alpha goes on where it was."""
    slurm = settings.slurm
    if not slurm.drives_licences:
        return None
    pools = {
        name: (
            PoolCapacity(
                Pool(name=name, nb_qpus=len(pool.qpus), alpha=pool.alpha),
                target_stretch=pool.target_stretch,
                max_alpha=pool.max_alpha,
                smoothing_s=pool.smoothing_s,
                patience_s=slurm.hold_after_s,
                alpha=heart.alpha(name, pool.alpha),
            ),
            Lever(pool=name, method=slurm.method, server=slurm.server),
        )
        for name, pool in settings.pools.items()
    }
    return LicenseKeeper(Controller(), pools)


def _duty_keeper(settings: BrokerSettings) -> DutyKeeper | None:
    """Of the table of duties, if there is to be one, with what the accounts say of jobs until now."""
    if not settings.slurm.duty_table:
        return None
    with reading_usage(settings.directory / "usage.db") as reader:
        closed = sorted(reader.sessions(time.time() - HISTORY_S), key=attrgetter("closed_s"))
    return DutyKeeper(Path(settings.slurm.duty_table), closed)


def _authenticator(settings: BrokerSettings) -> SiteAuthenticator:
    identity = settings.identity
    return SiteAuthenticator(
        identity.methods,
        trusted_uids=identity.trusted_uids,
        munge_socket=identity.munge_socket or None,
        jwt_key=Path(identity.jwt_key).read_bytes() if identity.jwt_key else None,
    )


async def _listen(settings: BrokerSettings, broker: Broker, stack: AsyncExitStack) -> tuple[str, ...]:
    loop, path = asyncio.get_running_loop(), settings.unix_socket
    with suppress(FileNotFoundError):
        path.unlink()
    bound = socket.socket(socket.AF_UNIX)
    with socket_path(path) as name:
        bound.bind(name)
    path.chmod(settings.listen.unix_mode)
    servers = [await loop.create_unix_server(lambda: JobConnection(broker), sock=bound, backlog=_BACKLOG)]
    addresses = [f"unix:{path}"]
    if settings.listen.host:
        server = await loop.create_server(
            lambda: JobConnection(broker),
            settings.listen.host,
            settings.listen.port,
            ssl=_tls(settings),
            ssl_handshake_timeout=settings.limits.opening_s,
            backlog=_BACKLOG,
        )
        servers.append(server)
        host, port = server.sockets[0].getsockname()[:2]
        addresses.append(f"tls://{f'[{host}]' if ':' in host else host}:{port}")
    for server in servers:
        stack.callback(server.close)
    return tuple(addresses)


def _tls(settings: BrokerSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.listen.certificate, settings.listen.key)
    return context


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; the system lets go of it even if this process is killed."""
    with (directory / "broker.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BrokerAlreadyRunning(
                f"a broker runs on {directory} already (process {file.read().strip()})"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _raise_file_limit() -> None:
    """Each connection is an open file: take as many as the system gives."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
