"""The broker's time, whatever is done to the clock of the machine."""

import pytest

from qhpc.broker.clock import BrokerClock

from .world import World


class Machine:
    """A machine: the time of day, and seconds since it was switched on."""

    def __init__(self):
        self.wall_s, self.steady_s = 1e9, 50.0

    def passes(self, length_s, step_s=0.0):
        self.steady_s += length_s
        self.wall_s += length_s + step_s

    def clock(self, not_before_s=0.0):
        return BrokerClock(not_before_s, wall_s=lambda: self.wall_s, steady_s=lambda: self.steady_s)


@pytest.mark.parametrize("step_s", [-7200.0, -1.0, 1.0, 7200.0])
def test_a_step_while_it_runs_is_not_seen(step_s):
    machine = Machine()
    clock = machine.clock()
    machine.passes(3.0, step_s)
    assert clock.now_s() == 1e9 + 3.0


def test_a_clock_that_was_set_back_while_the_broker_was_away_stands_still_in_between():
    machine = Machine()
    last_s = machine.clock().now_s()
    machine.passes(5.0, step_s=-3600.0)
    clock = machine.clock(last_s)
    assert clock.now_s() == last_s
    machine.passes(2.0)
    assert clock.now_s() == last_s + 2.0


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0, 10 * 86400.0])
def test_after_a_step_between_two_brokers_no_session_is_closed_and_no_task_lost(step_s):
    world, machine = World(), Machine()
    world.now_s = machine.clock().now_s()
    world.pass_time(0.0)
    world.mend()
    for job in world.jobs:
        job.submit("t", is_sliceable=True, is_repeatable=False, duration_s=20.0)
        world.flush()
    world.sync()
    before_s = world.now_s
    machine.passes(5.0, step_s)
    world.now_s = machine.clock(before_s).now_s()
    assert world.now_s >= before_s
    world.crash(0, 0)
    world.pass_time(1.0)
    assert len(world.heart.status(world.now_s).sessions) == 2
    world.end_all()
    assert [set(job.answers) for job in world.jobs] == [{"t"}, {"t"}]
    assert all(nb == 1 for nb in world.runs.values())
