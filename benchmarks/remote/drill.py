"""``kill -9`` of a server at random moments under load: every job that it accepted ends exactly once.

    python -m benchmarks.remote.drill --kills 100 [--pause 1.0] [--seed 1]

Clients send jobs, each with a key of its own, and send again with the same key until they are told that the job was
accepted. Meanwhile the server is killed and started again. At last every job has to have ended, and what a client saw
as the end of a job must still be its end.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from urllib.parse import quote

import msgspec

from benchmarks.remote.server import Http, Server
from benchmarks.remote.submissions import submission, variational_submission
from qat.comm.access.messages import FINAL_STATES, JobPage, JobView

_DEADLINE_S = 120.0
_Ending = tuple[str, str | None]


@dataclass
class Account:
    """What the clients know: the job of each key, and how the jobs ended that they saw the end of."""

    jobs: dict[str, str] = field(default_factory=dict)
    endings: dict[str, _Ending] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accepted(self, key: str, job_id: str) -> None:
        """A job was accepted for a key."""
        with self.lock:
            if self.jobs.setdefault(key, job_id) != job_id:
                self.changed.append(f"key {key} had job {self.jobs[key]} and has {job_id}")

    def ended(self, job_id: str, ending: _Ending) -> None:
        """A job was seen to have ended."""
        with self.lock:
            if self.endings.setdefault(job_id, ending) != ending:
                self.changed.append(f"job {job_id} ended as {self.endings[job_id]} and as {ending}")


@dataclass
class Report:
    """What came out."""

    nb_kills: int
    nb_jobs: int
    states: Counter[str]
    reasons: Counter[str]
    attempts: Counter[int]
    faults: list[str]
    restart_s: list[float]

    def text(self) -> str:
        """A table."""
        restarts = sorted(self.restart_s) or [0.0]
        rows = [
            ("kill -9 of the server", self.nb_kills),
            ("jobs accepted", self.nb_jobs),
            *((f"… {state}", number) for state, number in sorted(self.states.items())),
            *((f"… failed: {reason}", number) for reason, number in sorted(self.reasons.items())),
            *((f"… at attempt {attempt}", number) for attempt, number in sorted(self.attempts.items())),
            ("start after a kill, median", f"{restarts[len(restarts) // 2]:.2f} s"),
            ("lost, doubled or changed", len(self.faults)),
        ]
        return "\n".join(f"| {name} | {value} |" for name, value in [("", ""), ("---", "---"), *rows])


class Client(threading.Thread):
    """Sends jobs, and looks at the ends of some, until it is told to stop."""

    def __init__(self, server: Server, account: Account, number: int) -> None:
        super().__init__(daemon=True)
        self._server, self._account, self._number = server, account, number
        self._keys = (f"client {number} job {job}" for job in count())
        self._random = random.Random(number)
        self.stop = threading.Event()
        self._http: Http | None = None

    def run(self) -> None:
        """Send jobs."""
        bodies = [submission(), submission(), variational_submission()]
        for key in self._keys:
            body = self._random.choice(bodies)
            view = self._insist(lambda http, body=body, key=key: http.accepted(body, key))
            if view is None:
                return
            self._account.accepted(key, view.id)
            if self._random.random() < 0.1:
                self._insist(lambda http, job=view.id: http("POST", f"/v1/jobs/{job}/cancel"))
            if self._random.random() < 0.5:
                ending = self._insist(lambda http, job=view.id: ending_of(http, job, 5.0))
                if ending is not None and ending != _OPEN:
                    self._account.ended(view.id, ending)

    def _insist(self, ask):
        """Ask until there is an answer; None if it is time to stop."""
        while not self.stop.is_set():
            try:
                self._http = self._http or self._server.client()
                return ask(self._http)
            except (OSError, KeyError, AssertionError):
                self._http = None
                self.stop.wait(0.02)
        return None


_OPEN: _Ending = ("open", None)


def ending_of(http: Http, job_id: str, wait_s: float = 0.0) -> _Ending:
    """How a job ended: its state, and the checksum of its result."""
    view = http.job(job_id, wait_s)
    if view.state not in FINAL_STATES:
        return _OPEN
    if view.state != "done":
        return view.state, None if view.failure is None else view.failure.reason
    reply = http("GET", f"/v1/jobs/{job_id}/result")
    if reply.status != 200:
        raise AssertionError(f"job {job_id} is done, and its result is answered by {reply.status}")
    return "done", sha256(reply.body).hexdigest()


def drill(server: Server, *, nb_kills: int, nb_clients: int = 2, pause_s: float = 1.0, seed: int = 1) -> Report:
    """Kill a server ``nb_kills`` times, ``pause_s`` after its start on average, and look at all jobs afterwards."""
    account, moments, restarts = Account(), random.Random(seed), []
    server.start()
    clients = [Client(server, account, number) for number in range(nb_clients)]
    for client in clients:
        client.start()
    for _ in range(nb_kills):
        time.sleep(moments.uniform(0.0, 2 * pause_s))
        server.kill()
        began_s = time.monotonic()
        server.start()
        restarts.append(time.monotonic() - began_s)
    time.sleep(0.5)
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join(30.0)
    http = server.client()
    views = _all_ended(http)
    for view in views:
        account.ended(view.id, ending_of(http, view.id))
    return Report(
        nb_kills=nb_kills,
        nb_jobs=len(account.jobs),
        states=Counter(view.state for view in views),
        reasons=Counter(view.failure.reason for view in views if view.failure is not None),
        attempts=Counter(view.attempt for view in views),
        faults=[*account.changed, *_faults(account, views)],
        restart_s=restarts,
    )


def _all_ended(http: Http) -> list[JobView]:
    """All jobs, when they have ended."""
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        views = all_jobs(http)
        waiting = [view for view in views if view.state not in FINAL_STATES]
        if not waiting or time.monotonic() > deadline:
            return views
        http.job(waiting[0].id, wait_s=5.0)


def all_jobs(http: Http) -> list[JobView]:
    views, cursor = [], ""
    while True:
        reply = http("GET", f"/v1/jobs?limit=1000&order=oldest{cursor}")
        if reply.status != 200:
            raise AssertionError(f"the list of jobs is answered by {reply.status}: {reply.body[:300]!r}")
        page = msgspec.json.decode(reply.body, type=JobPage)
        views += page.items
        if page.next_cursor is None:
            return views
        cursor = f"&cursor={quote(page.next_cursor)}"


def _faults(account: Account, views: list[JobView]) -> list[str]:
    """What must not be: jobs that are lost, twice there, without an end, or accepted without a client's knowing."""
    known, there = set(account.jobs.values()), Counter(view.id for view in views)
    faults = [f"job {job} of a client is not there" for job in known - there.keys()]
    faults += [f"job {job} is there {number} times" for job, number in there.items() if number > 1]
    faults += [f"job {view.id} is still {view.state}" for view in views if view.state not in FINAL_STATES]
    unknown = len(there.keys() - known)
    # A client that was told to stop may not have heard of its last job.
    return faults + ([f"{unknown} jobs are there that nobody sent"] if unknown > len(account.jobs) else [])


def main() -> None:
    """Run the drill and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds from a start to the next kill, on average")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openqat-drill-") as folder:
        server = Server(Path(folder), ("--workers", "2"))
        report = drill(server, nb_kills=arguments.kills, pause_s=arguments.pause, seed=arguments.seed)
        server.stop()
    print(report.text())
    print("\n".join(report.faults))


if __name__ == "__main__":
    main()
