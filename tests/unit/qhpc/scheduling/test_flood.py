"""One session floods the QPU with thousands of tasks at once, another asks for one after the other."""

import pytest

from qhpc.scheduling.instructions import StartSlice
from qhpc.scheduling.model import Pool

from .scenes import came, ended, machine, session

POOL = Pool(name="p", qpus=("q",))
NB_FLOOD, NB_ASKED, TASK_S = 3000, 40, 0.05


def turns_passed(policy, share):
    """For each task of the one who asks: how many tasks of the flood began between its coming and its beginning."""
    flood, asking = session("eve", share=share), session("ada", share=share)
    made = machine(policy, pool=POOL, sessions=(flood, asking))
    out = made.handle(*(came(0.0, f"eve{number}", "eve", duration_s=TASK_S) for number in range(NB_FLOOD)))
    now_s, passed, waits = 0.0, [], None
    while len(passed) < NB_ASKED:
        (start,) = [each for each in out if isinstance(each, StartSlice)]
        if start.key.startswith("ada"):
            passed.append(waits)
            waits = None
        elif waits is not None:
            waits += 1
        now_s += TASK_S
        out = made.handle(ended(now_s, start.key, start.number, busy_s=TASK_S))
        if waits is None:
            made.handle(came(now_s, f"ada{len(passed)}", "ada", duration_s=TASK_S))
            waits = 0
    return passed


@pytest.mark.parametrize("policy", ["shortest-in-share", "share-deadline", "round-robin"])
def test_who_keeps_to_an_admitted_share_is_not_held_up(policy):
    passed = turns_passed(policy, share=0.5)
    assert max(passed) <= 31, "the tolerance of thirty cycles, and the task that runs"
    assert sorted(passed)[NB_ASKED // 2] <= 1, "half of the time the QPU is ada's, as her share says"


def test_where_nobody_admits_shares_turns_do_the_same():
    """Shares that sum up to more than the QPU promise too much; an order by shares cannot keep that."""
    assert max(turns_passed("round-robin", share=1.0)) <= 1
    assert max(turns_passed("shortest-in-share", share=1.0)) >= 30
