"""Dispatch policies and their queue alone, without the machine."""

from collections import Counter
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.model import Pool
from qhpc.scheduling.policies import POLICIES, FairShare, Fifo, Priority, RoundRobin, ShortestFirst, ShortestInShare
from qhpc.scheduling.policies.claims import Claims
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
        queue.now_s = item.arrival_s
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
    a, b = session("s"), session("o")
    for came_s, expected in ((359.0, "ba"), (361.0, "ab")):
        long = ready("a", 1, arrival_s=0.0, owner=a, duration_s=10)
        assert order(ShortestInShare(), long, ready("b", 2, arrival_s=came_s, owner=b, duration_s=1)) == expected


def test_what_is_prepared_for_longer_than_it_runs_is_hardly_reordered():
    ranks = []
    for latency_s in (0.0, 2.5, 10.0):
        policy = ShortestInShare()
        policy.serves(Pool(name="p", qpus=("q",), latency_s=latency_s))
        ranks.append(settled(policy, ready("a", 1, duration_s=10), 0.0))
    assert ranks == [400.0, 200.0, 80.0]
    assert settled(ShortestInShare(), ready("a", 1, duration_s=0.0), 7.0) == 7.0


def test_jobs_that_were_slowed_down_go_sooner():
    on_time, late = Past(1000.0, 0.0, 0), Past(1000.0, 300.0, 0)
    a, b = session("s"), session("o")
    items = ready("a", 1, owner=a, past=on_time, duration_s=10), ready("b", 2, owner=b, past=late, duration_s=20)
    assert order(ShortestInShare(), *items) == "ba"
    items = ready("a", 1, owner=a, past=late, duration_s=10), ready("b", 2, owner=b, past=late, duration_s=20)
    assert order(ShortestInShare(), *items) == "ab"


def settled(policy, item, now_s):
    """The rank of a task that is the first of its session from ``now_s`` on, which was the only one that waited."""
    policy.joined(item)
    rank, number = policy.settled(item, now_s)
    assert policy.rank(item) == (rank, number)
    policy.left(item)
    return rank


def test_behind_others_of_its_session_a_task_has_no_place_yet():
    policy = ShortestInShare()
    assert policy.rank(ready("a", 1)) == (inf, 1)
    queue = ReadyQueue(policy)
    for number, key in enumerate("ab"):
        queue.push(ready(key, number))
    queue.now_s = 1000.0
    assert queue.pop().rank == (400.0, 0), "as of 0 s, when it came"
    assert queue.pop().rank == (1400.0, 1), "as of 1000 s, when it became the first"


def test_what_is_asked_beyond_a_share_comes_when_it_is_earned():
    policy, greedy = ShortestInShare(), session("s", share=0.1)
    ranks = [settled(policy, ready(str(i), i, owner=greedy), 0.0) for i in range(33)]
    assert ranks[:31] == [400.0] * 31, "thirty cycles of 100 s are chance"
    assert ranks[31:] == [500.0, 600.0]


def test_what_others_left_is_not_held_against_a_session_for_ever():
    policy, greedy = ShortestInShare(), session("s", share=0.1)
    for i in range(1000):
        settled(policy, ready(str(i), i, owner=greedy), 10.0 * i)
    assert settled(policy, ready("t", 1000, owner=greedy), 10_000.0) == pytest.approx(10_000.0 + 30 * 100.0 + 400.0)
    policy.forget("s")
    assert settled(policy, ready("u", 1001, owner=greedy), 10_000.0) == 10_400.0


def test_of_many_tasks_at_a_time_only_what_others_are_kept_from_counts():
    """Alone a session earns all that it uses, beside an equal one half of it."""
    alone, beside = ShortestInShare(), ShortestInShare()
    mine, other = session("s", share=0.1), session("o", share=0.1, user="bob")
    beside.joined(ready("o", 0, owner=other))
    past = Past(0.0, 0.0, 5)
    ranks = [
        [settled(policy, ready(str(i), i, owner=mine, past=past), 10.0 * i) for i in range(90)]
        for policy in (alone, beside)
    ]
    assert ranks[0][-1] == 890.0 + 400.0
    assert ranks[1][-1] == pytest.approx(89 * 20.0 - 30 * 20.0 + 400.0)


def test_a_cut_task_comes_sooner_by_what_it_has_run():
    policy, long = ShortestInShare(), ready("a", 1, duration_s=10)
    assert settled(policy, long, 7.0) == 407.0
    long.remaining_s = 2.5
    assert settled(policy, long, 50.0) == 107.0


# ---------------------------------------------------------------- who waits
def test_promises_are_counted_once_and_forgotten():
    claims, s, o = Claims(), session("s", share=0.5), session("o", share=0.25, user="bob")
    assert claims.crowding(s) == 1.0, "nobody waits"
    for _ in range(2):
        claims.add(s, 2)
    claims.add(o, 2)
    assert claims.crowding(s) == claims.crowding(o) == 0.375
    claims.remove(s)
    claims.remove(s)
    assert claims.crowding(o) == 0.125
    claims.remove(o)
    assert claims.crowding(o) == 1.0


def test_what_a_user_is_promised_in_excess_counts_against_that_user():
    claims, ada = Claims(), session("ada", user="ada", share=0.5)
    eves = [session(f"eve{i}", user="eve", share=1.0) for i in range(10)]
    for each in (ada, *eves):
        claims.add(each, 1)
    assert (claims.crowding(ada), claims.crowding(eves[0])) == (1.5, 15.0)


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
