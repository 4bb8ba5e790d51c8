"""How fast: a large simulation, and one dispatch decision. CPU time of one core.

PYTHONPATH=src python -m benchmarks.scheduling.speed                 # 10 000 jobs, 1 000 000 tasks, 20 QPUs
PYTHONPATH=src python -m benchmarks.scheduling.speed --jobs 1000
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from statistics import median

from qhpc.lab.bounds import bounds_of, check
from qhpc.lab.comparison import DEFAULT
from qhpc.lab.measures import measure
from qhpc.lab.scenario import Jobs, QpuPool, Scenario
from qhpc.lab.simulation import simulate
from qhpc.scheduling.events import PoolAdded, SessionOpened, SliceFinished, TaskSubmitted
from qhpc.scheduling.instructions import StartSlice
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Session, Task
from qhpc.scheduling.policies import POLICIES


def simulation(nb_jobs: int) -> None:
    group = Jobs(
        name="j", count=nb_jobs, nb_phases=100, quantum_s=10.0, classical_s=90.0, spread="exponential", nb_users=100
    )
    scenario = Scenario(name="large", jobs=(group,), pools=(QpuPool(nb_qpus=20),))
    times = [time.process_time()]
    workload = scenario.workload(0)
    times.append(time.process_time())
    trace = simulate(workload, DEFAULT.policy(), DEFAULT.dispatch)
    times.append(time.process_time())
    bounds = bounds_of(workload)
    check(trace, bounds)
    measures = measure(trace, bounds)
    times.append(time.process_time())
    drawn, simulated, measured = (end - begin for begin, end in pairwise(times))
    reached = f"U {measures.utilisation:.3f}, stretch {measures.stretch_mean:.2f}"
    print(f"{nb_jobs} jobs, {nb_jobs * 100} tasks, 20 QPUs: {reached}")
    print(f"draw {drawn:.1f} s, simulate {simulated:.1f} s, bounds and measures {measured:.1f} s")


def decision_us(policy: str, nb_ready: int = 1000, nb_decisions: int = 3000) -> float:
    """Median time of a decision: a slice ends, the next one starts, with so many ready tasks of as many sessions."""
    machine = Machine({"p": policy})
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",))))
    running: StartSlice | None = None
    for number in range(nb_ready + 1):
        session = Session(id=f"s{number}", user="u", account=f"a{number % 10}", pool="p", share=0.1)
        machine.handle(SessionOpened(0.0, session))
        for instruction in machine.handle(_submitted(number, number, 0.0)):
            running = instruction if isinstance(instruction, StartSlice) else running
    took = []
    for decision in range(nb_decisions):
        assert running is not None
        ended = SliceFinished(float(decision), "q", running.key, running.number, 0, 1.0)
        owner = int(running.key.partition("/")[0])
        begin = time.perf_counter()
        for instruction in machine.handle(ended):
            running = instruction if isinstance(instruction, StartSlice) else running
        took.append(time.perf_counter() - begin)
        machine.handle(_submitted(owner, nb_ready + 1 + decision, float(decision)))
    return median(took) * 1e6


def _submitted(owner: int, number: int, time_s: float) -> TaskSubmitted:
    return TaskSubmitted(time_s, Task(key=f"{owner}/{number}", session=f"s{owner}", duration_s=1.0 + number % 7))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    chosen = parser.parse_args()
    for policy in POLICIES:
        print(f"{policy}: {decision_us(policy):.1f} us a decision with 1000 ready tasks")
    simulation(chosen.jobs)


if __name__ == "__main__":
    main()
