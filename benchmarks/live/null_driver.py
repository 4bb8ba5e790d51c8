"""A driver whose QPU takes no time: what is left is the broker's. Notes when it was given each slice.

    python -m benchmarks.live.null_driver SOCKET QPU BUSY_S

Prints, when its broker leaves, the gaps in seconds between the end of a slice that it told and the next ``Run``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from pathlib import Path

import uvloop

from qat.comm.framing import FrameDecoder
from qhpc.broker.drivers.messages import Attach, Attached, Run, SliceBegun, SliceEnded, frame_of, message_in

RESULT = b"r" * 200


class NullDriver(asyncio.Protocol):
    """One connection."""

    def __init__(self, qpu: str, busy_s: float, over: asyncio.Event) -> None:
        self._qpu, self._busy_s, self._over = qpu, busy_s, over
        self._decoder = FrameDecoder()
        self._waiting: deque[Run] = deque()
        self._ended_s: float | None = None
        self._is_busy = False
        self.gaps_s: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A broker is there."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        if self.gaps_s or self._ended_s is not None:
            print(" ".join(f"{gap_s:.7f}" for gap_s in self.gaps_s), flush=True)
            self._over.set()

    def data_received(self, data: bytes) -> None:
        """It says something."""
        for frame in self._decoder.feed(data):
            message = message_in(frame.kind, frame.payload)
            if isinstance(message, Attach):
                self._say(Attached(1, "null", self._qpu, b""))
            elif isinstance(message, Run):
                self._waiting.append(message)
                self._next()

    def _next(self) -> None:
        if self._is_busy or not self._waiting:
            return
        run, self._is_busy = self._waiting.popleft(), True
        if self._ended_s is not None:
            self.gaps_s.append(time.perf_counter() - self._ended_s)
        if self._busy_s:
            self._say(SliceBegun(run.key, run.number))
            asyncio.get_running_loop().call_later(self._busy_s, self._end, run)
        else:
            self._say(SliceBegun(run.key, run.number), SliceEnded(run.key, run.number, run.shots, 0.0, 0.0, RESULT))
            self._ended_s, self._is_busy = time.perf_counter(), False

    def _end(self, run: Run) -> None:
        self._say(SliceEnded(run.key, run.number, run.shots, self._busy_s, 0.0, RESULT))
        self._ended_s, self._is_busy = time.perf_counter(), False
        self._next()

    def _say(self, *messages: Attached | SliceBegun | SliceEnded) -> None:
        self._transport.write(b"".join(map(frame_of, messages)))


async def serve(path: Path, qpu: str, busy_s: float) -> None:
    """Until its broker has gone."""
    over = asyncio.Event()
    path.unlink(missing_ok=True)
    path.with_suffix(".pid").write_text(str(os.getpid()))
    await asyncio.get_running_loop().create_unix_server(lambda: NullDriver(qpu, busy_s, over), str(path))
    print("ready", flush=True)
    await over.wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
