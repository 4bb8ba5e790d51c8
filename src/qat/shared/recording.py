"""What the QPUs of a job were asked and have answered, in order, so that the job can end and go on in another process.

What stands above the QPUs is deterministic, so its state is the list of the answers that it got: a run that is given
the same answers does the same, without a QPU, up to where the former run ended. A digest of each question tells whether
that is so. Nothing but messages is kept; no input or output here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b

import msgspec

from qat.comm.broker.messages import Refused, Specs, SubmitTask, TaskCancelled, TaskFailed, TaskFinished
from qat.core.enums import ErrorType
from qat.core.errors import QPUException

__all__ = ["Answered", "Asked", "Begun", "Entry", "Kept", "NotDeterministic", "Recording", "digest_of"]

_MODULE = "qat.qpus.shared"

Kept = TaskFinished | TaskFailed | TaskCancelled | Refused | Specs
"""An answer that is kept."""


class _Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the entries."""


class Begun(_Entry, frozen=True, tag="begun"):
    """The first entry. Attributes: ``token``: part of the names of the job's sessions, which no other job has."""

    token: str


class Asked(_Entry, frozen=True, tag="asked"):
    """A QPU was asked something. Attributes: ``number``: from 1 on; ``digest``: of the question."""

    number: int
    digest: bytes


class Answered(_Entry, frozen=True, tag="answered"):
    """The answer came. Attributes: ``number``: of the question; ``answer``: as it travels."""

    number: int
    answer: Kept


Entry = Begun | Asked | Answered


class NotDeterministic(QPUException):
    """A job that was run again did not ask what it had asked before."""

    def __init__(self, number: int) -> None:
        message = (
            f"the stack is not deterministic: quantum task {number} is not the one that it was before the job gave its "
            "nodes back. Give seeds to what draws random numbers, or use SharedQPU without releases_nodes"
        )
        super().__init__(ErrorType.ABORT, _MODULE, message)


def digest_of(task: SubmitTask) -> bytes:
    """What tells a task from others, whatever its key.

    >>> digest_of(SubmitTask("1", b"a")) == digest_of(SubmitTask("2", b"a")) != digest_of(SubmitTask("1", b"b"))
    True
    """
    return blake2b(msgspec.msgpack.encode(msgspec.structs.replace(task, key="")), digest_size=16).digest()


class Recording:
    """The record of a job, to which each run adds.

    Args:
        entries: of former runs.
        keep: keeps an entry.
        make_token: makes the token of a new record.

    Attributes:
        token: of this job.
        open_keys: tasks that were submitted by a former run and not answered then.

    >>> kept = []
    >>> recording = Recording((), kept.append, lambda: "ab12")
    >>> recording.ask(b"digest")
    (1, None)
    >>> recording.answer(1, TaskCancelled("1"))
    >>> Recording(kept, kept.append, lambda: "").ask(b"digest")
    (1, TaskCancelled(key='1'))
    >>> Recording(kept, kept.append, lambda: "").ask(b"another")
    Traceback (most recent call last):
        ...
    qat.shared.recording.NotDeterministic: NotDeterministic(... message='the stack is not deterministic: quantum ...
    """

    def __init__(self, entries: Iterable[Entry], keep: Callable[[Entry], None], make_token: Callable[[], str]) -> None:
        self._keep = keep
        self._asked: dict[int, bytes] = {}
        self._answers: dict[int, Kept] = {}
        self._nb_asked = 0
        self.token = ""
        for entry in entries:
            self._read(entry)
        self.open_keys = frozenset(str(number) for number in self._asked if number not in self._answers)
        if not self.token:
            self.token = make_token()
            keep(Begun(self.token))

    def _read(self, entry: Entry) -> None:
        match entry:
            case Begun(token):
                self.token = token
            case Asked(number, digest):
                self._asked[number] = digest
            case Answered(number, answer):
                self._answers[number] = answer

    def ask(self, digest: bytes) -> tuple[int, Kept | None]:
        """The job asks its next question: the number of it, which is the key of its task, and the answer if it is kept.

        Raises:
            NotDeterministic: a former run asked something else at this place.
        """
        self._nb_asked += 1
        number = self._nb_asked
        if number not in self._asked:
            self._asked[number] = digest
            self._keep(Asked(number, digest))
        elif self._asked[number] != digest:
            raise NotDeterministic(number)
        return number, self._answers.get(number)

    def answer(self, number: int, answer: Kept) -> None:
        """An answer has come; one that is kept already is left as it is."""
        if number not in self._answers:
            self._answers[number] = answer
            self._keep(Answered(number, answer))
