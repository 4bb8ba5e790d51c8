"""What a hybrid job and the broker say to each other, as frozen structures. No input or output here.

The broker speaks first: ``Greeting``. The job opens its session with ``OpenSession``, answered by ``SessionOpened`` or
``Refused``. From then on it submits tasks; several are under way at a time, each known by a key that the job makes.

::

    job -> broker   OpenSession, SubmitTask, CancelTask, Acknowledge, Heartbeat, AskSpecs, AskExplanation, Sleep,
                    CloseSession
    broker -> job   Greeting, SessionOpened, Refused, TaskAccepted, TaskStarted, TaskFinished, TaskFailed,
                    TaskCancelled, Specs, Explained, Alive, NodesReleased, NodesReclaimed, Asleep, SessionRevoked

Who looks after the broker says ``AskStatus`` instead of ``OpenSession``, any number of times, and is told ``Status``;
who wants to know about a job, ``AskJob``, and is told ``Explained``; who keeps a job that gave its nodes back,
``AskSleepers``, and is told ``Sleepers``; who wants to know what was used, ``AskUsage``, and is told ``Used``.

A task that was accepted is not lost: after a crash of either side the job opens its session again, submits what it
has no answer to under the same keys, and is sent each result once more until it acknowledges it. Times are seconds
since 1970 (UTC), durations seconds of the broker's clock.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from qat.comm.broker.status import BrokerStatus
from qat.comm.broker.usage import Group, QpuUsage
from qat.comm.messages import MessageCodec

__all__ = [
    "FRAME_KIND", "HEARTBEAT_S", "LEASE_S", "MAX_MESSAGE_BYTES", "SLEEP_LEASE_S", "VERSION", "Acknowledge", "Alive",
    "AskExplanation", "AskJob", "AskSleepers", "AskSpecs", "AskStatus", "AskUsage", "Asleep", "CancelTask",
    "CloseSession", "Explained", "Greeting", "Heartbeat", "Message", "NodesReclaimed", "NodesReleased", "OpenSession",
    "Question", "Refused", "SessionOpened", "SessionRevoked", "Sleep", "Sleepers", "Specs", "Status", "SubmitTask",
    "TaskAccepted", "TaskCancelled", "TaskFailed", "TaskFinished", "TaskStarted", "Used", "frame_of", "message_in",
    "signed_payload",
]  # fmt: skip

VERSION = 1
HEARTBEAT_S = 5.0
"""How often a job says that it is there."""

LEASE_S = 30.0
"""A session from which nothing came for so long is closed, and its tasks with it."""

SLEEP_LEASE_S = 600.0
"""A session that sleeps is closed if nobody has asked for it for so long."""

MAX_MESSAGE_BYTES = 1 << 31
FRAME_KIND = 0x5142

AuthenticationMethod = Literal["peer", "munge", "jwt"]
"""``peer``: the Unix socket tells who is there; ``munge``: a credential of that name; ``jwt``: a Slurm token."""


def signed_payload(nonce: bytes) -> bytes:
    """What a ``munge`` credential has to carry: the purpose it was made for, and the nonce of the ``Greeting``.

    >>> signed_payload(b"1234")
    b'openqat broker 1: 1234'
    """
    return b"openqat broker 1: " + nonce


class _Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the messages."""


class Greeting(_Message, frozen=True, tag="greeting"):
    """The broker's first word.

    Attributes:
        nonce: what a credential has to carry, so that it is good for this connection only.
        methods: how a job may say who it is.
    """

    version: int
    cluster: str
    nonce: bytes
    methods: tuple[AuthenticationMethod, ...]


class AskJob(_Message, frozen=True, tag="ask-job"):
    """Where are the tasks of a job? For its user, the broker's own, and those it trusts; said before any session.

    Attributes:
        job: what the names of its sessions begin with, up to the last dot: the id at an access server, or
            ``slurm-ID``.
        method: how it says who it is.
        credential: what proves it; nothing for ``peer``.
    """

    version: int
    job: str
    method: AuthenticationMethod = "peer"
    credential: bytes = b""


class AskSleepers(_Message, frozen=True, tag="ask-sleepers"):
    """Do the sleeping sessions of a job need their nodes? Keeps them for another ``SLEEP_LEASE_S``, or closes them.

    For the job's user, the broker's own, and those it trusts; said before any session.

    Attributes:
        job: as in ``AskJob``.
        uid: Unix user whose sessions they are.
        are_wanted: whether they are still needed; otherwise they are closed.
        method: how it says who it is.
        credential: what proves it; nothing for ``peer``.
    """

    version: int
    job: str
    uid: int
    are_wanted: bool = True
    method: AuthenticationMethod = "peer"
    credential: bytes = b""


class Sleepers(_Message, frozen=True, tag="sleepers"):
    """The sleeping sessions of a job.

    Attributes:
        count: how many there are (were, if they are closed now).
        need_nodes: whether one of them should have its nodes again.
    """

    count: int
    need_nodes: bool = False


class AskUsage(_Message, frozen=True, tag="ask-usage"):
    """What was used of QPUs? A user is told of their own; the broker's own user and those it trusts of all.

    Attributes:
        by: what it is summed up by.
        user: whose; None for all.
        since_s: of slices that began, and sessions that ended, from then on (seconds since 1970).
        until_s: before that.
        method: how it says who it is.
        credential: what proves it; nothing for ``peer``.
    """

    version: int
    by: Group
    user: str | None
    since_s: float
    until_s: float
    method: AuthenticationMethod = "peer"
    credential: bytes = b""


class Used(_Message, frozen=True, tag="used"):
    """What was used.

    Attributes:
        rows: the largest use first.
        nb_left: how many more rows there are, which were left out.
    """

    rows: tuple[QpuUsage, ...]
    nb_left: int = 0


class AskStatus(_Message, frozen=True, tag="ask-status"):
    """What is going on? For the broker's own user, and those it trusts.

    Attributes:
        method: how it says who it is.
        credential: what proves it; nothing for ``peer``.
    """

    version: int
    method: AuthenticationMethod = "peer"
    credential: bytes = b""


class Status(_Message, frozen=True, tag="status"):
    """What is going on."""

    status: BrokerStatus


class OpenSession(_Message, frozen=True, tag="open"):
    """A job's first word. A session that is open already is taken up again by who opened it.

    Attributes:
        pool: QPUs to use.
        session: chosen by the job, e.g. its id and a number; unique for its user.
        method: how it says who it is.
        credential: what proves it; nothing for ``peer``.
        slurm_job: id of the Slurm job; None outside of Slurm.
        share: part of a QPU's time that it asks for, 0 to 1; what Slurm admitted goes before it.
        account: who pays; empty for the account of the Slurm job, or the user's own.
        priority_class: ``production`` or ``development``.
        owner: for whom a trusted process (the access server's) speaks; empty for itself.
        releases_nodes: whether it can give back its nodes while it waits for a QPU.
        restart_s: how long it takes to have them again.
        slurm_restart: how often Slurm had begun the job anew when this process began.
        stack: name of what it runs; jobs of a user and stack are expected to need alike.
    """

    version: int
    pool: str
    session: str
    method: AuthenticationMethod = "peer"
    credential: bytes = b""
    slurm_job: int | None = None
    share: float = 1.0
    account: str = ""
    priority_class: Literal["production", "development"] = "production"
    owner: str = ""
    releases_nodes: bool = False
    restart_s: float = 0.0
    slurm_restart: int = 0
    stack: str = ""


class SessionOpened(_Message, frozen=True, tag="opened"):
    """The session is open.

    Attributes:
        session: its id.
        share: what was admitted.
        lease_s: it is closed after such a silence.
        is_new: whether it was not known before.
        keys: tasks that the broker knows of it.
    """

    session: str
    share: float
    lease_s: float
    is_new: bool
    keys: tuple[str, ...] = ()


class Refused(_Message, frozen=True, tag="refused"):
    """The session, the task of this key, or the message cannot be taken.

    Attributes:
        code: ``authentication``, ``unknown-pool``, ``not-yours``, ``quota``, ``too-many``, ``too-large``,
            ``malformed``, ``too-new``, ``invalid`` or ``unavailable`` (try again later).
        reason: what was wrong, what was expected, what to do.
        key: of the task; empty for the session.
    """

    code: str
    reason: str
    key: str = ""


class SubmitTask(_Message, frozen=True, tag="submit"):
    """A quantum task.

    Attributes:
        key: made by the job, unique within its session: submitting it again does not run it again.
        payload: message of a Job, or of a Batch of one (``qat.comm.broker.tasks``); the broker does not read it, the
            driver of the QPU does.
        shots: number of shots; 0 if there are none to count.
        is_sliceable: whether its shots may be run in parts, to be merged.
        is_repeatable: whether it may run again when nobody knows whether it ran.
        duration_s: seconds of QPU that it will take; None if the job does not know.
        priority: larger goes first, under policies that look at it.
    """

    key: str
    payload: bytes
    shots: int = 0
    is_sliceable: bool = False
    is_repeatable: bool = True
    duration_s: float | None = None
    priority: int = 0


class TaskAccepted(_Message, frozen=True, tag="accepted"):
    """The task is on disk, and will not be lost."""

    key: str


class TaskStarted(_Message, frozen=True, tag="started"):
    """The task runs on a QPU. This may come before ``TaskAccepted``, which waits for the disk."""

    key: str
    qpu: str


class TaskFinished(_Message, frozen=True, tag="finished"):
    """The task has its result.

    Attributes:
        result: message of a Result (``qat.comm.wire``).
        qpu: where it ran (last).
        busy_s: seconds of QPU that it used.
        waited_s: seconds in which it was with the broker and not on a QPU.
        nb_slices: in how many parts it ran.
    """

    key: str
    result: bytes
    qpu: str
    busy_s: float
    waited_s: float
    nb_slices: int = 1


class TaskFailed(_Message, frozen=True, tag="failed"):
    """The task has no result.

    Attributes:
        reason: for people.
        error: message of a published exception (``qat.comm.wire``); empty if the QPU raised none.
    """

    key: str
    reason: str
    error: bytes = b""


class TaskCancelled(_Message, frozen=True, tag="cancelled"):
    """The task was cancelled, and is on no QPU."""

    key: str


class CancelTask(_Message, frozen=True, tag="cancel"):
    """A task is not wanted any more."""

    key: str


class Acknowledge(_Message, frozen=True, tag="acknowledge"):
    """The answers to these tasks have come: the broker may forget them."""

    keys: tuple[str, ...]


class Heartbeat(_Message, frozen=True, tag="heartbeat"):
    """The job is there."""


class Alive(_Message, frozen=True, tag="alive"):
    """So is the broker."""


class AskSpecs(_Message, frozen=True, tag="ask-specs"):
    """What can the QPUs of the session's pool do?"""


class Specs(_Message, frozen=True, tag="specs"):
    """Message of HardwareSpecs (``qat.comm.wire``)."""

    specs: bytes


class AskExplanation(_Message, frozen=True, tag="ask-explanation"):
    """Why is this task where it is? An empty key asks for the whole session."""

    key: str = ""


class Explained(_Message, frozen=True, tag="explained"):
    """Why, in words.

    Attributes:
        text: lines for people.
        starts_s: seconds until it is expected to start; None when nobody knows.
    """

    key: str
    text: str
    starts_s: float | None = None


class NodesReleased(_Message, frozen=True, tag="nodes-released"):
    """The quantum phase is long: the job may give back its nodes until then."""

    until_s: float


class NodesReclaimed(_Message, frozen=True, tag="nodes-reclaimed"):
    """The quantum phase ends soon: the job should have its nodes again."""


class Sleep(_Message, frozen=True, tag="sleep"):
    """The job gives its nodes back: its tasks go on, and what they give is kept until it opens the session again.

    The session does not end with its Slurm job, and needs no heartbeat; see ``AskSleepers``.
    """


class Asleep(_Message, frozen=True, tag="asleep"):
    """The session sleeps, which is on disk: the job may go."""


class CloseSession(_Message, frozen=True, tag="close"):
    """The job has ended: what it has not run never will."""


class SessionRevoked(_Message, frozen=True, tag="revoked"):
    """The session is closed, e.g. since its Slurm job has ended; none of its tasks runs any more."""

    reason: str


Message = (
    Greeting
    | OpenSession
    | SessionOpened
    | Refused
    | SubmitTask
    | TaskAccepted
    | TaskStarted
    | TaskFinished
    | TaskFailed
    | TaskCancelled
    | CancelTask
    | Acknowledge
    | Heartbeat
    | Alive
    | AskSpecs
    | Specs
    | AskExplanation
    | Explained
    | NodesReleased
    | NodesReclaimed
    | Sleep
    | Asleep
    | CloseSession
    | SessionRevoked
    | AskJob
    | AskSleepers
    | Sleepers
    | AskStatus
    | Status
    | AskUsage
    | Used
)

Question = AskStatus | AskJob | AskSleepers | AskUsage
"""What may be said before any session, and has one answer."""

_codec: MessageCodec[Message] = MessageCodec(Message, kind=FRAME_KIND, name="the broker of openqat")
frame_of, message_in = _codec.frame_of, _codec.message_in
