"""The shell around a session's conversation: one thread connects, reads, tells that the job is there, and reconnects.

Callers submit from any thread: what they say goes out at once if the socket takes it. One lock guards the conversation
and the link; whatever is done under it does not block.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import count
from threading import Event, Lock, Thread
from typing import TypeVar

import msgspec

from qat.comm.broker.messages import (
    HEARTBEAT_S,
    AskExplanation,
    AskSpecs,
    Asleep,
    CloseSession,
    Explained,
    Greeting,
    Heartbeat,
    Message,
    NodesReclaimed,
    NodesReleased,
    OpenSession,
    Refused,
    SessionOpened,
    Sleep,
    Specs,
    SubmitTask,
)
from qat.core.errors import WireError
from qat.shared.addresses import FIRST_PATIENCE_S, ClientSettings, address_in
from qat.shared.conversation import (
    AboutNodes,
    Answer,
    Authenticate,
    Conversation,
    End,
    Inform,
    Instruction,
    Leave,
    Outcome,
    Say,
)
from qat.shared.credentials import Unproven, prove
from qat.shared.link import Link, LinkBroken, connected_to

__all__ = ["PATIENCE_S", "SessionOver", "SharedSession", "Ticket"]

PATIENCE_S = 600.0
"""How long a broker that was there may be away, e.g. while it is updated."""

_HANDSHAKE_S = 10.0
_FAREWELL_S = 2.0
_PAUSES_S = (0.02, 5.0)

_T = TypeVar("_T")


class SessionOver(ConnectionError):  # noqa: N818 (says what it is)
    """The session has ended before the answer came.

    Args:
        reason: why, and what to do.
        code: of the message ``Refused``; or ``revoked``, ``unreachable``, ``closed``.
    """

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


class Ticket:
    """A task that is under way: its answer comes.

    Attributes:
        key: of the task.
    """

    __slots__ = ("_answer", "_is_there", "key")

    def __init__(self, key: str) -> None:
        self.key = key
        self._is_there = Event()
        self._answer: Outcome | SessionOver | None = None

    def wait(self, timeout_s: float) -> bool:
        """Wait for the answer; whether it is there."""
        return self._is_there.wait(timeout_s)

    @property
    def has_outcome(self) -> bool:
        """Whether there is an answer of the broker's."""
        return self._is_there.is_set() and not isinstance(self._answer, SessionOver)

    def outcome(self) -> Outcome:
        """The answer that is there.

        Raises:
            SessionOver: there is none, and will be none.
        """
        if isinstance(self._answer, SessionOver):
            raise SessionOver(self._answer.reason, self._answer.code)
        assert self._answer is not None
        return self._answer

    def _settle(self, answer: Outcome | SessionOver) -> None:
        self._answer = answer
        self._is_there.set()


class _Question:
    """What was asked, by however many threads."""

    def __init__(self) -> None:
        self.is_there = Event()
        self.news: Specs | Explained | SessionOver | None = None


class SharedSession:
    """A session at the broker, kept open over losses of the connection, until it is closed.

    Args:
        opening: what it is: pool, name, …; method and credential are filled in.
        settings: where the broker is.
        patience_s: how long it may be away.
        former: keys of tasks that were submitted before the job gave its nodes back, and will be once more.

    Attributes:
        name: of the session.
        released_until_s: the job may give its nodes back until then (seconds since 1970 by the broker's clock); None
            if it needs them.

    Raises:
        BrokerUnknown: the address is none.
    """

    def __init__(
        self,
        opening: OpenSession,
        settings: ClientSettings,
        *,
        patience_s: float = PATIENCE_S,
        former: Iterable[str] = (),
    ) -> None:
        self.name = opening.session
        self._settings, self._patience_s = settings, patience_s
        first_s = settings.first_patience_s
        self._first_patience_s = min(patience_s, FIRST_PATIENCE_S if first_s is None else first_s)
        self._address = address_in(settings.broker)
        self._conversation = Conversation(opening, former=former)
        self.released_until_s: float | None = None
        self._is_asleep = Event()
        self._lock = Lock()
        self._link: Link | None = None
        self._tickets: dict[str, Ticket] = {}
        self._questions: dict[AskSpecs | AskExplanation, _Question] = {}
        self._keys = count(1)
        self._greeting: Greeting | None = None
        self._leaving = ""
        self._end: SessionOver | None = None
        self._is_stopping = Event()
        self._beat_s, self._silence_s = HEARTBEAT_S, _HANDSHAKE_S
        self._heard_s = self._said_s = 0.0
        self._trouble_s: float | None = None
        self._was_open = False
        self._waking, self._woken = socket.socketpair()
        self._waking.setblocking(False)
        self._woken.setblocking(False)
        self._thread = Thread(target=self._run, name=f"broker-{self.name}", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be submitted any more."""
        return self._end is not None

    def submit(self, tasks: Iterable[SubmitTask]) -> list[Ticket]:
        """Have tasks run, at the same time where there are QPUs; keys are made here for those that have none.

        Raises:
            SessionOver: nothing can be submitted any more.
        """
        tickets = []
        with self._lock:
            for task in tasks:
                self._check()
                ticket = Ticket(task.key or str(next(self._keys)))
                self._tickets[ticket.key] = ticket
                tickets.append(ticket)
                self._carry_out(self._conversation.submit(msgspec.structs.replace(task, key=ticket.key)))
        return tickets

    def cancel(self, tickets: Iterable[Ticket]) -> None:
        """Have tasks not run (any more) that have no answer yet; their tickets are worth nothing from now on."""
        with self._lock:
            for ticket in tickets:
                if self._tickets.pop(ticket.key, None) is not None:
                    self._carry_out(self._conversation.cancel(ticket.key))

    def specs(self, timeout_s: float) -> bytes:
        """Message of the HardwareSpecs of the pool. Raises as ``explanation``."""
        news = self._asked(AskSpecs(), timeout_s)
        assert isinstance(news, Specs)
        return news.specs

    def explanation(self, key: str, timeout_s: float) -> Explained:
        """Why a task is where it is; an empty key asks for the whole session.

        Raises:
            SessionOver: the session has ended.
            TimeoutError: the broker takes longer than ``timeout_s``.
        """
        news = self._asked(AskExplanation(key), timeout_s)
        assert isinstance(news, Explained)
        return news

    def sleep(self, timeout_s: float) -> bool:
        """Leave the session open without this process, its tasks going on; whether the broker has agreed.

        If so, the session is over here: what has no answer yet will not get one, until another process opens it.
        Otherwise it goes on as before.

        Args:
            timeout_s: how long the broker may take.
        """
        with self._lock:
            if self._end is not None or not self._conversation.is_open:
                return False
            self._is_asleep.clear()
            self._say(Sleep())
        if not self._is_asleep.wait(timeout_s):
            with self._lock:
                self._leaving = self._leaving or "the broker did not say whether the session sleeps"
                self._wake()  # opening it again wakes it
            return False
        with self._lock:
            self._finish(SessionOver("the session sleeps", "closed"))
        self._thread.join(_FAREWELL_S + 1.0)
        return True

    def close(self) -> None:
        """End the session: what has not run never will."""
        with self._lock:
            if self._end is None:
                if self._conversation.is_open:
                    self._say(CloseSession())
                self._finish(SessionOver("the session was closed", "closed"))
        self._thread.join(_FAREWELL_S + 1.0)

    def abandon(self) -> None:
        """Let go, in a child process that was forked: the session stays its parent's."""
        self._end = SessionOver("the session belongs to the parent process", "closed")
        for held in (self._waking, self._woken):
            held.close()
        if self._link is not None:
            self._link.abandon()

    def _asked(self, what: AskSpecs | AskExplanation, timeout_s: float) -> Specs | Explained:
        with self._lock:
            self._check()
            question = self._questions.setdefault(what, _Question())
            self._carry_out(self._conversation.ask(what))
        if not question.is_there.wait(timeout_s):
            raise TimeoutError(f"the broker at {self._address} has not answered within {timeout_s:g} s")
        if isinstance(question.news, SessionOver):
            raise SessionOver(question.news.reason, question.news.code)
        assert question.news is not None
        return question.news

    def _check(self) -> None:
        if self._end is not None:
            raise SessionOver(self._end.reason, self._end.code)

    # What follows is done with the lock held.

    def _carry_out(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Say(message):
                    self._say(message)
                case Answer(key, outcome):
                    if (ticket := self._tickets.pop(key, None)) is not None:
                        ticket._settle(outcome)
                case Inform(news):
                    asked = AskSpecs() if isinstance(news, Specs) else AskExplanation(news.key)
                    self._tell(self._questions.pop(asked, _Question()), news)
                case AboutNodes(news):
                    self._nodes(news)
                case Authenticate(greeting):
                    self._greeting = greeting
                case Leave(reason):
                    self._leaving = reason
                case End(code, reason):
                    self._finish(SessionOver(reason, code))

    def _nodes(self, news: NodesReleased | NodesReclaimed | Asleep) -> None:
        match news:
            case NodesReleased(until_s):
                self.released_until_s = until_s
            case NodesReclaimed():
                self.released_until_s = None
            case Asleep():
                self._is_asleep.set()

    def _say(self, message: Message) -> None:
        if self._link is None:
            return
        self._said_s = time.monotonic()
        try:
            self._link.write(message)
        except LinkBroken as error:
            self._leaving = self._leaving or str(error)
        if self._link.has_unsent or self._leaving:
            self._wake()

    def _tell(self, question: _Question, news: Specs | Explained | SessionOver) -> None:
        question.news = news
        question.is_there.set()

    def _finish(self, end: SessionOver) -> None:
        if self._end is None:
            self._end = end
        for ticket in self._tickets.values():
            ticket._settle(end)
        for question in self._questions.values():
            self._tell(question, end)
        self._tickets.clear()
        self._questions.clear()
        self._is_stopping.set()
        self._wake()

    def _wake(self) -> None:
        if self._waking.fileno() < 0:  # the thread has ended
            return
        with suppress(BlockingIOError):  # it will wake up anyway
            self._waking.send(b"\0")

    # What follows is done by the thread.

    def _run(self) -> None:
        pause_s = _PAUSES_S[0]
        try:
            while self._end is None:
                if (reason := self._visit()) is None:
                    return
                pause_s = _PAUSES_S[0] if self._trouble_s is None else min(2 * pause_s, _PAUSES_S[1])
                if self._is_hopeless(reason):
                    return
                self._is_stopping.wait(pause_s * random.uniform(0.5, 1.0))
        finally:
            with self._lock:
                self._waking.close()
                self._woken.close()

    def _is_hopeless(self, reason: str) -> bool:
        now_s = time.monotonic()
        self._trouble_s = now_s if self._trouble_s is None else self._trouble_s
        patience_s = self._patience_s if self._was_open else self._first_patience_s
        if now_s - self._trouble_s < patience_s:
            return False
        found = f"the broker at {self._address} could not be reached for {patience_s:g} s: {reason}"
        with self._lock:
            self._finish(SessionOver(f"{found}; is it running, and is its address right?", "unreachable"))
        return True

    def _visit(self) -> str | None:
        """One connection, from its beginning to its end; why it ended, None if nothing more is to be done."""
        try:
            link = connected_to(self._address, self._settings.authority, _HANDSHAKE_S)
        except OSError as error:
            return str(error)
        try:
            with self._lock:
                self._link, self._leaving, self._greeting = link, "", None
                self._silence_s = _HANDSHAKE_S
                self._heard_s = self._said_s = time.monotonic()
            return self._converse(link)
        except LinkBroken as error:
            return str(error)
        except WireError as error:
            return self._not_understood(error)
        finally:
            with self._lock:
                self._link = None
                self._conversation.disconnect()
                link.close()

    def _not_understood(self, error: WireError) -> str | None:
        if self._was_open:
            return str(error)
        with self._lock:
            self._finish(SessionOver(f"nobody at {self._address} speaks the broker's protocol: {error}", "malformed"))
        return None

    def _converse(self, link: Link) -> str | None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        has_more = False
        while not self._leaving:
            poll.register(link, select.POLLIN | (select.POLLOUT if link.has_unsent else 0))
            poll.poll(0 if has_more else 1000 * max(0.0, self._until_s() - time.monotonic()))
            with self._lock:
                if self._end is not None:
                    break
                has_more = self._exchange(link)
            if self._greeting is not None:
                self._introduce(self._greeting)
        if self._end is None:
            return self._leaving
        self._take_leave(link)
        return None

    def _until_s(self) -> float:
        """When something is to be done if nothing happens."""
        return min(self._said_s + self._beat_s, self._heard_s + self._silence_s)

    def _exchange(self, link: Link) -> bool:
        """Send and read what there is; whether there may be more at once. With the lock held."""
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        link.flush()
        messages, has_more = link.read()
        now_s = time.monotonic()
        if messages:
            self._heard_s = now_s
        for message in messages:
            self._hear(message)
        if now_s - self._heard_s > self._silence_s:
            raise LinkBroken(f"the broker said nothing for {self._silence_s:g} s")
        if now_s - self._said_s >= self._beat_s:
            self._said_s = now_s
            if self._conversation.is_open and not link.has_unsent:
                self._say(Heartbeat())
        return has_more and not self._leaving

    def _hear(self, message: Message) -> None:
        if self._leaving or self._end is not None:
            return
        if isinstance(message, SessionOpened):
            self._was_open, self._silence_s = True, message.lease_s
            self._beat_s = min(HEARTBEAT_S, message.lease_s / 4)
        elif self._conversation.is_open and not (isinstance(message, Refused) and message.code == "unavailable"):
            self._trouble_s = None  # it does what it is there for
        self._carry_out(self._conversation.hear(message))

    def _introduce(self, greeting: Greeting) -> None:
        """Prove who this is, which may take a while."""
        self._greeting = None
        try:
            is_local = bool(self._address.path)
            proof = prove(greeting, is_local=is_local, munge_socket=self._settings.munge_socket)
        except Unproven as error:
            with self._lock:
                self._finish(SessionOver(str(error), "authentication"))
            return
        with self._lock:
            self._heard_s = time.monotonic()
            self._carry_out(self._conversation.open(proof.method, proof.credential))

    def _take_leave(self, link: Link) -> None:
        """Send the last words, for a moment."""
        until_s = time.monotonic() + _FAREWELL_S
        poll = select.poll()
        poll.register(link, select.POLLOUT)
        while link.has_unsent and (left_s := until_s - time.monotonic()) > 0:
            poll.poll(1000 * left_s)
            link.flush()
