"""Puts a server together from its settings, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from qhpc.access.api.app import create_app
from qhpc.access.api.context import ApiContext
from qhpc.access.api.guard import RequestLimits
from qhpc.access.api.metrics import Metrics
from qhpc.access.catalogue import CatalogueSettings, ClerkCatalogue
from qhpc.access.identity import Identity
from qhpc.access.launchers.lines import LogLimits
from qhpc.access.launchers.local import LocalLauncher
from qhpc.access.launchers.local_settings import LocalSettings
from qhpc.access.launchers.processes import ChildSettings
from qhpc.access.launchers.protocol import Launcher
from qhpc.access.launchers.slurm import SlurmLauncher
from qhpc.access.launchers.slurm_settings import SlurmSettings
from qhpc.access.listening import Listener, serve, tcp_listener, unix_listener
from qhpc.access.qpu_queue import BrokerQueue
from qhpc.access.rebuild.policy import ServicePolicy, SubmissionLimits
from qhpc.access.service.limits import Limits
from qhpc.access.service.service import AccessService
from qhpc.access.settings import AccessSettings
from qhpc.access.store.factory import store_at
from qhpc.access.store.protocol import Store, StoreError
from qhpc.access.store.retention import expire, forget
from qhpc.access.tls import CertificateFiles, local_names, own_certificate, server_context

__all__ = ["AlreadyRunning", "Running", "run_server"]

_log = logging.getLogger(__name__)
_RETENTION_EVERY_S = 60.0
_NB_CLAIMS, _CLAIM_PAUSE_S = 20, 0.25
_CLAIM_EVERY_S = 5.0
_TAKEN_OVER = 3
"""Exit status."""


class AlreadyRunning(RuntimeError):  # noqa: N818 (says what it is)
    """Another server uses the directory, or the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that takes requests.

    Attributes:
        settings: its settings.
        addresses: where it listens.
        port: of TCP.
        certificate: what clients trust; None without TLS.
        identity: users and tokens.
        store: what it keeps.
    """

    settings: AccessSettings
    addresses: tuple[str, ...]
    port: int
    certificate: Path | None
    identity: Identity
    store: Store


OnReady = Callable[[Running], Awaitable[None]]


def run_server(settings: AccessSettings, on_ready: OnReady) -> None:
    """Run a server until SIGINT or SIGTERM; it then lets requests and short jobs end, and loses nothing.

    Args:
        settings: of the server.
        on_ready: called when it takes requests.

    Raises:
        AlreadyRunning: another server uses the directory, or the database.
        OSError: it cannot listen there, or cannot use its files.
    """
    settings.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(settings.directory):
        _raise_file_limit()
        uvloop.run(_main(settings, on_ready))


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; the system lets go of it even if this process is killed."""
    path = directory / "server.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"a server runs on {directory} already (process {file.read().strip()})") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _raise_file_limit() -> None:
    """Each connection is an open file: take as many as the system gives."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _main(settings: AccessSettings, on_ready: OnReady) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    files = _certificate(settings)
    listeners = _listeners(settings, files)
    async with _opened(settings) as (service, store, identity):
        context = ApiContext(service=service, store=store, identity=identity, metrics=Metrics(service), clock=time.time)
        limits = RequestLimits(max_body_bytes=settings.max_body_bytes, read_timeout_s=settings.read_timeout_s)
        app = create_app(context, limits, root_path=settings.root_path)
        serving = asyncio.create_task(serve(app, listeners, settings, stop, service.hub.close))
        await on_ready(_running(settings, listeners, files, identity, store))
        await serving


def _running(
    settings: AccessSettings,
    listeners: list[Listener],
    files: CertificateFiles | None,
    identity: Identity,
    store: Store,
) -> Running:
    return Running(
        settings=settings,
        addresses=tuple(listener.address for listener in listeners),
        port=listeners[0].socket.getsockname()[1],
        certificate=None if files is None else files.certificate,
        identity=identity,
        store=store,
    )


def _certificate(settings: AccessSettings) -> CertificateFiles | None:
    if not settings.is_tls:
        return None
    if settings.certificate is not None and settings.key is not None:
        return CertificateFiles(certificate=settings.certificate, key=settings.key)
    return own_certificate(settings.directory, local_names(settings.host))


def _listeners(settings: AccessSettings, files: CertificateFiles | None) -> list[Listener]:
    tls = None if files is None else server_context(files)
    listeners = [tcp_listener(settings.host, settings.port, tls)]
    if settings.unix_socket is not None:
        listeners.append(unix_listener(settings.unix_socket, settings.unix_socket_mode))
    return listeners


@asynccontextmanager
async def _opened(settings: AccessSettings) -> AsyncIterator[tuple[AccessService, Store, Identity]]:
    async with AsyncExitStack() as stack:
        store = store_at(settings.database_url, directory=settings.directory / "files")
        await store.open()
        stack.push_async_callback(store.close)
        await _claim(store)
        claiming = asyncio.create_task(_keep_claim(store))
        stack.callback(claiming.cancel)
        catalogue = ClerkCatalogue(_catalogue_settings(settings))
        await catalogue.open()
        stack.push_async_callback(catalogue.close)
        launcher = _launcher(settings)
        service = AccessService(store, launcher, catalogue, _limits(settings), time.time, BrokerQueue(settings.broker))
        await service.open()
        stack.push_async_callback(service.close, 0.0 if settings.launcher == "slurm" else settings.drain_s)
        retention = asyncio.create_task(_retention(store, settings.record_retention_s))
        stack.callback(retention.cancel)
        yield service, store, Identity(store)


async def _claim(store: Store) -> None:
    """Become the one server of the store; a database may notice a moment late that the former one has ended."""
    for _ in range(_NB_CLAIMS):
        if await store.claim():
            return
        await asyncio.sleep(_CLAIM_PAUSE_S)
    raise AlreadyRunning("another server runs on the database; stop it first, or wait until it has ended")


async def _keep_claim(store: Store) -> None:
    """See to it that this is the one server of the store. If another has become it, this one ends at once.

    It ends as if it were killed, and records nothing more: the other cares for all jobs now.
    """
    while True:
        await asyncio.sleep(_CLAIM_EVERY_S)
        try:
            is_ours = await store.claim()
        except StoreError:
            _log.exception("it is not known whether this is still the one server of the database")
        else:
            if not is_ours:
                _log.critical("another server has taken over the database while it could not be reached from here")
                os._exit(_TAKEN_OVER)


async def _retention(store: Store, keep_s: float | None) -> None:
    """Remove what has had its time, and once what a crash has left; a failure is logged, and tried again later."""
    is_swept = False
    while True:
        try:
            await expire(store, time.time())
            await forget(store, time.time(), keep_s)
            if not is_swept:
                await store.sweep(time.time())
                is_swept = True
        except Exception:
            _log.exception("what is old could not be removed")
        await asyncio.sleep(_RETENTION_EVERY_S)


def _limits(settings: AccessSettings) -> Limits:
    is_cluster = settings.launcher == "slurm"
    return Limits(
        max_memory_bytes=settings.max_memory_bytes,
        max_cores=settings.slurm.max_cores if is_cluster else os.cpu_count(),
        max_nodes=settings.slurm.max_nodes if is_cluster else 1,
        max_time_s=settings.max_time_s,
        max_waiting_jobs=settings.max_waiting_jobs,
        retention_s=settings.retention_s,
    )


def _catalogue_settings(settings: AccessSettings) -> CatalogueSettings:
    return CatalogueSettings(
        policy=_policy(settings),
        limits=SubmissionLimits(
            max_bytes=settings.max_body_bytes, max_qubits=settings.max_qubits, max_shots=settings.max_shots
        ),
        process=ChildSettings(folders=settings.service_folders),
    )


def _launcher(settings: AccessSettings) -> Launcher:
    return (
        SlurmLauncher(_slurm_settings(settings))
        if settings.launcher == "slurm"
        else LocalLauncher(_local_settings(settings))
    )


def _slurm_settings(settings: AccessSettings) -> SlurmSettings:
    environment = {**_broker_environment(settings), **settings.slurm.environment}
    return SlurmSettings(
        spool=settings.spool,
        options=settings.slurm.model_copy(update={"environment": environment}),
        policy=_policy(settings),
        folders=settings.service_folders,
        log=LogLimits(max_bytes=settings.max_log_bytes),
        max_result_bytes=settings.max_result_bytes,
        run_as=settings.run_as,
        broker=settings.broker or "",
    )


def _broker_environment(settings: AccessSettings) -> dict[str, str]:
    """What tells jobs where the broker is, beside what their machine says."""
    return {"QAT_BROKER": settings.broker} if settings.broker else {}


def _local_settings(settings: AccessSettings) -> LocalSettings:
    return LocalSettings(
        nb_runners=settings.workers,
        max_result_bytes=settings.max_result_bytes,
        log=LogLimits(max_bytes=settings.max_log_bytes),
        policy=_policy(settings),
        folders=settings.service_folders,
        environment=_broker_environment(settings),
        run_as=settings.run_as,
        work_dir=settings.work_directory,
    )


def _policy(settings: AccessSettings) -> ServicePolicy:
    return ServicePolicy(allow=settings.services_allow, deny=settings.services_deny)
