"""A real broker with real drivers in processes of their own, and a job that speaks the messages itself."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from qat.comm.broker.messages import Greeting, OpenSession, SessionOpened, frame_of, message_in
from qat.comm.framing import FrameDecoder
from qhpc.broker.driving import pid_of

LIMIT_S = 60.0
PATHS = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)

SETTINGS = """
directory = "{directory}"
log_level = "warning"
[pools.p]
qpus = ["q"]
[qpus.q]
driver = "{driver}"
orphan_s = 20
[qpus.q.options]
{options}
[limits]
{limits}
"""


class BrokerProcess:
    """A broker of one QPU; the driver of it is ended at the end."""

    def __init__(self, directory, driver="service", options="", limits=""):
        self.directory = Path(directory)
        self.socket = self.directory / "broker.sock"
        self.settings = self.directory.with_suffix(".toml")
        self.settings.write_text(
            SETTINGS.format(directory=directory, driver=driver, options=options, limits=limits), encoding="utf-8"
        )
        self.process, self.jobs, self.qpu = None, [], "q"

    def job(self):
        """A new connection; it is closed with the broker."""
        self.jobs.append(Job(self.socket))
        return self.jobs[-1]

    def start(self):
        read_end, write_end = os.pipe()
        command = [sys.executable, "-m", "openqat", "broker", "run", str(self.settings), "--ready-fd", str(write_end)]
        log = self.directory.with_suffix(".log")
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, pass_fds=[write_end], stderr=out, stdout=out, env=self.environment()
            )
        os.close(write_end)
        ready, _, _ = select.select([read_end], [], [], LIMIT_S)
        word = os.read(read_end, 10) if ready else b""
        os.close(read_end)
        assert word == b"ready\n", log.read_text()
        return self

    @staticmethod
    def environment():
        """Of processes that shall find our packages, and this interpreter as ``python``."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {**os.environ, "PYTHONPATH": PATHS, "PATH": path}

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT_S)

    def stop(self):
        self.process.terminate()
        return self.process.wait(LIMIT_S)

    def driver_pid(self):
        return pid_of(self.directory / "drivers" / f"{self.qpu}.sock")

    def wait_for_driver(self, other_than=None):
        """The process id of the driver, when there is one."""
        return until(lambda: self.driver_pid() if self.driver_pid() != other_than else None)

    def log(self):
        return self.directory.with_suffix(".log").read_text()

    def close(self):
        for job in self.jobs:
            job.close()
        if self.process is not None and self.process.poll() is None:
            self.stop()
        pid = self.driver_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def until(found):
    """What ``found`` gives when it gives something; it is asked again and again."""
    deadline_s = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline_s:
        if value := found():
            return value
        time.sleep(0.01)
    raise TimeoutError("it did not happen")


class Job:
    """A job that says what it is told to say."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(str(path))
        self.decoder, self.messages = FrameDecoder(), []
        self.greeting = self.hear(Greeting)

    def open(self, name="job", pool="p", **fields):
        self.say(OpenSession(1, pool, name, **fields))
        return self.hear(SessionOpened)

    def say(self, *messages):
        self.socket.sendall(b"".join(map(frame_of, messages)))

    def next(self):
        while not self.messages:
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError("the broker hung up")
            self.messages += [message_in(frame.kind, frame.payload) for frame in self.decoder.feed(data)]
        return self.messages.pop(0)

    def hear(self, kind):
        """The next message of a kind; others are passed over."""
        while not isinstance(message := self.next(), kind):
            pass
        return message

    def is_hung_up(self):
        with suppress(ConnectionError, EOFError):
            while True:
                self.next()
        return True

    def close(self):
        self.socket.close()
