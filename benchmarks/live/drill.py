"""``kill -9`` of whatever a centre consists of, at random moments under load: nothing is lost, doubled or wrong.

    python -m benchmarks.live.drill --kills 50 [--seed 1] [--only broker,driver] [--pause 2.5] [--clients 3]

A real centre: a private Slurm, a broker with an emulated QPU, an access server that gives its jobs to Slurm. Clients
send hybrid jobs whose results are known; a probe runs tasks at the broker without pause. What is killed is started
again as its keeper would: the broker and the driver by theirs, the rest at once by the drill. At the end the jobs,
their results, the broker's accounts and the driver's own record of what the QPU ran are held against each other.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from math import nan
from pathlib import Path
from statistics import median
from subprocess import TimeoutExpired
from typing import NamedTuple

from benchmarks.live.drill_books import Books, compared
from benchmarks.live.drill_load import POOL, Client, Probe, Sent, all_ended, kinds
from benchmarks.remote.server import Server
from qat.comm.access.messages import FINAL_STATES, JobView
from qat.shared.sessions import close_sessions
from qhpc.broker.drivers.slice_log import logged_slices
from qhpc.broker.driving import pid_of
from qhpc.broker.usage_reading import reading_usage
from qhpc.embedded.centre import TrialCentre, TrialShape
from qhpc.embedded.own_cluster import slurm_options
from qhpc.slurm.private_cluster import ClusterError

_END_S = 240.0
_BEGIN_S = 60.0
"""A job that Slurm says runs and that has not begun is launched again after so long."""
_LOOK_S = 0.05


class Kill(NamedTuple):
    """A process was killed: which, and when (monotonic)."""

    victim: str
    time_s: float


class Site:
    """A centre with an access server, all of whose parts can be killed.

    Args:
        directory: of its own, with a short path.
        seed: of the choice among several processes of a kind.
    """

    def __init__(self, directory: Path, seed: int) -> None:
        self.slice_log, self.nb_resumed = directory / "slices", 0
        shape = TrialShape(
            pool=POOL, units=100_000, slice_s=0.05, device={"shot_s": 0.002, "exact_s": 0.03},
            faults={"slice_log": str(self.slice_log)},
        )  # fmt: skip
        self.centre = TrialCentre(directory, shape)
        self.server = Server(directory / "home")
        self._random = random.Random(seed)

    @contextmanager
    def running(self) -> Iterator[Site]:
        """Within, it runs."""
        with self.centre:
            options = slurm_options(self.centre.cluster, self.centre.broker, {POOL: 1})
            told = json.dumps(options | {"conf": str(options["conf"]), "begin_s": _BEGIN_S})
            self.server.environment = {
                "QHPC_LAUNCHER": "slurm", "QHPC_SLURM": told, "QHPC_BROKER": self.centre.broker,
            }  # fmt: skip
            self.server.start()
            try:
                yield self
            finally:
                self.server.stop()

    def kill(self, victim: str) -> bool:
        """Kill one, and see to it that it is started again; whether there was one."""
        return _VICTIMS[victim](self)

    def kill_broker(self) -> bool:
        """Its keeper starts it again."""
        return _killed(self.centre.process.pid)

    def kill_driver(self) -> bool:
        """The broker starts it again."""
        return _killed(pid_of(self.centre.directory / "broker" / "drivers" / f"{self.centre.shape.qpus[0]}.sock"))

    def kill_server(self) -> bool:
        """The access server, started again at once."""
        self.server.kill()
        self.server.start()
        return True

    def kill_runner(self) -> bool:
        """The process of a job, on its node; nobody starts it again."""
        found = list[int]()
        until(lambda: found.extend(self.runners()) or found, "no job runs")
        return _killed(self._random.choice(found))

    def kill_daemon(self, name: str) -> bool:
        """A daemon of Slurm, or munged."""
        pid = self.centre.cluster.pid(name)
        if not _killed(pid):
            return False
        while self.centre.cluster.pid(name) == pid:
            time.sleep(_LOOK_S)
        self.centre.cluster.start_daemon(name)
        return True

    def resume_nodes(self) -> None:
        """As an operator does: after a crash Slurm drains nodes that still run what its controller has forgotten."""
        for node, state in self.centre.cluster.node_states().items():
            if state.startswith("drain"):
                with suppress(ClusterError, TimeoutExpired):
                    self.centre.cluster.call("scontrol", "update", f"NodeName={node}", "State=RESUME")
                    self.nb_resumed += 1

    def kill_slurmd(self) -> bool:
        """That of some node."""
        return self.kill_daemon(f"slurmd.{self._random.choice(self.centre.cluster.shape.nodes)}")

    def runners(self) -> Iterator[int]:
        """Processes of jobs of this centre."""
        spool = str(self.server.directory).encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"qhpc.access.runner.batch" in words and any(word.startswith(spool) for word in words):
                    yield int(folder.name)


_VICTIMS: dict[str, Callable[[Site], bool]] = {
    "broker": Site.kill_broker,
    "access server": Site.kill_server,
    "runner": Site.kill_runner,
    "slurmd": Site.kill_slurmd,
    "slurmctld": lambda site: site.kill_daemon("slurmctld"),
    "munged": lambda site: site.kill_daemon("munged"),
    "driver": Site.kill_driver,
}


def _killed(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class Seen(NamedTuple):
    """What was seen from outside.

    Attributes:
        kills: that were done.
        jobs: as the clients know them.
        views: all jobs, as the access server knows them at the end.
        tasks: of the probe: when each was submitted, and when its right result was there.
        wrong: what the probe was told instead.
        quiet: seconds that a task and a job take while nobody is killed; medians.
        nb_resumed: nodes that Slurm had drained, and that were resumed.
    """

    kills: Sequence[Kill]
    jobs: Sequence[Sent]
    views: Sequence[JobView]
    tasks: Sequence[tuple[float, float]]
    wrong: Sequence[str]
    quiet: tuple[float, float]
    nb_resumed: int


class Report(NamedTuple):
    """What came out; ``faults`` are what must not be."""

    seen: Seen
    books: Books
    faults: Sequence[str]

    def text(self) -> str:
        """Tables: by victim, and over all."""
        head = "| Victim | Kills | Task, median s | max s | Job, median s | max s |\n|---|---|---|---|---|---|"
        quiet = f"| nobody | 0 | {self.seen.quiet[0]:.2f} | | {self.seen.quiet[1]:.2f} | |"
        rows = [self._row(victim) for victim in dict.fromkeys(kill.victim for kill in self.seen.kills)]
        return "\n".join([head, quiet, *rows, "", *(f"| {name} | {value} |" for name, value in self._totals())])

    def _row(self, victim: str) -> str:
        times = [kill.time_s for kill in self.seen.kills if kill.victim == victim]
        jobs = [(sent.sent_s, sent.ended_s) for sent in self.seen.jobs if sent.is_right]
        columns = [[_recovery_s(time_s, ended) for time_s in times] for ended in (self.seen.tasks, jobs)]
        cells = [f"{function(column):.2f}" for column in columns for function in (median, max)]
        return f"| {victim} | {len(times)} | {' | '.join(cells)} |"

    def _totals(self) -> Iterator[tuple[str, object]]:
        books = self.books
        yield from (("", ""), ("---", "---"), ("kills", len(self.seen.kills)), ("jobs accepted", len(self.seen.views)))
        for state, number in sorted(Counter(view.state for view in self.seen.views).items()):
            yield f"… {state}", number
        failures = Counter(_reason(view) for view in self.seen.views if view.failure is not None)
        for reason, number in sorted(failures.items()):
            yield f"… failed: {reason}", number
        yield "… that ran again after a loss", sum(view.attempt > 1 for view in self.seen.views)
        yield "nodes that Slurm drained, and an operator resumed", self.seen.nb_resumed
        yield "tasks of the probe, all right", len(self.seen.tasks)
        yield "slices that the QPU began", books.nb_slices
        yield "… charged, each once", books.nb_charged
        yield "… cut by a kill of their driver", books.nb_cut
        yield "… begun again, their broker and driver both killed; charged once", books.nb_again
        yield "slices in the accounts as lost, not charged", books.nb_lost
        yield "slices that the QPU ran twice otherwise", len(books.run_twice)
        yield "slices recorded twice", len(books.recorded_twice)
        yield "slices charged wrongly, or not at all", sum(map(len, (books.missing, books.invented, books.miscounted)))
        yield "results wrong", sum(not sent.is_right for sent in self.seen.jobs if _is_done(sent))
        yield "jobs lost, without an end, or doubled; all faults", len(self.faults)


def _reason(view: JobView) -> str:
    return "" if view.failure is None else f"{view.failure.reason}: {_without_numbers(view.failure.message)}"


def _without_numbers(message: str) -> str:
    """The beginning of a message, the same for all jobs."""
    return re.sub(r"\d+|/\S+", "…", message.partition(";")[0])[:100]


def _is_done(sent: Sent) -> bool:
    return sent.view is not None and sent.view.state == "done"


def _recovery_s(time_s: float, ended: Sequence[tuple[float, float]]) -> float:
    """From a kill to the first right end of what was submitted after it."""
    return min((end_s for begin_s, end_s in ended if begin_s >= time_s), default=nan) - time_s


def drill(site: Site, victims: Sequence[str], *, pause_s: float, nb_clients: int, seed: int) -> Seen:
    """Kill the victims one after the other, ``pause_s`` apart on average, until all jobs have ended."""
    moments, kills = random.Random(seed), list[Kill]()
    all_kinds = kinds()
    clients = [Client(site.server, number, all_kinds) for number in range(nb_clients)]
    probe = Probe(site.centre.broker)
    for thread in (*clients, probe):
        thread.start()
    until(lambda: all(sum(sent.is_right for sent in client.jobs) > 1 for client in clients), "no job ends")
    quiet = _quiet(clients, probe)
    for victim in victims:
        time.sleep(moments.uniform(0.0, 2 * pause_s))
        site.resume_nodes()
        time_s = time.monotonic()
        if site.kill(victim):
            kills.append(Kill(victim, time_s))
            print(
                f"{len(kills)}/{len(victims)} {victim}, {time.monotonic() - time_s:.1f} s", file=sys.stderr, flush=True
            )
    until(lambda: all(_has_recovered(client, kills[-1]) for client in clients[:1]), "no job ends after the last kill")
    views = _stopped(site, clients, probe)
    jobs = [sent for client in clients for sent in client.jobs]
    return Seen(kills, jobs, views, probe.right, probe.wrong, quiet, site.nb_resumed)


def _has_recovered(client: Client, last: Kill) -> bool:
    return any(sent.is_right and sent.sent_s > last.time_s for sent in client.jobs)


def _quiet(clients: Sequence[Client], probe: Probe) -> tuple[float, float]:
    """How long a task and a job take while nobody is killed."""
    jobs_s = [sent.ended_s - sent.sent_s for client in clients for sent in client.jobs if sent.is_right]
    return median(end_s - begin_s for begin_s, end_s in probe.right), median(jobs_s)


def until(is_so: Callable[[], object], complaint: str) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it does not come.
    """
    deadline_s = time.monotonic() + _END_S
    while not is_so():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{complaint} within {_END_S:g} s")
        time.sleep(_LOOK_S)


def _stopped(site: Site, clients: Sequence[Client], probe: Probe) -> list[JobView]:
    """Let the last jobs end, and tell what the server knows of all."""
    deadline_s = time.monotonic() + _END_S
    for thread in (*clients, probe):
        thread.stop.set()
    for client in clients:
        client.join(max(0.0, deadline_s - time.monotonic()))
        client.give_up.set()
    probe.join(max(1.0, deadline_s - time.monotonic()))
    close_sessions()
    return all_ended(site.server, deadline_s)


def reported(site: Site, seen: Seen) -> Report:
    """Hold what was seen against the books of a centre that has ended, so that they are whole."""
    done = {view.id for view in seen.views if view.state == "done"}
    shots = {sent.view.id: sent.kind.nb_shots for sent in seen.jobs if sent.view is not None and sent.view.id in done}
    once = {job for sent in seen.jobs if sent.kind.runs_once for job in sent.job_ids}
    with reading_usage(site.centre.usage) as reader:
        books = compared(logged_slices(site.slice_log), reader.slices(), shots, once)
    faults = [*_faults_of_jobs(seen.jobs, seen.views), *(f"the probe was told: {wrong}" for wrong in seen.wrong)]
    for name in ("run_twice", "recorded_twice", "missing", "invented", "miscounted"):
        faults += [f"{name.replace('_', ' ')}: {each}" for each in getattr(books, name)]
    return Report(seen, books, faults)


def _faults_of_jobs(jobs: Sequence[Sent], views: Sequence[JobView]) -> Iterator[str]:
    """Jobs that are lost, doubled, without an end, with a wrong result, or failed without a reason."""
    there = Counter(view.id for view in views)
    for sent in jobs:
        if len(sent.job_ids) > 1:
            yield f"{sent.key} has several jobs: {sent.job_ids}"
        yield from (f"{sent.key}: job {job} is not there" for job in sent.job_ids - there.keys())
        if sent.view is None:
            yield f"{sent.key} was not answered"
        elif _is_done(sent) and not sent.is_right:
            yield f"{sent.key}: the result of job {sent.view.id} is wrong"
    yield from (f"job {view.id} is still {view.state}" for view in views if view.state not in FINAL_STATES)
    yield from (f"job {job} is there {number} times" for job, number in there.items() if number > 1)
    for view in views:
        if view.state in FINAL_STATES - {"done"} and not _reason(view):
            yield f"job {view.id} is {view.state}, and nobody says why"
    yield from (
        f"job {job} was sent by nobody" for job in there.keys() - {job for sent in jobs for job in sent.job_ids}
    )


def main() -> None:
    """Run the drill and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help=f"of {', '.join(_VICTIMS)}; separated by commas")
    parser.add_argument("--pause", type=float, default=2.5, help="seconds from a start to the next kill, on average")
    parser.add_argument("--clients", type=int, default=3, help="each has one job under way")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else list(_VICTIMS)
    if unknown := set(chosen) - _VICTIMS.keys():
        parser.error(f"nobody is called {', '.join(unknown)}: there are {', '.join(_VICTIMS)}")
    victims = list(islice(cycle(chosen), arguments.kills))
    random.Random(arguments.seed).shuffle(victims)
    directory = Path(tempfile.mkdtemp(prefix="drill", dir="/tmp"))
    with Site(directory, arguments.seed).running() as site:
        seen = drill(site, victims, pause_s=arguments.pause, nb_clients=arguments.clients, seed=arguments.seed)
    report = reported(site, seen)
    if report.faults:
        print(f"what happened is in {directory}", file=sys.stderr)
    else:
        shutil.rmtree(directory)
    print(report.text())
    print("\n".join(report.faults))
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
