"""Estimates of jobs beside what they take: seconds and bytes, for the workloads at several sizes.

    python -m benchmarks.engine.estimates                      # one thread, sizes of microseconds to half a second
    python -m benchmarks.engine.estimates --threads 1,2 --only qft --rounds 5

Both times are of the processor for one thread (so that neighbours do not count), of the clock for more. "first" is
what the first estimate of a process costs, measurements included; the others are of circuits not seen before.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.engine import workloads
from benchmarks.engine.peers.own_qpu import Adapter
from benchmarks.engine.peers.published import names

MAX_ROUND_S = 1.5


class Case(NamedTuple):
    """A job: its parameters have values in ``values`` when its gradient is asked for."""

    job: Any
    values: dict[str, float] | None = None


def _state(circuit: Callable[[Adapter], Any]) -> Callable[[Adapter], Case]:
    return lambda adapter: Case(adapter.circuit(circuit(adapter)).to_job())


def _energy(parts: tuple[Any, Any, list[float]]) -> Callable[[Adapter], Case]:
    circuit, observable, values = parts
    return lambda adapter: Case(adapter.job(workloads.bound(circuit, values), observable))


def _gradient(parts: tuple[Any, Any, list[float]]) -> Callable[[Adapter], Case]:
    circuit, observable, values = parts
    parameters = dict(zip(names(len(values)), values, strict=True))
    return lambda adapter: Case(adapter.job(circuit, observable), parameters)


def _terms(nb_qubits: int, nb_terms: int) -> Callable[[Adapter], Case]:
    layer = workloads.brickwork(nb_qubits, 2)
    return lambda adapter: Case(adapter.job(layer, workloads.random_observable(nb_qubits, nb_terms)))


def _shots(nb_qubits: int, nb_shots: int) -> Callable[[Adapter], Case]:
    return lambda adapter: Case(adapter.circuit(workloads.brickwork(nb_qubits, 4)).to_job(nbshots=nb_shots))


CASES: dict[str, Callable[[Adapter], Case]] = {
    **{f"qft {n}": _state(lambda _, n=n: workloads.fourier(n)) for n in (12, 16, 20, 23)},
    **{f"brickwork {n} x 20": _state(lambda _, n=n: workloads.brickwork(n, 20)) for n in (10, 14, 17, 20, 22)},
    **{f"clifford+t {n}, 1000 gates": _state(lambda _, n=n: workloads.clifford_t(n, 1000)) for n in (12, 16, 20)},
    **{f"grover {n} x 10": _state(lambda _, n=n: workloads.grover(n, 10)) for n in (12, 16, 20)},
    **{f"qaoa p=4 {n}: energy": _energy(workloads.qaoa(n, 4)) for n in (10, 16, 20, 22)},
    **{f"qaoa p=4 {n}: gradient": _gradient(workloads.qaoa(n, 4)) for n in (10, 16, 20)},
    **{f"ucc {name}: energy": _energy(workloads.coupled_cluster(name)) for name in ("h2_sto3g", "lih_sto3g")},
    **{f"ucc {name}: gradient": _gradient(workloads.coupled_cluster(name)) for name in ("h2_sto3g", "lih_sto3g")},
    **{f"{k} terms, {n} qubits": _terms(n, k) for n, k in ((12, 5000), (16, 5000), (18, 1000), (20, 200))},
    **{f"{k} shots, {n} qubits": _shots(n, k) for n, k in ((14, 10_000), (20, 1_000_000), (22, 1000))},
}


def _run(adapter: Adapter, job: Any, values: dict[str, float] | None) -> Callable[[], Any]:
    if values is None:
        return lambda: adapter.qpu.submit(job)
    return lambda: adapter.qpu.value_and_gradient(job, values)


def _times(call: Callable[[], Any], clock: Callable[[], float], nb_rounds: int) -> list[float]:
    found: list[float] = []
    while len(found) < nb_rounds and sum(found) < MAX_ROUND_S:
        start = clock()
        call()
        found.append(clock() - start)
    return found


def rows(nb_threads: int, nb_rounds: int, only: str) -> Iterator[str]:
    """The table."""
    clock = time.process_time if nb_threads == 1 else time.perf_counter
    yield "| job | estimated, ms | measured, ms | ratio | MiB | estimating, ms |"
    yield "|---|---|---|---|---|---|"
    ratios: list[float] = []
    for name, case in CASES.items():
        if only not in name:
            continue
        adapter = Adapter(nb_threads)
        job, values = case(adapter)
        start = clock()
        needed = adapter.qpu.estimate(job, gradient=values is not None)
        cost_s = clock() - start
        run = _run(adapter, job, values)
        run()
        seconds = statistics.median(_times(run, clock, nb_rounds))
        needed = adapter.qpu.estimate(job, gradient=values is not None)
        ratios.append(needed.duration_s / seconds)
        first = " (first)" if len(ratios) == 1 else ""
        yield (
            f"| {name} | {1e3 * needed.duration_s:.3g} | {1e3 * seconds:.3g} | {ratios[-1]:.2f} "
            f"| {needed.nb_bytes / 2**20:.0f} | {1e3 * cost_s:.2f}{first} |"
        )
    nb_within = sum(0.5 <= ratio <= 2 for ratio in ratios)
    yield ""
    yield f"{nb_within} of {len(ratios)} within a factor of 2; ratios {min(ratios):.2f} to {max(ratios):.2f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", default="1", help="numbers of threads, separated by commas")
    parser.add_argument("--rounds", type=int, default=5, help="most runs of a job; their median counts")
    parser.add_argument("--only", default="", help="jobs whose names contain this")
    options = parser.parse_args()
    for nb_threads in map(int, options.threads.split(",")):
        print(f"\n{nb_threads} thread{'s' * (nb_threads > 1)}\n")
        for row in rows(nb_threads, options.rounds, options.only):
            print(row, flush=True)


if __name__ == "__main__":
    main()
