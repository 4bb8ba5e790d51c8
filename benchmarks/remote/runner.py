"""The local launcher and its runners: what it costs to run a job in another process, and how many it runs a second.

    python -m benchmarks.remote.runner [--jobs 1000] [--runners 2]

Small jobs: 4-qubit GHZ, exact samples. "bare" runs the same submission, from message to message, in this process, in
turns with the launcher, so that both see the same weather on the machine. No server, store or network.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import count, pairwise
from statistics import median, quantiles

import msgspec

from qat.comm.access.messages import Resources, Submission
from qat.comm.arguments import pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.comm.wire import encode
from qat.core import Batch, Job, Observable
from qat.core.progress import report_evaluation
from qat.lang.AQASM import CNOT, RX, H, Program
from qhpc.access.catalogue import ClerkCatalogue
from qhpc.access.launchers.local import LocalLauncher, LocalSettings
from qhpc.access.launchers.protocol import Ended, Launch, Lost
from qhpc.access.rebuild.submissions import read_submission
from qhpc.access.rebuild.table import ServiceTable
from qhpc.access.runner.execution import execute

LINALG = ServiceCall("qat.qpus", "LinAlg")
NB_EVALUATIONS = 500


def ghz(nb_qubits: int) -> Job:
    """Exact samples of a GHZ state."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for left, right in pairwise(qubits):
        CNOT(left, right)
    return program.to_circ().to_job()


def ansatz(nb_qubits: int) -> Job:
    """Energy of a chain, one angle for each qubit."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for index, qubit in enumerate(qubits):
        RX(program.new_var(float, f"a{index}"))(qubit)
    for left, right in pairwise(qubits):
        CNOT(left, right)
    observable = sum(
        (Observable.sigma_z(index, nb_qubits) for index in range(1, nb_qubits)), Observable.sigma_z(0, nb_qubits)
    )
    return program.to_circ().to_job(observable=observable)


def submission(job: Job, *services: ServiceCall) -> bytes:
    """One job as a message."""
    recipe = StackRecipe((*services, LINALG))
    return msgspec.msgpack.encode(Submission(recipe=recipe, batch=encode(Batch([job])), is_single=True))


def cobyla() -> bytes:
    """A search of so many evaluations as a message."""
    options = {"maxiter": NB_EVALUATIONS}
    values = {"method": "COBYLA", "tol": 1e-12, "x0": [0.1] * 6, "options": options}
    keywords = {name: pack_argument(value, name) for name, value in values.items()}
    return submission(ansatz(6), ServiceCall("qat.plugins", "ScipyMinimizePlugin", (), keywords))


class Bench:
    """Submits, and waits for the end."""

    def __init__(self, launcher: LocalLauncher) -> None:
        self._launcher, self._reports = launcher, launcher.reports()
        self._numbers = count()

    async def submit(self, message: bytes) -> str:
        """Submit a job."""
        resources = Resources(max_time_s=600.0, memory_bytes=1 << 30)
        launch = Launch(job_id="", owner="ada", attempt=1, submission=message, resources=resources)
        return await self._launcher.submit(replace(launch, job_id=f"job-{next(self._numbers)}"))

    async def end(self) -> Ended:
        """The next end of a job."""
        async for report in self._reports:
            if isinstance(report, Ended | Lost):
                assert isinstance(report, Ended) and report.result is not None, report
                return report
        raise AssertionError("the launcher was closed")

    async def timed(self, message: bytes) -> float:
        """Seconds from submission to result."""
        begin_s = time.perf_counter()
        await self.submit(message)
        await self.end()
        return time.perf_counter() - begin_s

    async def throughput(self, message: bytes, nb_jobs: int, nb_runners: int) -> float:
        """Jobs a second, with all runners busy."""
        begin_s = time.perf_counter()
        for _ in range(nb_runners):
            await self.submit(message)
        for index in range(nb_jobs):
            await self.end()
            if index < nb_jobs - nb_runners:
                await self.submit(message)
        return nb_jobs / (time.perf_counter() - begin_s)


def bare(message: bytes, table: ServiceTable) -> float:
    """Seconds for the same in this process."""
    begin_s = time.perf_counter()
    execute(read_submission(message), table, "bare")
    return time.perf_counter() - begin_s


def figures(times_s: list[float]) -> str:
    """Median, best tenth and 99 % in milliseconds."""
    cuts = quantiles(times_s, n=100)
    return f"median {median(times_s) * 1e3:6.2f} ms   best tenth {cuts[9] * 1e3:6.2f} ms   p99 {cuts[98] * 1e3:7.2f} ms"


async def in_turns(bench: Bench, message: bytes, nb_jobs: int) -> tuple[list[float], list[float]]:
    """Times of the launcher and of this process."""
    table = ServiceTable()
    launched, here = [], []
    for index in range(nb_jobs + 20):
        pair = await bench.timed(message), bare(message, table)
        if index >= 20:
            launched.append(pair[0])
            here.append(pair[1])
    return launched, here


async def measure(nb_jobs: int, nb_runners: int) -> None:
    """Print all figures."""
    async for bench in opened(LocalSettings(nb_runners=nb_runners, niceness=0)):
        small = submission(ghz(4))
        launched, here = await in_turns(bench, small, nb_jobs)
        print(f"small job, launcher   {figures(launched)}")
        print(f"small job, bare       {figures(here)}")
        print(f"added by the launcher {(median(launched) - median(here)) * 1e3:.2f} ms at the median")
        launched, here = await in_turns(bench, cobyla(), 10)
        print(f"COBYLA, {NB_EVALUATIONS} evaluations, launcher {figures(launched)}")
        print(f"COBYLA, {NB_EVALUATIONS} evaluations, bare     {figures(here)}")
        rate = await bench.throughput(small, nb_jobs, nb_runners)
        print(f"throughput, {nb_runners} runners {rate:.0f} jobs/s")
    print(f"inspection            {figures(await inspections(nb_jobs))}")
    print(f"progress, nobody listens {nobody_listens() * 1e6:.3f} us an evaluation")


async def opened(settings: LocalSettings) -> AsyncIterator[Bench]:
    """A launcher, closed at the end."""
    launcher = LocalLauncher(settings)
    await launcher.open()
    try:
        yield Bench(launcher)
    finally:
        await launcher.close()


async def inspections(nb_jobs: int) -> list[float]:
    """Times of inspections."""
    catalogue = ClerkCatalogue()
    await catalogue.open()
    message, times_s = submission(ghz(4)), []
    for _ in range(nb_jobs):
        begin_s = time.perf_counter()
        await catalogue.inspect(message)
        times_s.append(time.perf_counter() - begin_s)
    await catalogue.close()
    return times_s


def nobody_listens(nb_calls: int = 1_000_000) -> float:
    """Seconds to tell an evaluation to nobody."""
    parameters = {"a": 1.0}
    call: Callable[[int, float, dict[str, float]], None] = report_evaluation
    begin_s = time.perf_counter()
    for index in range(nb_calls):
        call(index, 0.5, parameters)
    return (time.perf_counter() - begin_s) / nb_calls


def main() -> None:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--runners", type=int, default=2)
    options = parser.parse_args()
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"{len(os.sched_getaffinity(0))} cores, load {load}")
    asyncio.run(measure(options.jobs, options.runners))


if __name__ == "__main__":
    main()
