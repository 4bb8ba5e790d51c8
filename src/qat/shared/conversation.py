"""A job's side of its conversation with the broker: what is submitted, accepted, answered and to be said again. Pure.

What happens goes in (``submit``, ``hear``, ``disconnect``, …), instructions come out; the shell that carries them out
is ``session.py``. The state of the conversation::

    silent --Greeting--> greeted --open--> opening --SessionOpened--> open
      ^                                                                 |
      +----------------------- disconnect ------------------------------+      Refused, SessionRevoked: over

A task is *waiting* (not said on this connection), *told* or *accepted*; whatever is not answered when the connection
breaks is submitted again under its key, unless the broker says that it knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal

import msgspec

from qat.comm.broker.messages import (
    VERSION,
    Acknowledge,
    Alive,
    AskExplanation,
    AskSpecs,
    Asleep,
    AuthenticationMethod,
    CancelTask,
    Explained,
    Greeting,
    Message,
    NodesReclaimed,
    NodesReleased,
    OpenSession,
    Refused,
    SessionOpened,
    SessionRevoked,
    Specs,
    SubmitTask,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskStarted,
)
from qat.core.errors import WireError

__all__ = [
    "MAX_UNANSWERED", "AboutNodes", "Answer", "Authenticate", "Conversation", "End", "Inform", "Instruction", "Leave",
    "Outcome", "Say",
]  # fmt: skip

MAX_UNANSWERED = 512
"""Tasks that the broker has of one session at most; more wait here."""

Outcome = TaskFinished | TaskFailed | TaskCancelled | Refused


@dataclass(frozen=True, slots=True)
class Say:
    """Send a message."""

    message: Message


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Prove who this is, and call ``open``."""

    greeting: Greeting


@dataclass(frozen=True, slots=True)
class Answer:
    """A task has its answer."""

    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Inform:
    """What was asked for is there."""

    news: Specs | Explained


@dataclass(frozen=True, slots=True)
class AboutNodes:
    """The job may give its nodes back, should have them, or has said enough to go."""

    news: NodesReleased | NodesReclaimed | Asleep


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up, and try again in a while."""

    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """The session is over: nothing more will come, whatever is unanswered fails for this reason."""

    code: str
    reason: str


Instruction = Say | Authenticate | Answer | Inform | AboutNodes | Leave | End


class _Phase(Enum):
    WAITING = auto()
    TOLD = auto()
    ACCEPTED = auto()


@dataclass(slots=True)
class _Task:
    submission: SubmitTask
    phase: _Phase = _Phase.WAITING
    was_accepted: bool = False
    is_wanted: bool = True


class Conversation:
    """What a job and the broker have said to each other about one session.

    Args:
        opening: how the session is opened; method and credential are filled in.
        max_unanswered: tasks that the broker has at most.
        former: keys of tasks that were submitted before the job gave its nodes back, and will be once more.

    >>> conversation = Conversation(OpenSession(VERSION, "fresnel", "j1"))
    >>> conversation.submit(SubmitTask("1", b""))
    []
    >>> _ = conversation.hear(Greeting(VERSION, "lab", b"nonce", ("peer",)))
    >>> conversation.open("peer", b"")[0].message.session
    'j1'
    >>> conversation.hear(SessionOpened("ada:j1", 1.0, 30.0, True))
    [Say(message=SubmitTask(key='1', payload=b'', ...))]
    >>> conversation.hear(TaskCancelled("1"))
    [Say(message=Acknowledge(keys=('1',))), Answer(key='1', outcome=TaskCancelled(key='1'))]
    """

    def __init__(self, opening: OpenSession, max_unanswered: int = MAX_UNANSWERED, former: Iterable[str] = ()) -> None:
        self._opening, self._max_unanswered = opening, max_unanswered
        self._state: Literal["silent", "greeted", "opening", "open", "over"] = "silent"
        self._tasks: dict[str, _Task] = {}
        self._waiting: dict[str, None] = {}
        self._questions: dict[Message, None] = {}
        self._former = set(former)
        self._there: frozenset[str] = frozenset()
        self._early: dict[str, TaskFinished | TaskFailed | TaskCancelled] = {}

    @property
    def is_open(self) -> bool:
        """Whether the broker has opened the session on this connection."""
        return self._state == "open"

    @property
    def nb_unanswered(self) -> int:
        """How many tasks have no answer yet."""
        return len(self._tasks)

    def submit(self, task: SubmitTask) -> list[Instruction]:
        """Have a task run; one that was submitted before is not run again."""
        key, is_former = task.key, task.key in self._former
        self._former.discard(key)
        self._tasks[key] = _Task(task, was_accepted=is_former)
        if (early := self._early.pop(key, None)) is not None:
            return self._on_answer(early)
        self._waiting[key] = None
        if is_former and self.is_open and key not in self._there and (answers := self._unknown(key)):
            return answers
        return self._tell()

    def cancel(self, key: str) -> list[Instruction]:
        """Have a task not run (any more); its answer is of no interest from now on."""
        task = self._tasks.get(key)
        if task is None or not task.is_wanted:
            return []
        task.is_wanted = False
        if task.phase is _Phase.WAITING and not task.was_accepted:
            self._forget(key)
            return self._tell()
        return [Say(CancelTask(key))] if self._state == "open" else []

    def ask(self, question: AskSpecs | AskExplanation) -> list[Instruction]:
        """Ask something, now or as soon as the session is open; the answer is told by ``Inform``."""
        if question in self._questions:
            return []
        self._questions[question] = None
        return [Say(question)] if self._state == "open" else []

    def open(self, method: AuthenticationMethod, credential: bytes) -> list[Instruction]:
        """Open the session, with what proves who this is."""
        self._state = "opening"
        return [Say(msgspec.structs.replace(self._opening, method=method, credential=credential))]

    def disconnect(self) -> None:
        """The connection is gone."""
        if self._state != "over":
            self._state = "silent"
        for task in self._tasks.values():
            task.phase = _Phase.WAITING
        self._waiting = dict.fromkeys(self._tasks)

    def hear(self, message: Message) -> list[Instruction]:
        """A message has come.

        Raises:
            WireError: it makes no sense now; the connection cannot be used any more.
        """
        if self._state == "over":
            return []
        handler = _HANDLERS.get(("any", type(message))) or _HANDLERS.get((self._state, type(message)))
        if handler is None:
            found = f"the broker said {type(message).__name__} while the session was {self._state}"
            raise WireError(found, cure="use the same version of openqat on both sides")
        return handler(self, message)

    def _on_greeting(self, greeting: Greeting) -> list[Instruction]:
        if greeting.version != VERSION:
            found = f"the broker of {greeting.cluster!r} speaks version {greeting.version}, this job {VERSION}"
            return self._end("too-new", f"{found}: use the same version of openqat on both sides")
        self._state = "greeted"
        return [Authenticate(greeting)]

    def _on_opened(self, opened: SessionOpened) -> list[Instruction]:
        self._state = "open"
        instructions: list[Instruction] = []
        self._there = frozenset(opened.keys)
        for key in opened.keys:
            instructions += self._known(key)
        for key in tuple(self._waiting):
            instructions += self._unknown(key)
        return instructions + self._tell() + [Say(question) for question in self._questions]

    def _known(self, key: str) -> list[Instruction]:
        """The broker has a task of former times."""
        task = self._tasks.get(key)
        if task is None:
            return [] if key in self._former else [Say(CancelTask(key))]
        task.phase, task.was_accepted = _Phase.ACCEPTED, True
        self._waiting.pop(key, None)
        return [] if task.is_wanted else [Say(CancelTask(key))]

    def _unknown(self, key: str) -> list[Instruction]:
        """The broker does not have a task (any more): it is submitted again, unless that could run it twice."""
        task = self._tasks[key]
        if not task.is_wanted:
            self._forget(key)
        elif task.was_accepted and not task.submission.is_repeatable:
            self._forget(key)
            reason = "the broker does not know the task any more, so it may have run, and it must not run twice"
            return [Answer(key, TaskFailed(key, f"{reason}; look at its usage, and submit it again if it did not run"))]
        return []

    def _on_accepted(self, message: TaskAccepted | TaskStarted) -> list[Instruction]:
        task = self._tasks.get(message.key)
        if task is not None and task.phase is not _Phase.WAITING:
            task.phase, task.was_accepted = _Phase.ACCEPTED, True
        return []

    def _on_answer(self, message: TaskFinished | TaskFailed | TaskCancelled) -> list[Instruction]:
        """An answer, perhaps one more time: it is acknowledged in any case, so that the broker can forget it.

        Unless it is the answer to a task that will be submitted once more: that is kept until then.
        """
        if message.key in self._former:
            self._early[message.key] = message
            return []
        instructions: list[Instruction] = [Say(Acknowledge((message.key,)))]
        task = self._forget(message.key)
        if task is not None and task.is_wanted:
            instructions.append(Answer(message.key, message))
        return instructions + self._tell()

    def _on_refused(self, refused: Refused) -> list[Instruction]:
        if not refused.key:
            if refused.code == "unavailable":
                return [Leave(refused.reason)]
            return self._end(refused.code, refused.reason)
        task = self._tasks.get(refused.key)
        if task is None:
            return []
        if refused.code == "unavailable":
            return [Leave(refused.reason)]
        if refused.code == "too-many" and len(self._tasks) - len(self._waiting) > 1:
            task.phase = _Phase.WAITING  # goes again as soon as another one is answered
            self._waiting[refused.key] = None
            return []
        self._forget(refused.key)
        return [*([Answer(refused.key, refused)] if task.is_wanted else []), *self._tell()]

    def _on_revoked(self, revoked: SessionRevoked) -> list[Instruction]:
        return self._end("revoked", revoked.reason)

    def _on_news(self, news: Specs | Explained) -> list[Instruction]:
        question = AskSpecs() if isinstance(news, Specs) else AskExplanation(news.key)
        if question not in self._questions:
            return []
        del self._questions[question]
        return [Inform(news)]

    def _on_nodes(self, news: NodesReleased | NodesReclaimed | Asleep) -> list[Instruction]:
        return [AboutNodes(news)]

    def _nothing(self, message: Message) -> list[Instruction]:
        return []

    def _end(self, code: str, reason: str) -> list[Instruction]:
        self._state = "over"
        self._tasks.clear()
        self._waiting.clear()
        return [End(code, reason)]

    def _forget(self, key: str) -> _Task | None:
        self._waiting.pop(key, None)
        return self._tasks.pop(key, None)

    def _tell(self) -> list[Instruction]:
        """Submit what waits, as long as the broker has not too many."""
        if self._state != "open":
            return []
        nb_free = self._max_unanswered - (len(self._tasks) - len(self._waiting))
        keys = [key for key, _ in zip(self._waiting, range(nb_free), strict=False)]
        for key in keys:
            del self._waiting[key]
            self._tasks[key].phase = _Phase.TOLD
        return [Say(self._tasks[key].submission) for key in keys]


_HANDLERS: dict[tuple[str, type[Any]], Callable[[Conversation, Any], list[Instruction]]] = {
    ("any", Alive): Conversation._nothing,
    ("any", Refused): Conversation._on_refused,
    ("any", SessionRevoked): Conversation._on_revoked,
    ("silent", Greeting): Conversation._on_greeting,
    ("opening", SessionOpened): Conversation._on_opened,
    ("open", TaskAccepted): Conversation._on_accepted,
    ("open", TaskStarted): Conversation._on_accepted,
    ("open", TaskFinished): Conversation._on_answer,
    ("open", TaskFailed): Conversation._on_answer,
    ("open", TaskCancelled): Conversation._on_answer,
    ("open", Specs): Conversation._on_news,
    ("open", Explained): Conversation._on_news,
    ("open", NodesReleased): Conversation._on_nodes,
    ("open", NodesReclaimed): Conversation._on_nodes,
    ("open", Asleep): Conversation._on_nodes,
}
"""What is done with a message, by the state in which it comes."""
