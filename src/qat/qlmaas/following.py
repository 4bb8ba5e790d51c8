"""Following a job as it runs: its events, one after the other, over as many connections as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from qat.comm.access.messages import JobView, LogLine, Progress
from qat.qlmaas.errors import UnreachableError
from qat.qlmaas.events import Event
from qat.qlmaas.patience import delays

if TYPE_CHECKING:
    from qat.qlmaas.client import AccessClient

__all__ = ["News", "follow", "news_of"]

News = JobView | Progress | LogLine
"""What an event tells."""

_TYPES: dict[str, type[JobView] | type[Progress] | type[LogLine]] = {
    "state": JobView,
    "progress": Progress,
    "log": LogLine,
}

LASTING_S = 5.0
"""A connection that lasted longer was a good one; the next is made without much of a pause."""

LONGEST_SILENCE_S = 45.0
"""A connection on which nothing came for so long is taken for dead; servers send a sign of life every 15 seconds."""


def news_of(event: Event) -> News | None:
    """What an event tells; None for one that tells nothing that is known here.

    >>> news_of(Event("progress", '{"iteration": 3}')).iteration
    3
    """
    kind = _TYPES.get(event.name)
    return None if kind is None else msgspec.json.decode(event.data, type=kind)


def follow(
    client: AccessClient,
    job_id: str,
    on_news: Callable[[News], object],
    *,
    limit_s: float | None = None,
    patience_s: float = 600.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Follow a job until it is final; connections that break are made again, and nothing is told twice.

    Args:
        client: talks to the server.
        job_id: the job.
        on_news: gets each piece of news.
        limit_s: how long to follow it; None until it ends.
        patience_s: how long the server may be away.
        clock: seconds.
        sleep: waits for seconds.

    Returns:
        Whether the job has ended.

    Raises:
        UnreachableError: the server was away for too long.
    """
    follower = _Follower(on_news)
    end = None if limit_s is None else clock() + limit_s
    heard, pauses = clock(), delays()
    while end is None or clock() < end:
        silence_s = LONGEST_SILENCE_S if end is None else max(0.01, min(LONGEST_SILENCE_S, end - clock()))
        seen, began = follower.nb_events, clock()
        try:
            client.events(job_id, follower.take, last_id=follower.last_id, silence_s=silence_s)
        except UnreachableError as error:
            if not error.retryable or clock() - heard > patience_s:
                raise
        if follower.is_ended:
            return True
        if follower.nb_events > seen:
            heard = clock()
        if clock() - began > LASTING_S:
            pauses = delays()
        sleep(next(pauses) if end is None else max(0.0, min(next(pauses), end - clock())))
    return False


class _Follower:
    """Takes events, and knows where to go on."""

    def __init__(self, on_news: Callable[[News], object]) -> None:
        self._on_news = on_news
        self.last_id: str | None = None
        self.nb_events = 0
        self.is_ended = False

    def take(self, event: Event) -> bool:
        """Whether to go on after an event."""
        self.nb_events += 1
        self.last_id = event.id or self.last_id
        self.is_ended = event.name == "end"
        news = news_of(event)
        if news is not None:
            self._on_news(news)
        return not self.is_ended
