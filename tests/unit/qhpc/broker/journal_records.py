"""One record of each kind, as a broker has written them. ``python -m`` this writes the file of the present format."""

from pathlib import Path

from msgspec.structs import replace

from qat.comm.broker.messages import SubmitTask
from qhpc.broker.facts import (
    AlphaMoved,
    DriverSeen,
    Outcome,
    SessionIdentity,
    SliceError,
    SliceResult,
    TaskAcknowledged,
    TaskEnded,
    TaskPayload,
)
from qhpc.broker.journal import FORMAT, Journal
from qhpc.scheduling.events import (
    PolicyRestored,
    PoolAdded,
    QpuStateChanged,
    SessionClosed,
    SessionOpened,
    SessionRestored,
    SliceFailed,
    SliceFinished,
    TaskCancelled,
    TaskRestored,
    TaskSubmitted,
    TimePassed,
    WindowAnnounced,
    WindowWithdrawn,
)
from qhpc.scheduling.model import Pool, Session, Task, Window

RECORDED = Path(__file__).parent / "recorded"

SESSION = Session(
    id="ada:vqe.1", user="ada", account="phys", pool="p", share=0.25, priority_class="development", max_ready_tasks=7,
    max_qpu_s=60.0, releases_nodes=True, restart_s=20.0,
)  # fmt: skip
TASK = Task(
    key="ada:vqe.1/t", session="ada:vqe.1", duration_s=5.0, shots=100, priority=3, is_sliceable=True,
    is_repeatable=False,
)  # fmt: skip
SUBMITTED = SubmitTask("t", b"payload", 100, True, False, 5.0, 3)
OUTCOME = Outcome("failed", "q", 2.5, 1.5, "it broke", b"error")

FORMAT_1 = [
    DriverSeen("q", "i1"),
    SessionIdentity(1.0, "ada:vqe.1", "ada", 7, "phys", 12, 2, True),
    TaskPayload("ada:vqe.1", SUBMITTED),
    SliceResult("ada:vqe.1/t", 1, "q", 100, 3.0, 2.5, 0.5, b"result"),
    SliceError("ada:vqe.1/t", b"error"),
    TaskEnded("ada:vqe.1/t", OUTCOME),
    TaskAcknowledged("ada:vqe.1", ("t",)),
    PoolAdded(0.0, Pool(name="p", qpus=("q",), slice_s=4.0, prefetch_depth=2, latency_s=0.5), "fair-share"),
    QpuStateChanged(1.0, "q", "calibrating", 9.0, "calibration"),
    WindowAnnounced(1.0, "q", Window(id="w", start_s=5.0, end_s=9.0, reason="maintenance")),
    WindowWithdrawn(2.0, "q", "w"),
    SessionOpened(2.0, SESSION),
    SessionClosed(9.0, "ada:vqe.1", "the job has ended"),
    TaskSubmitted(2.5, TASK),
    TaskCancelled(3.0, "ada:vqe.1/t"),
    SliceFinished(6.0, "q", "ada:vqe.1/t", 1, 100, 2.5),
    SliceFailed(6.0, "q", "ada:vqe.1/t", 1, "it broke", True, True, 2.5),
    SessionRestored(7.0, SESSION, 2.0, 2.5),
    TaskRestored(7.0, TASK, 2.5, 1, 60, 3.0, 2.5, 1, 8.0, "q", 40),
    TimePassed(9.0),
]
"""As they were read when they were written; fields that came later have their defaults."""


def changed(records, *changes):
    """Records with others in the place of those of the same kind, and those of new kinds at the end."""
    by_kind = {type(change): change for change in changes}
    return [by_kind.pop(type(record), record) for record in records] + list(by_kind.values())


FORMAT_2 = changed(
    FORMAT_1,
    replace(FORMAT_1[1], waited_s=4.0, node_waited_s=8.0),
    replace(FORMAT_1[-3], quantum_s=4.5, nb_ended=3, told_s=15.0, took_s=14.0),
    replace(FORMAT_1[-2], begin_s=6.5),
    PolicyRestored(7.0, "p", {"phys": (2.5,)}),
)

FORMAT_3 = changed(FORMAT_2, replace(FORMAT_2[1], slurm_run="2026-11-28T11:40:03"))

FORMAT_4 = changed(FORMAT_3, replace(FORMAT_3[1], stack="vqe"))

FORMAT_5 = changed(FORMAT_4, AlphaMoved(8.0, "p", 1.25, 1.1))

FORMATS = {1: FORMAT_1, 2: FORMAT_2, 3: FORMAT_3, 4: FORMAT_4, 5: FORMAT_5}

if __name__ == "__main__":
    file = RECORDED / f"journal-{FORMAT}"
    file.unlink(missing_ok=True)
    with Journal(file) as journal:
        journal.append(*FORMATS[FORMAT])
