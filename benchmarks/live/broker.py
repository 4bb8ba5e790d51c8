"""What the broker costs: submit to start, dead time between tasks, tasks a second, memory of open sessions.

    python -m benchmarks.live.broker

A real broker with its journal on the disk of ``--directory``, QPUs that take no time (``null_driver``), jobs in
processes of their own, all over Unix sockets on this machine.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from qat.comm.broker.messages import (
    Acknowledge,
    Greeting,
    OpenSession,
    SessionOpened,
    SubmitTask,
    TaskFinished,
    TaskStarted,
    frame_of,
    message_in,
)
from qat.comm.framing import FrameDecoder

PAYLOAD = b"p" * 1000
QPUS = ("q", "r")
SETTINGS = """
directory = "{directory}"
log_level = "error"
[pools.p]
qpus = [{names}]
{qpus}
"""


class Job:
    """A job that speaks the messages."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._decoder, self._messages = FrameDecoder(), list[Any]()
        self.hear(Greeting)

    def open(self, name: str) -> None:
        """Open a session."""
        self.say(OpenSession(1, "p", name))
        self.hear(SessionOpened)

    def say(self, *messages: Any) -> None:
        """Send messages together."""
        self._socket.sendall(b"".join(map(frame_of, messages)))

    def hear(self, kind: type[Any]) -> Any:
        """The next message of a kind; others are passed over."""
        while not isinstance(message := self.next(), kind):
            pass
        return message

    def next(self) -> Any:
        """The next message."""
        while not self._messages:
            data = self._socket.recv(1 << 18)
            if not data:
                raise EOFError("the broker has gone")
            self._messages = [message_in(frame.kind, frame.payload) for frame in self._decoder.feed(data)][::-1]
        return self._messages.pop()


class Site:
    """A broker and its drivers."""

    def __init__(self, directory: Path, nb_qpus: int, busy_s: float) -> None:
        self.directory, self.socket = directory, directory / "broker.sock"
        (directory / "drivers").mkdir(parents=True, mode=0o700)
        self.qpus = QPUS[:nb_qpus]
        self.drivers = [self._driver(qpu, busy_s) for qpu in self.qpus]
        self.broker = self._broker()

    def _driver(self, qpu: str, busy_s: float) -> subprocess.Popen[str]:
        path = self.directory / "drivers" / f"{qpu}.sock"
        command = [sys.executable, "-m", "benchmarks.live.null_driver", str(path), qpu, str(busy_s)]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert started.stdout is not None and started.stdout.readline() == "ready\n"
        return started

    def _broker(self) -> subprocess.Popen[bytes]:
        names = ", ".join(f'"{qpu}"' for qpu in self.qpus)
        qpus = "\n".join(f'[qpus.{qpu}]\ndriver = "service"' for qpu in self.qpus)
        path = self.directory / "broker.toml"
        path.write_text(SETTINGS.format(directory=self.directory, names=names, qpus=qpus), encoding="utf-8")
        read_end, write_end = os.pipe()
        command = [sys.executable, "-m", "openqat", "broker", "run", str(path), "--ready-fd", str(write_end)]
        started = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        assert select.select([read_end], [], [], 60.0)[0] and os.read(read_end, 10), "the broker did not start"
        os.close(read_end)
        return started

    def cpu_s(self) -> float:
        """Seconds that the broker has computed."""
        fields = Path(f"/proc/{self.broker.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Its resident memory."""
        lines = Path(f"/proc/{self.broker.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def gaps_s(self) -> list[float]:
        """End the broker; gaps that the drivers have noted."""
        self.broker.terminate()
        self.broker.wait(30.0)
        lines = [driver.stdout.readline() for driver in self.drivers if driver.stdout is not None]
        return [float(word) for line in lines for word in line.split()]

    def close(self) -> None:
        """End everything."""
        for process in (self.broker, *self.drivers):
            process.kill()
            process.wait()


@contextmanager
def site(root: Path, nb_qpus: int = 1, busy_s: float = 0.0) -> Iterator[Site]:
    """A broker, ended after its use."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        made = Site(Path(folder, "b"), nb_qpus, busy_s)
        try:
            yield made
        finally:
            made.close()


def submit_to_start(root: Path, nb_tasks: int) -> str:
    """From the job's submission to its word that the task runs, the way back included; idle QPU, one task at a time."""
    with site(root) as made:
        job, times_s = Job(made.socket), []
        job.open("latency")
        for number in range(nb_tasks):
            begin_s = time.perf_counter()
            job.say(SubmitTask(str(number), PAYLOAD, 100))
            job.hear(TaskStarted)
            times_s.append(time.perf_counter() - begin_s)
            job.hear(TaskFinished)
            job.say(Acknowledge((str(number),)))
    return f"{_ms(median(times_s))} median, {_ms(quantiles(times_s, n=100)[98])} p99"


def dead_time(root: Path, nb_tasks: int) -> str:
    """From the end of a slice of 5 ms, as its driver tells it, to the next one there; 4 jobs have tasks waiting."""
    with site(root, busy_s=0.005) as made:
        jobs = [Job(made.socket) for _ in range(4)]
        for place, job in enumerate(jobs):
            job.open(f"j{place}")
            job.say(*(SubmitTask(str(number), PAYLOAD, 100) for number in range(nb_tasks // 4)))
        for job in jobs:
            for _ in range(nb_tasks // 4):
                job.hear(TaskFinished)
        gaps_s = made.gaps_s()
    return f"{_ms(median(gaps_s))} median, {_ms(quantiles(gaps_s, n=100)[98])} p99"


def throughput(root: Path, nb_tasks: int) -> str:
    """Two jobs with 64 tasks under way each, two QPUs."""
    with site(root, nb_qpus=2) as made:
        begin_s, begin_cpu_s = time.perf_counter(), made.cpu_s()
        command = [sys.executable, "-m", "benchmarks.live.broker", "--be-job", str(made.socket)]
        jobs = [subprocess.Popen([*command, f"j{place}", str(nb_tasks // 2)]) for place in range(2)]
        assert [job.wait(300.0) for job in jobs] == [0, 0]
        wall_s, cpu_s = time.perf_counter() - begin_s, made.cpu_s() - begin_cpu_s
    return f"{nb_tasks / wall_s:.0f} tasks/s; the broker computes {1e6 * cpu_s / nb_tasks:.0f} us a task"


def be_job(path: Path, name: str, nb_tasks: int) -> None:
    """Keep 64 tasks under way until all have ended."""
    job, nb_said, nb_done = Job(path), 0, 0
    job.open(name)
    done: list[str] = []
    while nb_done < nb_tasks:
        last = min(nb_done + 64, nb_tasks)
        if last - nb_said >= 16 or last == nb_tasks:
            messages: list[Any] = [SubmitTask(str(number), PAYLOAD, 100) for number in range(nb_said, last)]
            nb_said = last
            if done:
                messages.append(Acknowledge(tuple(done)))
                done.clear()
            job.say(*messages)
        done.append(job.hear(TaskFinished).key)
        nb_done += 1


def memory(root: Path, nb_sessions: int) -> str:
    """Sessions that each have run a task."""
    with site(root) as made:
        before_mb = made.memory_mb()
        jobs = [Job(made.socket) for _ in range(nb_sessions)]
        for place, job in enumerate(jobs):
            job.open(f"j{place}")
            job.say(SubmitTask("t", PAYLOAD, 100))
        for job in jobs:
            job.hear(TaskFinished)
        return f"{made.memory_mb():.0f} MB with {nb_sessions} sessions, {before_mb:.0f} MB without"


MEASURES: dict[str, Callable[[Path], str]] = {
    "submit to start, idle QPU": lambda root: submit_to_start(root, 2000),
    "dead time between queued tasks": lambda root: dead_time(root, 1000),
    "throughput": lambda root: throughput(root, 20_000),
    "memory": lambda root: memory(root, 1000),
}


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.2f} ms"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, help="where brokers have their journals; a temporary one by default")
    parser.add_argument("--only", choices=MEASURES, help="one measurement")
    parser.add_argument("--be-job", nargs=3, metavar=("SOCKET", "NAME", "TASKS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.be_job:
        path, name, nb_tasks = arguments.be_job
        be_job(Path(path), name, int(nb_tasks))
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.directory or Path(temporary)
        print(f"load before: {os.getloadavg()[0]:.2f} on {len(os.sched_getaffinity(0))} cores")
        for name, measure in MEASURES.items():
            if arguments.only in (None, name):
                print(f"{name}: {measure(root)}", flush=True)


if __name__ == "__main__":
    main()
