"""What holds whatever happens: random events, a model of the QPUs, and the journal replayed."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.scheduling.events import (
    Event,
    PoolAdded,
    QpuStateChanged,
    SessionClosed,
    SessionOpened,
    SliceFailed,
    SliceFinished,
    TaskCancelled,
    TaskSubmitted,
    TimePassed,
    WindowAnnounced,
)
from qhpc.scheduling.instructions import (
    CancelTask,
    FailTask,
    FinishTask,
    PrefetchTask,
    RejectTask,
    StartSlice,
    StopSlice,
    WakeAt,
)
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Window
from qhpc.scheduling.policies import POLICIES
from qhpc.scheduling.snapshot import snapshot
from qhpc.scheduling.transitions import FINAL

from .scenes import session, task

POOL = Pool(name="p", qpus=("q", "r"), slice_s=4.0, prefetch_depth=2, latency_s=0.5)
SESSIONS = tuple(
    session(name, account=account, share=share, priority_class=priority_class)
    for name, account, share, priority_class in [
        ("s0", "a", 0.5, "production"),
        ("s1", "a", 0.1, "production"),
        ("s2", "b", 1.0, "development"),
    ]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit"] * 5 + ["end"] * 5 + ["fail", "cancel", "close", "state", "window", "wait"]),
        st.integers(0, 11),
        st.floats(0.0, 5.0),
    ),
    max_size=80,
)


class World:
    """QPUs that do as they are told, and complain when they are told nonsense."""

    def __init__(self, policy):
        self.machine = Machine({"p": policy})
        self.journal, self.instructions = [], []
        self.now_s, self.running, self.ends = 0.0, {}, Counter()
        self.shots, self.open = Counter(), {each.id for each in SESSIONS}
        self.wanted, self.alarms = {}, []
        self.tell(PoolAdded(0.0, POOL), *(SessionOpened(0.0, each) for each in SESSIONS))

    def tell(self, *events):
        for event in events:
            self.journal.append(event)
            out = self.machine.handle(event)
            self.instructions += out
            for instruction in out:
                self.obey(instruction)

    def obey(self, instruction):
        match instruction:
            case StartSlice(qpu, key, number, shots):
                assert qpu not in self.running, "a QPU runs one task at a time"
                assert key not in {other.key for other in self.running.values()}, "a task runs on one QPU"
                assert not self.ends[key], "what has ended does not run"
                assert 0 < shots <= self.wanted[key] - self.shots[key]
                self.running[qpu] = instruction
            case StopSlice(qpu, key, number):
                assert self.running[qpu].key == key and self.running[qpu].number == number
            case FinishTask(key):
                assert self.shots[key] == self.wanted[key], "all shots were run, none twice"
                self.ends[key] += 1
            case FailTask(key) | CancelTask(key):
                self.ends[key] += 1
            case PrefetchTask(qpu, key):
                assert qpu in self.running and not self.ends[key]
            case WakeAt(time_s):
                self.alarms.append(time_s)
            case RejectTask(key):
                assert key not in self.wanted or self.ends[key], "what was accepted is not rejected"

    def step(self, what, number, length_s):
        self.wait(length_s)
        now_s, qpu = self.now_s, POOL.qpus[number % 2]
        match what:
            case "submit":
                self.submit(f"t{number}", SESSIONS[number % 3].id, length_s)
            case "end" if qpu in self.running:
                slice_ = self.running.pop(qpu)
                self.shots[slice_.key] += slice_.shots
                self.tell(SliceFinished(now_s, qpu, slice_.key, slice_.number, slice_.shots, length_s))
            case "fail" if qpu in self.running:
                slice_ = self.running.pop(qpu)
                self.tell(SliceFailed(now_s, qpu, slice_.key, slice_.number, "broken", is_retryable=number % 3 > 0))
            case "cancel":
                self.tell(TaskCancelled(now_s, f"t{number}"))
            case "close" if number < 3:
                self.open.discard(SESSIONS[number].id)
                self.tell(SessionClosed(now_s, SESSIONS[number].id))
            case "state":
                state = ("up", "up", "down", "calibrating", "draining")[number % 5]
                self.tell(QpuStateChanged(now_s, qpu, state))
            case "window":
                window = Window(id=str(number), start_s=now_s + number, end_s=now_s + number + length_s)
                self.tell(WindowAnnounced(now_s, qpu, window))
            case "wait":
                self.tell(TimePassed(now_s))

    def wait(self, length_s):
        self.now_s += length_s
        due, self.alarms = [a for a in self.alarms if a <= self.now_s], [a for a in self.alarms if a > self.now_s]
        for alarm_s in sorted(due):
            self.tell(TimePassed(alarm_s))

    def submit(self, key, owner, length_s):
        if owner in self.open and key not in self.wanted:
            self.wanted[key] = 40
        wanted = task(key, owner, duration_s=length_s, shots=40, is_sliceable=len(key) % 2 == 0)
        self.tell(TaskSubmitted(self.now_s, wanted))

    def end_all(self):
        """Everything works from now on, long enough for all to end."""
        for qpu in POOL.qpus:
            self.tell(QpuStateChanged(self.now_s, qpu, "up"))
        self.step("wait", 0, 1000.0)
        for _ in range(40 * len(self.wanted) + 4):
            for qpu in tuple(self.running):
                self.step("end", POOL.qpus.index(qpu), 0.1)


@pytest.mark.parametrize("policy", POLICIES)
@given(STEPS)
def test_no_task_is_lost_or_ends_twice(policy, steps):
    world = World(policy)
    for step in steps:
        world.step(*step)
        check_work_conserving(world)
    world.end_all()
    assert {key: world.ends[key] for key in world.wanted} == dict.fromkeys(world.wanted, 1)
    assert not world.running and not world.machine.waiting("p")


def check_work_conserving(world):
    """An idle QPU has a reason: it is not up, or no task that waits fits before its window. It has nothing prepared."""
    for name in POOL.qpus:
        device = world.machine.device(name)
        assert len(device.prepared) <= (POOL.prefetch_depth if name in world.running and device.state == "up" else 0)
        if device.takes_tasks() and (waiting := world.machine.waiting("p")):
            needed_s = min(each.remaining_s / (40 if each.task.is_sliceable else 1) for each in waiting)
            assert device.available_s(world.now_s) < needed_s + POOL.latency_s + 1e-6, "something that waits fits"


@pytest.mark.parametrize("policy", POLICIES)
@given(STEPS)
def test_the_journal_tells_everything(policy, steps):
    world = World(policy)
    for step in steps:
        world.step(*step)
    encoded = [msgspec.msgpack.encode(event) for event in world.journal]
    events = [msgspec.msgpack.decode(event, type=Event) for event in encoded]
    assert events == world.journal
    again = Machine({"p": policy})
    assert again.handle(*events) == world.instructions
    assert [r.task.key for r in again.waiting("p")] == [r.task.key for r in world.machine.waiting("p")]
    for key in world.wanted:
        old, new = world.machine.task(key), again.task(key)
        assert (old is None) == (new is None)
        assert old is None or (old.state, old.number, old.busy_s) == (new.state, new.number, new.busy_s)


@pytest.mark.parametrize("policy", POLICIES)
@given(STEPS, STEPS)
def test_a_snapshot_tells_what_is_not_over(policy, before, after):
    """A machine that knows only a snapshot ends everything once, as the one with the whole history would."""
    world = World(policy)
    for step in before:
        world.step(*step)
    old = world.machine
    world.machine = Machine()
    events = snapshot(old, world.now_s)
    encoded = msgspec.msgpack.encode(events)
    assert not any(isinstance(out, StartSlice) for out in world.machine.handle(*events))
    assert msgspec.msgpack.decode(encoded, type=list[Event]) == events == snapshot(world.machine, world.now_s)
    for key in world.wanted:
        record, again = old.task(key), world.machine.task(key)
        assert (again is None) == (record is None or record.state in FINAL)
        assert again is None or (
            again.state,
            again.number,
            again.busy_s,
            again.tries,
            again.qpu if again.state != "ready" else 0,
        ) == (record.state, record.number, record.busy_s, record.tries, record.qpu if record.state != "ready" else 0)
    for step in after:
        world.step(*step) if step[0] != "submit" or f"t{step[1]}" not in world.wanted else None
    world.end_all()
    assert {key: world.ends[key] for key in world.wanted} == dict.fromkeys(world.wanted, 1)


def test_what_has_ended_can_be_forgotten():
    machine = Machine()
    machine.handle(PoolAdded(0.0, POOL), SessionOpened(0.0, SESSIONS[0]))
    machine.handle(TaskSubmitted(0.0, task("t", "s0")))
    machine.forget("t")
    assert machine.task("t").state == "running"
    machine.handle(SliceFinished(3.0, "q", "t", 1, 0, 3.0))
    machine.forget("t")
    machine.forget("t")
    assert machine.task("t") is None and machine.session("s0").usual_task_s() == 3.0


@given(
    shares=st.lists(st.floats(0.05, 0.5), min_size=2, max_size=5),
    durations=st.lists(st.floats(0.5, 3.0), min_size=60, max_size=60),
)
def test_shares_are_respected_when_all_want_more(shares, durations):
    """Everybody always has tasks waiting: each gets QPU time in proportion to its share, within two tasks."""
    machine = Machine({"p": "share-deadline"})
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",), prefetch_depth=0)))
    names = [f"s{i}" for i in range(len(shares))]
    for name, share in zip(names, shares, strict=True):
        machine.handle(SessionOpened(0.0, session(name, share=share)))
    out = []
    for i, duration_s in enumerate(durations):
        for name in names:
            out += machine.handle(TaskSubmitted(0.0, task(f"{name}.{i}", name, duration_s=duration_s)))
    now_s, lengths = 0.0, {f"{name}.{i}": length for i, length in enumerate(durations) for name in names}
    while now_s < 30.0:
        (start,) = [instruction for instruction in out if isinstance(instruction, StartSlice)]
        now_s += lengths[start.key]
        out = machine.handle(SliceFinished(now_s, "q", start.key, start.number, 0, lengths[start.key]))
    for name, share in zip(names, shares, strict=True):
        fair_s = now_s * share / sum(shares)
        assert abs(machine.session(name).used_s - fair_s) <= 2 * 3.0


def test_shares_are_respected_in_the_long_run():
    """Not in the first thirty cycles; from then on to within a few tasks."""
    machine, shares = Machine({"p": "shortest-in-share"}), {"s0": 0.1, "s1": 0.2, "s2": 0.3}
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",), prefetch_depth=0)))
    out, used_s = [], {}
    for name, share in shares.items():
        machine.handle(SessionOpened(0.0, session(name, share=share)))
        for i in range(1200):
            out += machine.handle(TaskSubmitted(0.0, task(f"{name}.{i}", name, duration_s=1.0)))
    for i in range(1, 2001):
        (start,) = out
        *_, start = machine.handle(SliceFinished(float(i), "q", start.key, start.number, 0, 1.0))
        out = [start]
        if i == 500:
            used_s = {name: machine.session(name).used_s for name in shares}
    for name, share in shares.items():
        assert abs(used_s[name] - 500 * share / 0.6) <= 60
        assert abs(machine.session(name).used_s - used_s[name] - 1500 * share / 0.6) <= 5


@given(st.integers(2, 6), st.floats(1.0, 5.0))
def test_an_admitted_session_waits_no_longer_than_promised(nb_others, length_s):
    """Every task ends by its deadline and the length of one task, whatever others ask for."""
    machine = Machine({"p": "share-deadline"})
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",), prefetch_depth=0)))
    share = 0.9 / (nb_others + 1)
    machine.handle(SessionOpened(0.0, session("modest", share=share)))
    out = []
    for i in range(nb_others):
        machine.handle(SessionOpened(0.0, session(f"greedy{i}", share=share)))
        for j in range(100):
            out += machine.handle(TaskSubmitted(0.0, task(f"g{i}.{j}", f"greedy{i}", duration_s=length_s)))
    now_s, deadline_s, nb_done = 0.0, 1.0 / share, 0
    out += machine.handle(TaskSubmitted(0.0, task("m0", "modest", duration_s=1.0)))
    while nb_done < 5:
        (start,) = [instruction for instruction in out if isinstance(instruction, StartSlice)]
        length = 1.0 if start.key.startswith("m") else length_s
        now_s += length
        out = machine.handle(SliceFinished(now_s, "q", start.key, start.number, 0, length))
        if start.key.startswith("m"):
            assert now_s <= deadline_s + length_s + 1e-6
            nb_done += 1
            deadline_s = max(deadline_s, now_s) + 1.0 / share
            out += machine.handle(TaskSubmitted(now_s, task(f"m{nb_done}", "modest", duration_s=1.0)))


@given(nb_others=st.integers(1, 5), length_s=st.floats(0.5, 5.0), own_s=st.floats(0.5, 5.0))
def test_nobody_is_passed_without_end(nb_others, length_s, own_s):
    """A long task among endless short ones: others pass it with what they earn meanwhile, and thirty cycles."""
    machine = Machine({"p": "shortest-in-share"})
    share, out = 1.0 / (nb_others + 1), []
    machine.handle(PoolAdded(0.0, Pool(name="p", qpus=("q",), prefetch_depth=0)))
    for i in range(nb_others):
        machine.handle(SessionOpened(0.0, session(f"greedy{i}", share=share)))
        for j in range(100):
            out += machine.handle(TaskSubmitted(0.0, task(f"g{i}.{j}", f"greedy{i}", duration_s=length_s)))
    machine.handle(SessionOpened(0.0, session("modest", share=share)))
    out += machine.handle(TaskSubmitted(0.0, task("m", "modest", duration_s=own_s)))
    now_s = 0.0
    while (start := out.pop()).key != "m":
        now_s += length_s
        out = machine.handle(SliceFinished(now_s, "q", start.key, start.number, 0, length_s))
    passing_s = max(40 * own_s - 40 * length_s, 0.0) * share + 32 * length_s
    assert now_s <= nb_others * passing_s + length_s


@pytest.mark.parametrize("policy", POLICIES)
@given(STEPS)
def test_a_policy_goes_on_with_its_past(policy, steps):
    """What it ranks by is the same after a snapshot, so that a restart gives nobody a new beginning."""
    world = World(policy)
    for step in steps:
        world.step(*step)
    again = Machine()
    again.handle(*snapshot(world.machine, world.now_s))
    assert again.past("p") == world.machine.past("p")
    for record in world.machine.sessions("p"):
        same = again.session(record.session.id)
        for later_s in (0.0, 7.0):
            assert same.past(world.now_s + later_s) == pytest.approx(record.past(world.now_s + later_s))
        assert same.expected_s(3.0) == record.expected_s(3.0) and same.usual_task_s() == record.usual_task_s()
