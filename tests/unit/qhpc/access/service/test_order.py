"""The queue is fair, first come first served within a user, and its positions are true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.access.service.order import FairQueue

owners = st.sampled_from(["ada", "bob", "eve"])
pushes = st.lists(st.tuples(owners, st.booleans()), max_size=30)


def filled(entries):
    queue = FairQueue()
    for number, (owner, is_first) in enumerate(entries):
        queue.push(owner, f"{owner}{number}", is_first=is_first)
    return queue


def emptied(queue):
    order = []
    while (job := queue.pop()) is not None:
        order.append(job)
    return order


@given(pushes)
def test_every_job_comes_out_once(entries):
    queue = filled(entries)
    assert len(queue) == len(entries)
    assert sorted(emptied(queue)) == sorted(f"{owner}{number}" for number, (owner, _) in enumerate(entries))
    assert len(queue) == 0


@given(pushes, st.integers(0, 10))
def test_positions_are_the_order_in_which_jobs_come_out(entries, nb_taken):
    queue = filled(entries)
    for _ in range(nb_taken):
        queue.pop()
    names = {f"{owner}{number}": owner for number, (owner, _) in enumerate(entries)}
    positions = {name: queue.position(owner, name) for name, owner in names.items()}
    order = emptied(queue)
    assert {name: order.index(name) if name in order else None for name in names} == positions


@given(st.lists(owners, min_size=1, max_size=30))
def test_no_user_waits_for_two_jobs_of_another(arrivals):
    order = [job[:3] for job in emptied(filled([(owner, False) for owner in arrivals]))]
    for place, owner in enumerate(order):
        since = order[max((earlier + 1 for earlier in range(place) if order[earlier] == owner), default=0) : place]
        assert len(since) == len(set(since))


def test_users_that_may_not_start_are_passed_over():
    queue = filled([("ada", False), ("bob", False)])
    assert queue.pop(lambda owner: owner != "ada") == "bob1"
    assert queue.pop(lambda owner: owner != "ada") is None
    assert len(queue) == 1


def test_a_job_is_taken_out():
    queue = filled([("ada", False), ("ada", False)])
    assert queue.remove("ada", "ada0")
    assert not queue.remove("ada", "ada0")
    assert not queue.remove("eve", "ada1")
    assert (queue.count("ada"), queue.position("ada", "ada1"), queue.position("ada", "ada0")) == (1, 0, None)


@pytest.mark.parametrize(("is_first", "order"), [(True, ["ada1", "ada0"]), (False, ["ada0", "ada1"])])
def test_a_job_that_was_not_run_comes_before_the_others(is_first, order):
    assert emptied(filled([("ada", False), ("ada", is_first)])) == order


def test_a_job_that_is_pushed_twice_waits_once():
    queue = FairQueue()
    queue.push("ada", "a")
    queue.push("ada", "a")
    assert len(queue) == 1
