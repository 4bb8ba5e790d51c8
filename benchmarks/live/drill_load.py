"""The load of the drill: hybrid jobs whose results are known beforehand, sent through the access server; and a probe.

A client sends a job under a key until it is told that it was accepted, waits for its end, and looks at the result. The
probe is a program that runs quantum tasks one after the other straight at the broker, as a user's own batch job does.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from benchmarks.remote.drill import all_jobs
from benchmarks.remote.server import Http, Server
from benchmarks.remote.submissions import submission
from qat.comm.access.messages import FINAL_STATES, JobView
from qat.comm.arguments import decode_message, pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.core import Batch, Observable
from qat.core.errors import ServiceError
from qat.lang import RX, Program, X
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg, SharedQPU

POOL = "qpu"
NB_QUBITS = 5
_WAIT_S = 10.0
_T = TypeVar("_T")


def number_job(number: int, nb_shots: int) -> Any:
    """A job with one outcome: the number."""
    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for place in range(NB_QUBITS):
        if number >> (NB_QUBITS - 1 - place) & 1:
            program.apply(X, qubits[place])
    return program.to_circ().to_job(nbshots=nb_shots)


def is_number(result: Any, number: int) -> bool:
    """Whether a result is that of the job of a number."""
    return [(sample.state.int, sample.probability) for sample in result] == [(number, 1.0)]


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Attributes:
        body: its submission.
        is_right: whether a result is what it has to be.
        nb_shots: of all its tasks; 0 where they ask for none.
        runs_once: whether its tasks must not run again, even if nobody knows whether they ran.
    """

    body: bytes
    is_right: Callable[[Any], bool]
    nb_shots: int
    runs_once: bool = False


def batch_kind(seed: int, nb_jobs: int, nb_shots: int, *, runs_once: bool = False) -> Kind:
    """A batch of sampling tasks, all under way at once."""
    numbers = [random.Random(seed).randrange(1 << NB_QUBITS) for _ in range(nb_jobs)]
    batch = Batch([number_job(number, nb_shots) for number in numbers])
    body = submission(batch=batch, recipe=StackRecipe((_shared(is_repeatable=not runs_once),)))

    def is_right(results: Any) -> bool:
        return len(results) == nb_jobs and all(map(is_number, results, numbers))

    return Kind(body, is_right, nb_jobs * nb_shots, runs_once)


def loop_kind(nb_rounds: int) -> Kind:
    """A variational loop: one task after the other, whose last value is known from a run on this machine."""
    program = Program()
    program.apply(RX(program.new_var(float, "a")), program.qalloc(1))
    job = program.to_circ().to_job(observable=Observable.sigma_z(0, 1))
    keywords = {"method": "COBYLA", "x0": [0.4], "tol": 1e-9, "options": {"maxiter": nb_rounds}}
    value = (ScipyMinimizePlugin(**keywords) | LinAlg()).submit(job).value
    packed = {name: pack_argument(given, name) for name, given in keywords.items()}
    recipe = StackRecipe((ServiceCall("qat.plugins", "ScipyMinimizePlugin", (), packed), _shared()))
    return Kind(submission(job, recipe), lambda result: bool(abs(result.value - value) < 1e-12), 0)


def _shared(*, is_repeatable: bool = True) -> ServiceCall:
    keywords = {"is_repeatable": pack_argument(is_repeatable, "is_repeatable")}
    return ServiceCall("qat.qpus", "SharedQPU", (pack_argument(POOL, "pool"),), keywords)


def kinds() -> list[Kind]:
    """Short batches, batches of many tasks, batches of tasks that must not run twice, and loops."""
    return [batch_kind(1, 8, 50), batch_kind(2, 80, 10), batch_kind(3, 20, 20, runs_once=True), loop_kind(20)]


@dataclass
class Sent:
    """A job that was sent; times are of ``time.monotonic``."""

    key: str
    kind: Kind
    sent_s: float
    job_ids: set[str] = field(default_factory=set)
    view: JobView | None = None
    ended_s: float = 0.0
    is_right: bool = False


class Client(threading.Thread):
    """Sends job after job until it is told to stop, and then waits for the last one.

    Attributes:
        jobs: that it sent.
        stop: set it to have no more sent.
        give_up: set it to have nothing waited for.
    """

    def __init__(self, server: Server, number: int, all_kinds: list[Kind]) -> None:
        super().__init__(daemon=True)
        self._server, self._number, self._kinds = server, number, all_kinds
        self._http: Http | None = None
        self.jobs: list[Sent] = []
        self.stop, self.give_up = threading.Event(), threading.Event()

    def run(self) -> None:
        """Send jobs."""
        order = random.Random(self._number)
        for number in count():
            if self.stop.is_set():
                return
            sent = Sent(f"client {self._number} job {number}", order.choice(self._kinds), time.monotonic())
            self.jobs.append(sent)
            self._care(sent)

    def _care(self, sent: Sent) -> None:
        view = self._insist(lambda http: http.accepted(sent.kind.body, sent.key))
        while view is not None and view.state not in FINAL_STATES:
            sent.job_ids.add(view.id)
            view = self._insist(lambda http, job=view.id: http.job(job, _WAIT_S))
        if view is None:
            return
        sent.job_ids.add(view.id)
        sent.view, sent.ended_s = view, time.monotonic()
        if view.state == "done":
            sent.is_right = bool(self._insist(lambda http: sent.kind.is_right(result_of(http, view.id))))
        # a key that comes again, e.g. because the answer got lost, is the same job
        again = self._insist(lambda http: http.accepted(sent.kind.body, sent.key))
        sent.job_ids |= set() if again is None else {again.id}

    def _insist(self, ask: Callable[[Http], _T]) -> _T | None:
        """Ask until there is an answer; None if there is no time any more."""
        while not self.give_up.is_set():
            try:
                self._http = self._http or self._server.client()
                return ask(self._http)
            except (OSError, KeyError, AssertionError):
                self._http = None
                self.give_up.wait(0.05)
        return None


def result_of(http: Http, job_id: str) -> Any:
    """What a job that is done gave."""
    reply = http("GET", f"/v1/jobs/{job_id}/result")
    assert reply.status == 200, reply.body
    return decode_message(reply.body)


class Probe(threading.Thread):
    """Runs tasks one after the other at a broker, each as soon as the one before has ended.

    Attributes:
        right: when each task was submitted and when its right result was there.
        wrong: what came instead, of the others.
    """

    def __init__(self, broker: str, nb_shots: int = 5) -> None:
        super().__init__(daemon=True)
        self._broker, self._nb_shots = broker, nb_shots
        self.stop = threading.Event()
        self.right: list[tuple[float, float]] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        """Submit tasks."""
        qpu = SharedQPU(POOL, broker=self._broker)
        for number in count():
            if self.stop.wait(0.1):
                return
            number, begin_s = number % (1 << NB_QUBITS), time.monotonic()
            try:
                result = qpu.submit(number_job(number, self._nb_shots))
            except ServiceError as error:
                self.wrong.append(str(error))
                continue
            if is_number(result, number):
                self.right.append((begin_s, time.monotonic()))
            else:
                self.wrong.append(f"not {number}")


def all_ended(server: Server, deadline_s: float) -> list[JobView]:
    """All jobs that the server knows, when they have ended or time is up."""
    http = server.client()
    while True:
        views = all_jobs(http)
        waiting = [view for view in views if view.state not in FINAL_STATES]
        if not waiting or time.monotonic() > deadline_s:
            return views
        http.job(waiting[0].id, wait_s=5.0)
