"""The catalogue of services, as the server asks it: questions go to the clerk, a process that knows site code."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from qat.comm.access.messages import ServiceView
from qat.comm.framing import Frame
from qhpc.access.launchers.links import Link
from qhpc.access.launchers.processes import Child, ChildSettings, kill_marked, spawn
from qhpc.access.launchers.protocol import Inspection, InvalidSubmission, LaunchError
from qhpc.access.rebuild.policy import ServicePolicy, SubmissionLimits
from qhpc.access.runner.frames import ClerkConfiguration, FrameKind, InspectionParts, Refusal

__all__ = ["CatalogueSettings", "ClerkCatalogue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSettings:
    """How the catalogue works.

    Attributes:
        policy: the services that users may use.
        limits: the largest submission.
        deadline_s: a look at a submission that takes longer fails, and the clerk is replaced.
        max_questions: so many may wait for the clerk; more are refused as retryable.
        memory_bytes: memory that the clerk may add to what it has when it is ready.
        process: how the clerk is started.
    """

    policy: ServicePolicy = field(default_factory=ServicePolicy)
    limits: SubmissionLimits = field(default_factory=SubmissionLimits)
    deadline_s: float = 10.0
    max_questions: int = 1000
    memory_bytes: int | None = 4 << 30
    process: ChildSettings = field(default_factory=ChildSettings)


@dataclass(slots=True)
class _Question:
    kind: FrameKind
    payload: bytes
    answer: asyncio.Future[Any]


class ClerkCatalogue:
    """Answers with the help of a clerk, which is started at the first question and again when it has died.

    Use it within one event loop; ``close`` ends the clerk.
    """

    def __init__(self, settings: CatalogueSettings | None = None) -> None:
        self._settings = settings or CatalogueSettings()
        self._questions: OrderedDict[int, _Question] = OrderedDict()
        self._last_channel = 0
        self._clerk: _ClerkProcess | None = None
        self._starting = asyncio.Lock()
        self._replacing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._services: tuple[ServiceView, ...] | None = None
        self._crashes: OrderedDict[bytes, int] = OrderedDict()

    async def open(self) -> None:
        """Start the clerk, and look at the services once."""
        await self.services()

    async def close(self) -> None:
        """End the clerk; questions that wait fail."""
        clerk, self._clerk = self._clerk, None
        self._fail_all(LaunchError("the server is shutting down", retryable=True))
        if clerk is not None:
            await clerk.end()
        if self._replacing is not None:
            await self._replacing

    async def services(self) -> Sequence[ServiceView]:
        """All services that may be used. They are asked for once; a change takes a restart of the server.

        Raises:
            LaunchError: the clerk died or was too slow; try again.
        """
        if self._services is None:
            self._services = tuple(await self._ask(FrameKind.SERVICES, b""))
        return self._services

    async def inspect(self, submission: bytes) -> Inspection:
        """Check a submission.

        Raises:
            InvalidSubmission: it cannot be run.
            LaunchError: the clerk died or was too slow (``retryable``), or a service failed to look at it (not).
        """
        if len(submission) > self._settings.limits.max_bytes:
            limit = self._settings.limits.max_bytes
            raise InvalidSubmission("too-large", f"the submission has {len(submission)} bytes, at most {limit}")
        if self._crashes and self._crashes.get(_digest(submission), 0) >= _MOST_CRASHES:
            detail = "looking at this submission has ended the process that did it more than once; ask the site"
            raise InvalidSubmission("invalid-argument", detail)
        parts: InspectionParts = await self._ask(FrameKind.INSPECT, submission)
        return Inspection(stack=parts.stack, estimate=parts.estimate)

    async def _ask(self, kind: FrameKind, payload: bytes) -> Any:
        if len(self._questions) >= self._settings.max_questions:
            raise LaunchError("too many submissions are being looked at", retryable=True)
        question = _Question(kind, payload, asyncio.get_running_loop().create_future())
        self._last_channel = channel = self._free_channel()
        self._questions[channel] = question
        if self._clerk is None:
            await self._start()
        else:
            self._send(channel, question)
        return await question.answer

    def _free_channel(self) -> int:
        channel = self._last_channel
        while (channel := (channel + 1) % (1 << 16)) in self._questions:
            pass
        return channel

    def _send(self, channel: int, question: _Question) -> None:
        if self._clerk is not None:
            self._clerk.link.send(question.kind, question.payload, channel=channel)
        if self._timer is None:
            self._set_timer()

    async def _start(self) -> None:
        async with self._starting:
            if self._clerk is not None or not self._questions:
                return
            clerk = await _ClerkProcess.started(self._settings, self._on_frame, self._on_closed)
            self._clerk = clerk  # what it says comes later, from the event loop
            for channel, question in self._questions.items():
                self._send(channel, question)
            if not clerk.link.is_open:
                self._on_closed()  # it has died while it was being started

    def _on_frame(self, frame: Frame) -> None:
        if frame.kind == FrameKind.READY and self._clerk is not None:
            self._clerk.is_ready = True
            self._set_timer()
            return
        question = self._questions.pop(frame.channel, None)
        self._set_timer()
        if question is None or question.answer.done():
            return
        try:
            question.answer.set_result(_read(frame))
        except (InvalidSubmission, LaunchError) as error:
            question.answer.set_exception(error)

    def _on_closed(self) -> None:
        """The clerk has died of the question that it was at; the others go to the next clerk."""
        clerk, self._clerk = self._clerk, None
        if clerk is None:
            return
        if self._questions:
            _, culprit = self._questions.popitem(last=False)
            self._note_crash(culprit)
            if not culprit.answer.done():
                message = "the process that looks at submissions has died and is being replaced; send it again"
                culprit.answer.set_exception(LaunchError(message, retryable=True))
        self._set_timer()
        self._replacing = asyncio.ensure_future(self._replaced(clerk))

    async def _replaced(self, clerk: _ClerkProcess) -> None:
        await clerk.end()
        try:
            await self._start()
        except OSError as error:
            self._fail_all(LaunchError(f"the clerk cannot be started: {error}", retryable=True))

    def _note_crash(self, question: _Question) -> None:
        digest = _digest(question.payload)
        self._crashes[digest] = self._crashes.pop(digest, 0) + 1
        while len(self._crashes) > _REMEMBERED:
            self._crashes.popitem(last=False)

    def _set_timer(self) -> None:
        """Give the question that the clerk is at its time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._questions and self._clerk is not None:
            is_long = next(iter(self._questions.values())).kind == FrameKind.SERVICES  # all of them are imported then
            deadline_s = _START_DEADLINE_S if is_long or not self._clerk.is_ready else self._settings.deadline_s
            self._timer = asyncio.get_running_loop().call_later(deadline_s, self._on_deadline)

    def _on_deadline(self) -> None:
        self._timer = None
        if self._clerk is not None:
            self._clerk.child.process.kill()

    def _fail_all(self, error: LaunchError) -> None:
        questions = list(self._questions.values())
        self._questions.clear()
        self._set_timer()
        for question in questions:
            if not question.answer.done():
                question.answer.set_exception(error)


_MOST_CRASHES = 2
_START_DEADLINE_S = 120.0
_REMEMBERED = 1000
_PREFIX = "openqat-clerk-"
_MAX_ANSWER_BYTES = 64 << 20
_encoder = msgspec.msgpack.Encoder()
_views = msgspec.msgpack.Decoder(list[ServiceView])
_inspections = msgspec.msgpack.Decoder(InspectionParts)
_refusals = msgspec.msgpack.Decoder(Refusal)


def _digest(payload: bytes) -> bytes:
    return sha256(payload).digest()


def _read(frame: Frame) -> Any:
    """What the clerk answered."""
    match frame.kind:
        case FrameKind.SERVICES:
            return _views.decode(frame.payload)
        case FrameKind.INSPECTION:
            return _inspections.decode(frame.payload)
        case FrameKind.REFUSAL:
            refusal = _refusals.decode(frame.payload)
            raise InvalidSubmission(refusal.code, refusal.detail, refusal.near_names)
    text = msgspec.msgpack.decode(frame.payload, type=str)
    raise LaunchError(f"a service of this site failed to look at the submission: {text}", retryable=False)


def _remove_left_folders() -> None:
    """Remove the folders of clerks whose servers were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


class _ClerkProcess:
    """A clerk, its folder and the link to it."""

    def __init__(self, child: Child, folder: tempfile.TemporaryDirectory[str], link: Link) -> None:
        self.child, self.link, self._folder = child, link, folder
        self.is_ready = False

    @classmethod
    async def started(
        cls, settings: CatalogueSettings, on_frame: Callable[[Frame], None], on_closed: Callable[[], None]
    ) -> _ClerkProcess:
        await asyncio.to_thread(_remove_left_folders)
        folder = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True)
        mark = f"clerk-{Path(folder.name).name}"
        child = spawn("qhpc.access.rebuild.clerk", settings.process, mark=mark, home=Path(folder.name))
        link = Link(on_frame, on_closed, max_payload_bytes=_MAX_ANSWER_BYTES)
        await link.open(child.connection)
        configuration = ClerkConfiguration(
            policy=settings.policy, limits=settings.limits, memory_bytes=settings.memory_bytes
        )
        link.send(FrameKind.CONFIGURE, _encoder.encode(configuration))
        return cls(child, folder, link)

    async def end(self) -> None:
        self.link.close()
        self.child.process.kill()
        await asyncio.to_thread(self._clean)

    def _clean(self) -> None:
        kill_marked(self.child.mark)
        self.child.process.wait()
        self._folder.cleanup()
