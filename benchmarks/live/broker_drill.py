"""``kill -9`` of the broker and of drivers at random moments under load: every task is answered rightly, and paid once.

    python -m benchmarks.live.broker_drill --kills 60

Jobs send batches to two QPUs through the broker; each task has one right answer. Meanwhile the broker, or the driver of
a QPU, is killed; the broker is started again, drivers are by it. At last the accounts must have each task once.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from qat.core import Batch
from qat.lang import Program, X
from qat.qpus import SharedQPU

NB_QUBITS, NB_JOBS, BATCH = 6, 4, 5
SETTINGS = """
directory = "{directory}"
log_level = "error"
[pools.p]
qpus = ["q", "r"]
[qpus.q]
driver = "service"
orphan_s = 30
[qpus.r]
driver = "service"
orphan_s = 30
"""


class Site:
    """A broker with two real drivers."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.address = directory, f"unix:{directory}/broker.sock"
        self._settings = directory.with_suffix(".toml")
        self._settings.write_text(SETTINGS.format(directory=directory), encoding="utf-8")
        self.start()

    def start(self) -> None:
        """Start the broker, and wait until it takes jobs."""
        read_end, write_end = os.pipe()
        command = [sys.executable, "-m", "openqat", "broker", "run", str(self._settings), "--ready-fd", str(write_end)]
        self._process = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        assert select.select([read_end], [], [], 60.0)[0] and os.read(read_end, 10), "the broker did not start"
        os.close(read_end)

    def kill(self, victim: str) -> None:
        """Kill the broker and start it again, or kill a driver."""
        if victim == "broker":
            self._process.kill()
            self._process.wait()
            self.start()
        elif (pid := self._driver(victim)) is not None:
            with suppress(ProcessLookupError):  # the former kill's victim: the next one is not there yet
                os.kill(pid, signal.SIGKILL)

    def _driver(self, qpu: str) -> int | None:
        try:
            return int((self.directory / "drivers" / f"{qpu}.pid").read_text())
        except (OSError, ValueError):
            return None

    def stop(self) -> None:
        """End it politely, so that the accounts are complete."""
        self._process.terminate()
        self._process.wait(30.0)

    def charged(self) -> Counter[tuple[str, str, str]]:
        """How often each task of each session was charged, by outcome."""
        with sqlite3.connect(self.directory / "usage.db") as database:
            return Counter(database.execute("SELECT session, key, outcome FROM slices").fetchall())


class Load:
    """Jobs that send batches until they are told to stop."""

    def __init__(self, address: str) -> None:
        self.nb_right, self.faults = 0, list[str]()
        self.answered = threading.Event()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(address, seed)) for seed in range(NB_JOBS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is under way come to its end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(120.0)

    def _work(self, address: str, seed: int) -> None:
        rng, qpu = random.Random(seed), SharedQPU("p", broker=address)
        while not self._stop.is_set():
            numbers = [rng.randrange(1 << NB_QUBITS) for _ in range(BATCH)]
            try:
                results = list(qpu.submit(Batch([_job(number) for number in numbers])))
            except Exception as error:  # whatever it is, it is a fault to be counted
                self.faults.append(f"{type(error).__name__}: {error}")
                continue
            self._check(numbers, results)
            self.answered.set()

    def _check(self, numbers: list[int], results: list[object]) -> None:
        with self._lock:
            for number, result in zip(numbers, results, strict=True):
                found = [sample.state.int for sample in result]  # type: ignore[attr-defined]
                self.nb_right += found == [number]
                if found != [number]:
                    self.faults.append(f"{found} came instead of {number}")


def _job(number: int) -> object:
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for place in range(NB_QUBITS):
        if number >> (NB_QUBITS - 1 - place) & 1:
            X(qubits[place])
    return program.to_circ().to_job(nbshots=10)


def drill(directory: Path, nb_kills: int, seed: int) -> dict[str, str]:
    """Kill, and say what came of it."""
    rng, site, recovery_s = random.Random(seed), Site(directory), dict[str, list[float]]()
    load = Load(site.address)
    for _ in range(nb_kills):
        load.answered.wait(60.0)
        time.sleep(rng.uniform(0.0, 0.5))
        victim = rng.choice(["broker", "q", "r"])
        load.answered.clear()
        begin_s = time.monotonic()
        site.kill(victim)
        load.answered.wait(60.0)
        recovery_s.setdefault("broker" if victim == "broker" else "driver", []).append(time.monotonic() - begin_s)
    load.stop()
    site.stop()
    charged = site.charged()
    finished = [number for (_, _, outcome), number in charged.items() if outcome == "finished"]
    rows = {f"kill -9 of a {name}": f"{len(times)}" for name, times in recovery_s.items()}
    rows |= {f"first answer after that ({name}), median": f"{_median(t):.2f} s" for name, t in recovery_s.items()}
    return (
        rows
        | {
            "tasks answered rightly": str(load.nb_right),
            "answered wrongly, or not at all": str(len(load.faults)),
            "charged once": str(sum(number == 1 for number in finished)),
            "charged more than once": str(sum(number > 1 for number in finished)),
            "answered and not charged": str(load.nb_right - len(finished)),
            "slices of killed drivers that ran again": str(sum(n for (_, _, o), n in charged.items() if o == "lost")),
        }
        | {f"fault: {fault[:100]}": "" for fault in load.faults[:5]}
    )


def _median(times_s: list[float]) -> float:
    return sorted(times_s)[len(times_s) // 2]


def main() -> None:
    """Drill and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, value in drill(Path(folder, "b"), arguments.kills, arguments.seed).items():
            print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
