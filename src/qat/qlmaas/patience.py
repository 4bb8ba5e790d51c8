"""How long to try again, and how long to wait in between: exponential back-off with jitter, within a limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from qat.qlmaas.errors import UnreachableError
from qat.qlmaas.transport import Response

__all__ = ["Patience", "delays"]

_TRY_AGAIN = frozenset({502, 503, 504})
"""Statuses with which a server, or a proxy before one that restarts, says: later."""

FIRST_S, LONGEST_S = 0.05, 5.0


def _at_random() -> float:
    """A number from 0 to 1."""
    return int.from_bytes(os.urandom(4)) / 0xFFFF_FFFF


def delays(jitter: Callable[[], float] = _at_random) -> Iterator[float]:
    """Seconds to wait before each further attempt: doubling up to ``LONGEST_S``, each cut by up to a half at random.

    >>> seconds = delays(lambda: 0.0)
    >>> [next(seconds) for _ in range(4)]
    [0.05, 0.1, 0.2, 0.4]
    """
    delay = FIRST_S
    while True:
        yield delay * (1 - 0.5 * jitter())
        delay = min(2 * delay, LONGEST_S)


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again while a server does not answer.

    Attributes:
        limit_s: how long a server may be away.
        clock: seconds.
        sleep: waits for seconds.
        jitter: a random number from 0 to 1.
    """

    limit_s: float = 60.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    jitter: Callable[[], float] = field(default=_at_random, repr=False)

    def run(self, attempt: Callable[[], Response], *, is_safe: bool) -> Response:
        """The answer of the first attempt that gets one.

        Args:
            attempt: sends the request.
            is_safe: whether the server may get it twice; otherwise it is only sent again if it never left.

        Raises:
            UnreachableError: the server was away for longer than the limit.
        """
        end = self.clock() + self.limit_s
        for delay in delays(self.jitter):
            try:
                response = attempt()
                if response.status not in _TRY_AGAIN or not is_safe:
                    return response
                delay = max(delay, _retry_after_s(response))
                if self.clock() + delay > end:
                    return response
            except UnreachableError as error:
                again = error.retryable and (is_safe or not error.was_sent)
                if not again or self.clock() + delay > end:
                    raise
            self.sleep(delay)
        raise AssertionError("delays never end")


def _retry_after_s(response: Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0
