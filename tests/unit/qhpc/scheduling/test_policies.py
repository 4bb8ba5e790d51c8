"""Dispatch policies and their queue alone, without the machine."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.policies import POLICIES, FairShare, Fifo, Priority, RoundRobin, ShortestFirst, ShortestInShare
from qhpc.scheduling.policies.protocol import NO_PAST, Past, ReadyTask
from qhpc.scheduling.ready_queue import ReadyQueue

from .scenes import session, task


def ready(key, number, *, arrival_s=None, past=NO_PAST, owner=None, **fields):
    owner = owner or session()
    return ReadyTask(task(key, owner.id, **fields), owner, number if arrival_s is None else arrival_s, number, past)


def drained(queue):
    return [item.task.key for item in iter(queue.pop, None)]


def order(policy, *items):
    queue = ReadyQueue(policy)
    for item in items:
        queue.push(item)
    looked_at = [item.task.key for item in queue.in_order()]
    assert drained(queue) == looked_at
    return "".join(looked_at)


def test_first_come_first_served():
    assert order(Fifo(), ready("a", 1, duration_s=9), ready("b", 2, duration_s=1)) == "ab"


def test_priority_then_arrival():
    items = ready("a", 1), ready("b", 2, priority=5), ready("c", 3, priority=5)
    assert order(Priority(), *items) == "bca"


def test_shortest_first_until_a_task_is_old():
    assert order(ShortestFirst(), ready("a", 1, duration_s=9), ready("b", 2, duration_s=1)) == "ba"
    old = ready("a", 1, arrival_s=0.0, duration_s=9)
    assert order(ShortestFirst(0.1), old, ready("b", 2, arrival_s=81.0, duration_s=1)) == "ab"
    assert order(ShortestFirst(0.0), old, ready("b", 2, arrival_s=1e6, duration_s=1)) == "ba"


def test_ageing_is_not_negative():
    with pytest.raises(ValueError, match="ageing is -1"):
        ShortestFirst(-1)


def test_sessions_take_turns():
    s, o = session("s"), session("o")
    queue = ReadyQueue(RoundRobin())
    for number, (key, owner) in enumerate([("a", s), ("b", s), ("c", o)]):
        queue.push(ready(key, number, owner=owner))
    first = queue.pop()
    queue.charged(first, 1.0)
    assert [first.task.key, *drained(queue)] == ["a", "c", "b"]


def test_the_account_that_used_least_goes_first():
    a, b = session("s", account="a"), session("o", account="b")
    queue = ReadyQueue(FairShare())
    items = [ready("a1", 1, owner=a), ready("a2", 2, owner=a), ready("b1", 3, owner=b), ready("b2", 4, owner=b)]
    for item in items:
        queue.push(item)
    out = []
    while (item := queue.pop()) is not None:
        out.append(item.task.key)
        queue.charged(item, 10.0 if item.task.key == "a1" else 4.0)
    assert out == ["a1", "b1", "b2", "a2"]


def test_a_new_account_owes_what_the_least_has_used():
    policy = FairShare()
    policy.charge("old", 100.0)
    assert policy.lane_rank("new") == 100.0


# ---------------------------------------------------------------- shortest in share
def test_the_shortest_goes_first_until_another_lost_its_patience():
    long = ready("a", 1, arrival_s=0.0, duration_s=10)
    assert order(ShortestInShare(), long, ready("b", 2, arrival_s=359.0, duration_s=1)) == "ba"
    long = ready("a", 1, arrival_s=0.0, duration_s=10)
    assert order(ShortestInShare(), long, ready("b", 2, arrival_s=361.0, duration_s=1)) == "ab"


def test_jobs_that_were_slowed_down_go_sooner():
    on_time, late = Past(1000.0, 0.0, 0), Past(1000.0, 300.0, 0)
    a, b = session("s"), session("o")
    items = ready("a", 1, owner=a, past=on_time, duration_s=10), ready("b", 2, owner=b, past=late, duration_s=20)
    assert order(ShortestInShare(), *items) == "ba"
    items = ready("a", 1, owner=a, past=late, duration_s=10), ready("b", 2, owner=b, past=late, duration_s=20)
    assert order(ShortestInShare(), *items) == "ab"


def test_what_is_asked_beyond_a_share_comes_when_it_is_earned():
    policy, greedy = ShortestInShare(), session("s", share=0.1)
    ranks = [policy.rank(ready(str(i), i, arrival_s=0.0, owner=greedy, past=Past(0, 0, i)))[0] for i in range(33)]
    assert ranks[:31] == [400.0] * 31, "thirty cycles of 100 s are chance"
    assert ranks[31:] == [500.0, 600.0]


def test_what_others_left_is_not_held_against_a_session_for_ever():
    policy, greedy = ShortestInShare(), session("s", share=0.1)
    for i in range(1000):
        policy.rank(ready(str(i), i, arrival_s=10.0 * i, owner=greedy))
    rank, _ = policy.rank(ready("t", 1000, arrival_s=10_000.0, owner=greedy))
    assert rank == pytest.approx(10_000.0 + 30 * 100.0 + 400.0)
    policy.forget("s")
    assert policy.rank(ready("u", 1001, arrival_s=10_000.0, owner=greedy))[0] == 10_400.0


def test_a_cut_task_keeps_its_place():
    policy, long = ShortestInShare(), ready("a", 1, duration_s=10)
    rank = policy.rank(long)
    long.remaining_s = 3.0
    assert policy.rank(long) == rank


# ---------------------------------------------------------------- the queue, whatever the policy
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["push"] * 3 + ["pop", "remove", "charge"]), st.integers(0, 9), st.floats(0.0, 50.0)),
    max_size=60,
)


@pytest.mark.parametrize("policy", POLICIES)
@given(OPERATIONS)
def test_the_queue_gives_the_least_rank_and_loses_nothing(policy, operations):
    queue = ReadyQueue(POLICIES[policy]())
    owners = [
        session(f"s{i}", account=f"a{i % 2}", priority_class=("production", "development")[i % 2]) for i in (0, 1, 2)
    ]
    waiting, seen = {}, Counter()
    for number, (what, choice, seconds) in enumerate(operations):
        if what == "push":
            item = ready(f"t{number}", number, owner=owners[choice % 3], duration_s=seconds, priority=choice)
            waiting[item.task.key] = item
            queue.push(item)
        elif what == "pop":
            expected = next(queue.in_order(), None)
            assert queue.peek() is expected and queue.pop() is expected
            if expected is not None:
                seen[expected.task.key] += 1
                del waiting[expected.task.key]
        elif waiting:
            item = list(waiting.values())[choice % len(waiting)]
            if what == "remove":
                queue.remove(item)
                del waiting[item.task.key]
            else:
                queue.charged(item, seconds)
        assert len(queue) == len(waiting)
    classes = [item.class_rank for item in queue.in_order()]
    assert classes == sorted(classes)
    rest = drained(queue)
    assert sorted(rest) == sorted(waiting) and not set(rest) & set(seen) and set(seen.values()) <= {1}
