"""Tells clients whose calls take long that they are being worked on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from qat.served.protocol import HEARTBEAT_S, Working
from qat.served.stream import MessageStream

__all__ = ["Pulse"]


class Pulse:
    """One thread that says ``Working`` to all waiting clients, every few seconds. It starts with the first call.

    Args:
        ends_process: whether this process ends at once when a waiting client has gone.
    """

    def __init__(self, *, ends_process: bool = False) -> None:
        self._ends_process = ends_process
        self._waiting: set[MessageStream] = set()
        self._guard = Lock()
        self._has_waiting = Event()
        self._is_started = False

    @contextmanager
    def of(self, stream: MessageStream) -> Iterator[None]:
        """Within the block, the client at the other end of ``stream`` waits for an answer."""
        with self._guard:
            self._waiting.add(stream)
            if not self._is_started:
                self._is_started = True
                Thread(target=self._beat, name="pulse", daemon=True).start()
        self._has_waiting.set()
        try:
            yield
        finally:
            with self._guard:
                self._waiting.discard(stream)

    def _beat(self) -> None:
        pause = Event()
        while self._has_waiting.wait():
            pause.wait(HEARTBEAT_S)
            with self._guard:
                waiting = tuple(self._waiting)
                if not waiting:
                    self._has_waiting.clear()
            for stream in waiting:
                self._tell(stream)

    def _tell(self, stream: MessageStream) -> None:
        with self._guard:  # not after the answer
            if stream not in self._waiting:
                return
            try:
                stream.send(Working())
            except ConnectionError:
                self._waiting.discard(stream)
                if self._ends_process:
                    os._exit(1)
