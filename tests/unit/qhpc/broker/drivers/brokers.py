"""A broker for tests: it starts drivers as processes, and says and hears messages one by one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from qat.comm.framing import FrameDecoder
from qat.comm.wire import decode, encode
from qat.core import Result
from qat.lang.AQASM import CNOT, H, Program
from qhpc.broker.drivers import messages as say

DEADLINE_S = 30.0


def bell(**options: Any) -> bytes:
    """The message of a job that samples a Bell pair."""
    program = Program()
    qubits = program.qalloc(2)
    H(qubits[0])
    CNOT(qubits)
    return encode(program.to_circ().to_job(**options))


class Broker:
    """One connection to a driver."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE_S)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._decoder = FrameDecoder()
        self._messages: list[say.DriverMessage] = []

    def say(self, *messages: say.DriverMessage) -> None:
        self._socket.sendall(b"".join(map(say.frame_of, messages)))

    def hear(self) -> say.DriverMessage:
        while not self._messages:
            data = self._socket.recv(1 << 18)
            if not data:
                raise ConnectionError("the driver hung up")
            self._messages += [say.message_in(frame.kind, frame.payload) for frame in self._decoder.feed(data)]
        return self._messages.pop(0)

    def hear_of(self, kind: type) -> Any:
        """The next message of a kind; others before it are passed over."""
        while not isinstance(message := self.hear(), kind):
            pass
        return message

    def attach(self) -> say.Attached:
        self.say(say.Attach(say.VERSION))
        attached = self.hear()
        assert isinstance(attached, say.Attached)
        return attached

    def run(self, key: str, number: int, shots: int, payload: bytes) -> say.SliceEnded | say.SliceBroken:
        """Load a task and run a slice of it to its end."""
        self.say(say.Load(key, payload), say.Run(key, number, shots))
        assert self.hear_of(say.SliceBegun) == say.SliceBegun(key, number)
        return self.hear_of(say.SliceEnded | say.SliceBroken)

    def close(self) -> None:
        self._socket.close()


class Started:
    """A driver that runs as a process of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.path = folder / "qpu.sock"
        configuration = {"qpu": "qpu", "socket": str(self.path), "driver": "service", **settings}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qhpc.broker.drivers"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(configuration))
        self.process.stdin.close()
        self._brokers: list[Broker] = []

    def broker(self) -> Broker:
        """A new connection; the former one is closed by the driver."""
        end_s = time.monotonic() + DEADLINE_S
        while True:
            try:
                self._brokers.append(Broker(self.path))
            except (FileNotFoundError, ConnectionRefusedError):
                assert self.process.poll() is None, self.ended()
                assert time.monotonic() < end_s, "the driver does not listen"
                time.sleep(0.01)
            else:
                return self._brokers[-1]

    def ended(self) -> tuple[int, str]:
        """Exit status and what it wrote, once it has ended."""
        assert self.process.stderr is not None
        text = self.process.stderr.read().decode()
        return self.process.wait(DEADLINE_S), text

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        for broker in self._brokers:
            broker.close()
        self.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()


def result_in(end: say.DriverMessage) -> Result:
    """The result of a slice that has ended well."""
    assert isinstance(end, say.SliceEnded), end
    result: Result = decode(end.result, Result)
    return result
