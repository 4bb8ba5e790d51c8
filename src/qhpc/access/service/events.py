"""The events of a job as a stream that can be taken up again where it was cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from qat.comm.access.messages import FINAL_STATES, JobView, LogLine, Progress
from qhpc.access.jobs.record import JobRecord
from qhpc.access.service.caller import Caller
from qhpc.access.service.hub import Cut
from qhpc.access.service.service import AccessService
from qhpc.access.store.protocol import Store

__all__ = ["Event", "Place", "job_events"]

_LOG_PAGE = 1000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """How far a reader is: the version of the job that it has seen, and the number of the next line of the log."""

    version: int = -1
    line: int = 0

    def __str__(self) -> str:
        return f"{self.version}.{self.line}"

    @classmethod
    def parse(cls, text: str | None) -> Place:
        """The place in a ``Last-Event-ID``; the beginning if it is none of ours.

        >>> Place.parse("3.14"), Place.parse("x")
        (Place(version=3, line=14), Place(version=-1, line=0))
        """
        version, _, line = (text or "").partition(".")
        if len(version) <= 12 and len(line) <= 12 and version.isdecimal() and line.isdecimal():
            return cls(int(version), int(line))
        return cls()


@dataclass(frozen=True, slots=True)
class Event:
    """``state``, ``progress`` or ``log`` with its value; ``silence`` when there was none for a while; ``end``.

    The value of ``end`` is ``final``, ``slow-reader`` or ``closing``; after the last two the reader may come again.
    """

    kind: str
    value: JobView | Progress | LogLine | str
    place: Place


async def job_events(
    service: AccessService, store: Store, caller: Caller, job_id: str, place: Place, silence_s: float = 15.0
) -> AsyncIterator[Event]:
    """Events of a job from a place on, until it has ended.

    Raises:
        AccessProblem: there is no such job.
    """
    reader = service.hub.subscribe(job_id)
    try:
        job = await service.record(caller, job_id)
        async for event in _past(service, store, job, place):
            yield event
            place = event.place
        while job.state not in FINAL_STATES:
            news = await reader.next(silence_s)
            match news:
                case None:
                    yield Event("silence", "", place)
                case Cut():
                    yield Event("end", news.reason, place)
                    return
                case Progress():
                    yield Event("progress", news, place)
                case JobRecord():
                    job = news
                    if job.version > place.version:
                        place = Place(job.version, place.line)
                        yield Event("state", service.view(job), place)
                case _:
                    for line in news:
                        if line.number >= place.line:
                            place = Place(place.version, line.number + 1)
                            yield Event("log", line, place)
        yield Event("end", "final", place)
    finally:
        service.hub.unsubscribe(job_id, reader)


async def _past(service: AccessService, store: Store, job: JobRecord, place: Place) -> AsyncIterator[Event]:
    if job.version > place.version:
        place = Place(job.version, place.line)
        yield Event("state", service.view(job), place)
    if job.progress is not None:
        yield Event("progress", job.progress, place)
    while lines := await store.log(job.id, first=place.line, limit=_LOG_PAGE):
        for line in lines:
            place = Place(place.version, line.number + 1)
            yield Event("log", line, place)
