"""The connection to an access server: its services, its jobs, and who the user is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NoReturn

from qat.comm.access.messages import JobPage, ServiceView, Submission, Usage
from qat.comm.broker.usage import Group, QpuUsage
from qat.comm.qlmaas.ttypes import JobInfo
from qat.qlmaas.catalogue import Catalogue
from qat.qlmaas.client import AccessClient
from qat.qlmaas.config_files import ini_path, read_configuration, write_ini
from qat.qlmaas.configuration import Configuration
from qat.qlmaas.credentials import credentials_of, user_and_password
from qat.qlmaas.errors import JobNotDoneError, UnsupportedError
from qat.qlmaas.remote import RemotePart, remote_class
from qat.qlmaas.result import AsyncResult
from qat.qlmaas.sessions import Session, current_session_id
from qat.qlmaas.statuses import job_info
from qat.qlmaas.transport import HttpTransport, Transport
from qat.qlmaas.wrappers import ServiceDescription

__all__ = ["JobList", "QLMaaSConnection", "last_connection"]

_last: QLMaaSConnection | None = None

_PAGE = 200


def last_connection() -> QLMaaSConnection:
    """The connection made last in this process; the first time, one made from the configuration."""
    return _last if _last is not None else QLMaaSConnection()


class JobList(Sequence[AsyncResult]):
    """Part of a list of jobs.

    Args:
        connection: to the server.
        page: what the server answered.
        filters: what it was asked.

    Attributes:
        total: how many there are in all parts.
        next_cursor: pass it as ``cursor`` for the next part; None after the last.

    >>> from qat.comm.access.messages import JobView, UserView
    >>> from qat.qlmaas.transport import TableTransport
    >>> page = JobPage(items=(JobView(id="j7", state="done", owner="ada"),), total=1)
    >>> server = TableTransport({"GET /v1/me": UserView(name="ada"), "GET /v1/jobs": page})
    >>> jobs = QLMaaSConnection("qlm.example.org", token="secret", transport=server).jobs(state="done")
    >>> jobs, jobs[0].get_id(), jobs.next()
    (<1 of 1 jobs>, 'j7', None)
    """

    def __init__(self, connection: QLMaaSConnection, page: JobPage, filters: dict[str, Any]) -> None:
        self._connection = connection
        self._filters = filters
        self._items = [AsyncResult(view.id, connection, view) for view in page.items]
        self.total = page.total
        self.next_cursor = page.next_cursor

    def next(self) -> JobList | None:
        """The next part; None after the last."""
        if self.next_cursor is None:
            return None
        return self._connection.jobs(**{**self._filters, "cursor": self.next_cursor})

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __repr__(self) -> str:
        return f"<{len(self)} of {self.total} jobs>"


class QLMaaSConnection:
    """A connection to an access server. What is not passed comes from the environment and the configuration files.

    Args:
        hostname: name or address of the server, or its URL.
        port: its port.
        authentication: ``password``, ``token`` or ``ssl``.
        certificate: file that says whom to trust; with a key, the client's certificate.
        key: file with the key of the client's certificate.
        check_host: whether the certificate must name the host. The certificate itself is always verified.
        timeout: seconds to wait for an answer, and to bear with a server that is away.
        **kwargs: ``proxy_host``, ``proxy_port``, ``ca``, ``username``, ``token``; ``profile``, the name of a profile;
            ``transport``, what sends the requests instead of HTTP.

    Raises:
        NotConfiguredError: no server is named (an AttributeError).
        ConfigurationError: a value or a file is wrong.
        UnreachableError: the server does not answer.
        LoginError: the server does not know the user (a RuntimeError).

    >>> from qat.comm.access.messages import UserView
    >>> from qat.qlmaas.transport import TableTransport
    >>> lin_alg = ServiceView(kind="qat.qpus", name="LinAlg", role="qpu")
    >>> server = TableTransport({"GET /v1/me": UserView(name="ada"), "GET /v1/services": [lin_alg]})
    >>> connection = QLMaaSConnection("qlm.example.org", token="secret", transport=server)
    >>> connection, connection.get_qpus(), connection.get_qpu("qat.qpus:LinAlg")()
    (<connection of ada to qlm.example.org>, [ServiceDescription('qat.qpus:LinAlg')], <remote QPU LinAlg>)
    """

    def __init__(
        self,
        hostname: str | None = None,
        port: int | None = None,
        authentication: str | None = None,
        certificate: str | None = None,
        key: str | None = None,
        check_host: bool | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        global _last
        transport: Transport | None = kwargs.pop("transport", None)
        profile = kwargs.pop("profile", None)
        given = {
            "hostname": hostname, "port": port, "authentication": authentication, "certificate": certificate,
            "key": key, "check_host": check_host, "timeout": timeout, **kwargs,
        }  # fmt: skip
        self.configuration: Configuration = read_configuration(given, os.environ, profile)
        transport = transport or HttpTransport(self.configuration)
        self.client = AccessClient(transport, credentials_of(self.configuration), timeout_s=self.configuration.timeout)
        self._catalogue = Catalogue(self.client.services)
        self._classes: dict[str, type[RemotePart]] = {}
        self.user = self.client.me(patience_s=0.0)
        _last = self

    # ---------------------------------------------------------------- services
    def get_qpus(self) -> list[ServiceDescription]:
        """The QPUs of the server."""
        return self._descriptions("qat.qpus")

    def get_plugins(self) -> list[ServiceDescription]:
        """The plugins and junctions of the server."""
        return self._descriptions("qat.plugins")

    def get_generators(self) -> list[ServiceDescription]:
        """The generators of the server."""
        return self._descriptions("qat.generators")

    def get_qpu(self, name: str) -> type[RemotePart]:
        """What makes remote QPUs: call it with the arguments of the QPU.

        Args:
            name: such as ``qat.qpus:LinAlg``, or without its module.

        Raises:
            UnknownServiceError: the server has none of this name; the message lists near ones.
        """
        return self.get_importable(name, "qat.qpus")

    def get_plugin(self, name: str) -> type[RemotePart]:
        """What makes remote plugins; see ``get_qpu``."""
        return self.get_importable(name, "qat.plugins")

    def get_generator(self, name: str) -> type[RemotePart]:
        """What makes remote generators; see ``get_qpu``."""
        return self.get_importable(name, "qat.generators")

    def get_importable(self, name: str, kind: str | None = None) -> type[RemotePart]:
        """What makes remote objects of a service of any kind; see ``get_qpu``."""
        view = self._catalogue.find(name, kind)
        address = f"{view.kind}:{view.name}"
        if address not in self._classes:
            self._classes[address] = remote_class(self, view)
        return self._classes[address]

    def services(self, kind: str | None = None) -> list[ServiceView]:
        """All that the server says about its services, or those of a kind such as ``qat.qpus``."""
        return self._catalogue.views(kind)

    def service(self, name: str, kind: str | None = None) -> ServiceView:
        """What the server says about one service.

        Raises:
            UnknownServiceError: there is none of this name.
        """
        return self._catalogue.find(name, kind)

    def _descriptions(self, kind: str) -> list[ServiceDescription]:
        views = self._catalogue.views(kind)
        return [ServiceDescription(f"{view.kind}:{view.name}", view.doc, view.warning) for view in views]

    # ---------------------------------------------------------------- jobs
    def submit(self, submission: Submission, idempotency_key: str | None = None) -> AsyncResult:
        """Send a submission as it is; remote stacks make them."""
        view = self.client.submit(submission, idempotency_key)
        return AsyncResult(view.id, self, view)

    def get_job(self, job_id: str) -> AsyncResult:
        """The job of an id; the server is not asked."""
        return AsyncResult(job_id, self)

    def get_jobs(self, **filters: Any) -> list[AsyncResult]:
        """All jobs of the user but those whose files were removed, the newest first; see ``jobs`` for the filters."""
        return [job for job in self._all_jobs(filters) if job.known.state != "deleted"]

    def get_jobs_info(self, **filters: Any) -> list[JobInfo]:
        """What the server knows about all jobs of the user; see ``jobs`` for the filters."""
        return [job_info(job.known) for job in self._all_jobs(filters)]

    def jobs(
        self,
        *,
        state: str | Sequence[str] | None = None,
        tag: str | Sequence[str] | None = None,
        name: str | None = None,
        session: str | Session | None = None,
        owner: str | None = None,
        created_after: float | datetime | None = None,
        created_before: float | datetime | None = None,
        order: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> JobList:
        """Part of the list of jobs, the newest first.

        Args:
            state: one or several states, such as ``running``.
            tag: only those with this tag, or all of these.
            name: only those of this name.
            session: only those of a session.
            owner: those of another user (operators).
            created_after: a date, or seconds since 1970.
            created_before: the same.
            order: ``newest`` or ``oldest``.
            limit: how many at most.
            cursor: where to go on, ``next_cursor`` of another part.
        """
        session_id = session.id if isinstance(session, Session) else session
        given = {
            "state": state, "tag": tag, "name": name, "session": session_id, "owner": owner,
            "created_after": _seconds(created_after), "created_before": _seconds(created_before), "order": order,
            "limit": limit, "cursor": cursor,
        }  # fmt: skip
        filters = {key: value for key, value in given.items() if value is not None}
        return JobList(self, self.client.jobs(filters), filters)

    def _all_jobs(self, filters: dict[str, Any]) -> Iterator[AsyncResult]:
        page: JobList | None = self.jobs(**{"limit": _PAGE, **filters})
        while page is not None:
            yield from page
            page = page.next()

    def get_status(self, job_id: str, human_readable: bool = True) -> str | int:
        """The state of a job; see ``AsyncResult.get_status``."""
        return self.get_job(job_id).get_status(human_readable)

    def get_result(self, job_id: str) -> Any:
        """The result of a job; None if it has not ended."""
        try:
            return self.get_job(job_id).get_result()
        except JobNotDoneError:
            return None

    def cancel_job(self, job_id: str) -> bool:
        """Cancel a job; see ``AsyncResult.cancel``."""
        return self.get_job(job_id).cancel()

    def delete_job_files(self, job_id: str) -> bool:
        """Remove the files of a job; see ``AsyncResult.delete_files``."""
        return self.get_job(job_id).delete_files()

    # ---------------------------------------------------------------- sessions and usage
    def session(self, name: str | None = None, max_time_s: float | None = None) -> Session:
        """Open a session: ``with connection.session(...):`` puts all jobs sent inside into it, and closes it.

        Args:
            name: for lists.
            max_time_s: it closes by itself after so many seconds.
        """
        return Session(self, self.client.open_session(name, max_time_s))

    def sessions(self) -> list[Session]:
        """The sessions of the user."""
        return [Session(self, view) for view in self.client.sessions()]

    def session_id_for(self, session: Session | str | None) -> str | None:
        """The id of a session, or that of the ``with session:`` around."""
        if session is None:
            return current_session_id(self)
        return session.id if isinstance(session, Session) else session

    def usage(self, all_users: bool = False) -> list[Usage]:
        """What the user has used, or everybody (operators)."""
        return self.client.usage(is_all=all_users)

    def qpu_usage(
        self, by: Group = "user", since_s: float = 0.0, until_s: float | None = None, all_users: bool = False
    ) -> list[QpuUsage]:
        """What the user has used of the QPUs that are shared, or everybody (operators).

        Args:
            by: what it is summed up by: ``user``, ``account``, ``qpu``, ``pool`` or ``job``.
            since_s: from then on, in seconds since 1970.
            until_s: before that; None for until now.
            all_users: whether everybody's use is told.
        """
        query: dict[str, Any] = {"by": by, "since": since_s}
        query |= {} if until_s is None else {"until": until_s}
        return self.client.qpu_usage(query | ({"all": "1"} if all_users else {}))

    # ---------------------------------------------------------------- the user and the configuration
    def create_config(self) -> None:
        """Write what this connection was made with to ``config.ini``, so that the next one needs no arguments."""
        print(f"configuration written to {write_ini(self.configuration, ini_path())}")

    def override_default(self) -> None:
        """Make this the connection that ``qlmaas`` uses from now on."""
        global _last
        _last = self

    def reconnect(self) -> None:
        """Log in again, where that is done with a password, and look who the user is.

        Raises:
            LoginError: the server does not take the password, or the token.
        """
        if self.configuration.login == "password":
            self.client.log_in_again()
        self.user = self.client.me()

    def change_password(self, old: str | None = None, new: str | None = None) -> None:
        """Change the user's password; what is not passed is asked for on the terminal."""
        from getpass import getpass

        old = old or user_and_password(self.configuration)[1]
        new = new or getpass("New password: ")
        self.client.change_password(old, new)

    def _not_offered(self, what: str, instead: str) -> NoReturn:
        raise UnsupportedError(f"{what} is not offered: {instead}")

    def open_prompt(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("open_prompt", "the server gives no shell; see 'qat --help' for what can be done from here")

    def drop_interactive(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("drop_interactive", "the server gives no interactive session; use connection.session()")

    def save_certificate(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("save_certificate", "ask the operators for the certificate and pass certificate=FILE")

    def save_ssl_dn(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("save_ssl_dn", "ask the operators to enter the name of your certificate")

    def upload_files(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("upload_files", _NO_FILES)

    def download_files(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("download_files", _NO_FILES)

    def delete_files(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("delete_files", _NO_FILES)

    def list_files(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("list_files", _NO_FILES)

    def mirror_files(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("mirror_files", _NO_FILES)

    def update_config(self, *_: Any, **__: Any) -> NoReturn:
        """Not offered."""
        self._not_offered("update_config", "a server runs only what its operators installed")

    def __repr__(self) -> str:
        return f"<connection of {self.user.name} to {self.configuration.hostname}>"


_NO_FILES = "a server keeps no files of users; send data in jobs, and save results with result.dump(FILE)"


def _seconds(date: float | datetime | None) -> float | None:
    return date.timestamp() if isinstance(date, datetime) else date
