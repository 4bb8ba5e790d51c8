"""Others flood the QPU with thousands of tasks at once; one session asks for one after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.instructions import StartSlice
from qhpc.scheduling.model import Pool

from .scenes import came, ended, machine, session

POOL = Pool(name="p", qpus=("q",))
NB_ASKED, TASK_S = 40, 0.05


def turns_passed(policy, *, share, nb_sessions=1, nb_flood=3000, depth=1):
    """For each task of ada, who asks: how many of eve's began between its coming and its beginning."""
    flood = [session(f"eve{i}", user="eve", share=share) for i in range(nb_sessions)]
    pool = Pool(name="p", qpus=("q",), prefetch_depth=depth)
    made = machine(policy, pool=pool, sessions=(*flood, session("ada", user="ada", share=share)))
    tasks = [(f"{each.id}.{i}", each.id) for each in flood for i in range(nb_flood // nb_sessions)]
    out = made.handle(*(came(0.0, key, owner, duration_s=TASK_S) for key, owner in tasks))
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


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_shares_that_are_more_than_the_qpu_do_not_matter(depth):
    """One task of the flood goes before, and those that were prepared."""
    assert max(turns_passed("shortest-in-share", share=1.0, depth=depth)) <= 3 + depth


def test_one_user_with_many_sessions_gets_no_more_than_one_user():
    passed = turns_passed("shortest-in-share", share=1.0, nb_sessions=50)
    assert max(passed) <= 52, "each session of the flood goes before once"
    assert sorted(passed)[NB_ASKED // 2] <= 2, "as a rule they take turns with ada, not with each other"


@given(
    share=st.floats(0.05, 1.0),
    flood_s=st.lists(st.floats(0.01, 20.0), min_size=1, max_size=6),
    own_s=st.floats(0.01, 5.0),
    depth=st.integers(0, 3),
)
def test_the_wait_has_a_bound_whatever_others_do(share, flood_s, own_s, depth):
    """Forty times the task itself, and one task of each other session; those that were prepared may be two."""
    names = [f"eve{i}" for i in range(len(flood_s))]
    sessions = [*(session(name, user=name, share=share) for name in names), session("ada", share=share)]
    made = machine("shortest-in-share", pool=Pool(name="p", qpus=("q",), prefetch_depth=depth), sessions=sessions)
    lengths = dict(zip(names, flood_s, strict=True))
    out = made.handle(*(came(0.0, f"{name}.{i}", name, duration_s=lengths[name]) for i in range(150) for name in names))
    now_s, asked_s, nb_done = 0.0, None, 0
    while nb_done < 3 and (starts := [each for each in out if isinstance(each, StartSlice)]):
        owner = starts[0].key.partition(".")[0]
        if owner == "ada":
            assert now_s - asked_s <= 40 * own_s + 2 * sum(flood_s) + (1 + depth) * max(flood_s) + 1e-6
            nb_done, asked_s = nb_done + 1, None
        length_s = own_s if owner == "ada" else lengths[owner]
        now_s += length_s
        out = made.handle(ended(now_s, starts[0].key, starts[0].number, busy_s=length_s))
        if asked_s is None:
            out += made.handle(came(now_s, f"ada.{nb_done}", "ada", duration_s=own_s))
            asked_s = now_s
