"""From the bytes of a submission to an accepted job, or to a problem that says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from qat.comm.access.messages import API_VERSION, Submission
from qhpc.access.jobs.ids import is_id, new_id
from qhpc.access.jobs.record import JobRecord
from qhpc.access.launchers.protocol import Catalogue, InvalidSubmission, LaunchError
from qhpc.access.service.caller import Caller
from qhpc.access.service.dispatcher import Dispatcher
from qhpc.access.service.limits import Limits, check_quotas, granted
from qhpc.access.service.problems import AccessProblem
from qhpc.access.service.views import is_open
from qhpc.access.store.protocol import KeyReused, StorageFull, Store

__all__ = ["Origin", "Submissions"]

_DECODER = msgspec.msgpack.Decoder(Submission)
_MAX_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a submission comes from.

    Attributes:
        idempotency_key: the same key of the same user gives the same job.
        parent: the job that it runs again.
    """

    idempotency_key: str | None = None
    parent: JobRecord | None = None


class Submissions:
    """Accepts jobs: each check in turn, the cheap ones first, then the store; from then on the job cannot get lost."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._catalogue, self._dispatcher = store, catalogue, dispatcher
        self._limits, self._clock = limits, clock

    async def accept(self, caller: Caller, body: bytes, origin: Origin) -> tuple[JobRecord, bool]:
        """The job of a submission, and whether it is new.

        Raises:
            AccessProblem: it is not accepted; nothing was kept.
        """
        _check_key(origin.idempotency_key)
        try:
            job = await self._inspected(caller, body, origin)
            await self._check_quotas(caller, len(body))
        except AccessProblem:
            job = await self._known(caller, origin)
        return await self._add(job, body)

    async def _known(self, caller: Caller, origin: Origin) -> JobRecord:
        """The job of the key: it was accepted earlier, whatever would be said of it now. Else the problem is raised."""
        key = origin.idempotency_key
        known = None if key is None else await self._store.find(caller.name, key)
        if known is None:
            raise
        return replace(known, id=new_id(self._clock()))

    async def _inspected(self, caller: Caller, body: bytes, origin: Origin) -> JobRecord:
        submission = decode_submission(body)
        await self._check_session(caller, submission.session_id, origin)
        try:
            inspection = await self._catalogue.inspect(body)
        except InvalidSubmission as error:
            raise AccessProblem(error.code, error.detail, context={"near_names": list(error.near_names)}) from None
        except LaunchError as error:
            raise unavailable(error) from None
        now_s = self._clock()
        job = JobRecord(
            id=new_id(now_s),
            owner=caller.name,
            account=caller.user.account,
            idempotency_key=origin.idempotency_key,
            stack=inspection.stack,
            task=submission.task,
            created_s=now_s,
            retention_s=self._limits.retention_s,
            estimate=inspection.estimate,
            resources=granted(submission.resources, inspection.estimate, self._limits),
            name=submission.name,
            tags=submission.tags,
            session_id=submission.session_id,
            meta_data=submission.meta_data,
        )
        return job if origin.parent is None else _child(job, origin.parent)

    async def _check_session(self, caller: Caller, session_id: str | None, origin: Origin) -> None:
        if session_id is None or origin.parent is not None:
            return
        session = await self._store.session(session_id) if is_id(session_id) else None
        if session is None or session.owner != caller.name:
            raise AccessProblem("unknown-session", f"there is no session {session_id!r} of yours")
        if not is_open(session, self._clock()):
            raise AccessProblem("session-closed", f"session {session_id} is closed; open a new one")

    async def _check_quotas(self, caller: Caller, nb_bytes: int) -> None:
        user, queue = caller.user, self._dispatcher.queue
        if len(queue) >= self._limits.max_waiting_jobs:
            detail = f"{len(queue)} jobs wait, which is as many as the server keeps waiting; try again later"
            raise AccessProblem("overloaded", detail, retry_after_s=10.0)
        stored_bytes = 0
        if user.max_stored_bytes is not None:
            stored_bytes = sum(usage.stored_bytes for usage in await self._store.usage(user.name))
        check_quotas(user, queue.count(user.name), stored_bytes + nb_bytes)

    async def _add(self, job: JobRecord, body: bytes) -> tuple[JobRecord, bool]:
        job, is_new = self._dispatcher.claim(job), False
        try:
            kept, is_new = await self._store.add(job, body)
        except KeyReused:
            detail = f"the idempotency key {job.idempotency_key!r} belongs to another submission; use a new key"
            raise AccessProblem("key-reused", detail) from None
        except StorageFull as error:
            detail = f"the submission of {len(body)} bytes could not be stored: {error}; try again later"
            raise AccessProblem("storage-full", detail, retry_after_s=60.0) from None
        finally:
            if not is_new:
                self._dispatcher.release(job)
        if is_new:
            self._dispatcher.add(kept, body)
        await self._store.sync()
        return kept, is_new


def decode_submission(body: bytes) -> Submission:
    """The submission in a body.

    Raises:
        AccessProblem: ``malformed-request`` or ``too-new``.
    """
    try:
        submission = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AccessProblem("malformed-request", f"the body is no submission: {error}") from None
    if submission.version > API_VERSION:
        detail = f"the submission is of version {submission.version}; this server reads up to {API_VERSION}: update it"
        raise AccessProblem("too-new", detail)
    return submission


def unavailable(error: LaunchError) -> AccessProblem:
    """Why the catalogue has no answer.

    >>> unavailable(LaunchError("the clerk died", retryable=True)).code
    'overloaded'
    """
    if error.retryable:
        return AccessProblem("overloaded", str(error), retry_after_s=1.0)
    return AccessProblem("invalid-argument", str(error))


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= _MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        detail = f"the idempotency key {key[:40]!r} has to be 1 to {_MAX_KEY_LENGTH} printable ASCII characters"
        raise AccessProblem("malformed-request", detail)


def _child(job: JobRecord, parent: JobRecord) -> JobRecord:
    return replace(job, parent_id=parent.id, name=parent.name, tags=parent.tags, session_id=None)
