"""How long the dispatch machine thinks about a task: submitted, started, finished, while others wait.

python -m benchmarks.scheduling.machine
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from qhpc.scheduling.events import PoolAdded, SessionOpened, SliceFinished, TaskSubmitted
from qhpc.scheduling.instructions import Instruction, StartSlice
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Session, Task
from qhpc.scheduling.policies import POLICIES

NB_SESSIONS, NB_WAITING, NB_TASKS, NB_REPEATS = 100, 1000, 3000, 5


def main() -> None:
    """Print the best of the repeats for each policy, in CPU time."""
    for policy in POLICIES:
        task_s = min(seconds_a_task(policy) for _ in range(NB_REPEATS))
        print(f"{policy:18s} {1e6 * task_s:5.1f} us a task, {NB_WAITING} wait")


def seconds_a_task(policy: str) -> float:
    """CPU time for one more task and one that ends, with a thousand that wait."""
    machine = Machine({"p": policy})
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",))))
    for i in range(NB_SESSIONS):
        opened = Session(id=f"s{i}", user="u", account=f"a{i % 9}", pool="p", share=1 / NB_SESSIONS)
        machine.handle(SessionOpened(0.0, opened))
    running = started(machine.handle(*(submitted(i, 0.0) for i in range(NB_WAITING + 1))))
    begin_s = time.process_time()
    for i in range(NB_TASKS):
        machine.handle(submitted(NB_WAITING + 1 + i, float(i)))
        running = started(machine.handle(SliceFinished(float(i), "q", running.key, running.number, 0, 1.0)))
    return (time.process_time() - begin_s) / NB_TASKS


def submitted(number: int, now_s: float) -> TaskSubmitted:
    """A task of one of the sessions."""
    task = Task(key=f"t{number}", session=f"s{number % NB_SESSIONS}", duration_s=1.0 + number % 7)
    return TaskSubmitted(now_s, task)


def started(instructions: Iterable[Instruction]) -> StartSlice:
    """The slice that starts."""
    return next(each for each in instructions if isinstance(each, StartSlice))


if __name__ == "__main__":
    main()
