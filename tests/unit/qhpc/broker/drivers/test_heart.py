"""What a driver knows: messages and happenings in, actions out; and whatever happens, no slice runs twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.broker.drivers import heart as do
from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.heart import BrokerLost, Heart, TaskLoaded, TaskUnusable

ATTACH = say.Attach(say.VERSION)
BAD = say.SliceBroken("k", 0, "no job", b"error")


class Asked:
    """A heart with a broker, asked without the time."""

    def __init__(self, *happenings: do.Happening, is_attached: bool = True) -> None:
        self.heart = Heart("qpu", "i1", b"specs")
        if is_attached:
            self(ATTACH)
        for happening in happenings:
            self(happening)

    def __call__(self, happening: do.Happening, now_s: float = 0.0) -> list[do.Action]:
        return self.heart.handle(happening, now_s)


def ended(key="k", number=1, shots=5):
    return say.SliceEnded(key, number, shots, 1.0, 0.0, b"result")


def begins(key, number, shots=5):
    return [do.RunSlice(key, number, shots), do.Send(say.SliceBegun(key, number))]


def known(asked):
    attached = asked(ATTACH)[0].message
    assert isinstance(attached, say.Attached)
    return attached.known


LOADED = (say.Load("k", b"job"), TaskLoaded("k"))
RUNNING = (*LOADED, say.Run("k", 1, 5))


def test_one_slice_from_load_to_acknowledgement():
    asked = Asked()
    assert asked(say.Load("k", b"job")) == [do.LoadTask("k", b"job")]
    assert asked(TaskLoaded("k")) == []
    assert asked(say.Run("k", 1, 5)) == begins("k", 1)
    assert not asked.heart.is_idle
    assert asked(ended()) == [do.Send(ended())]
    assert asked.heart.is_idle
    assert asked.heart.has_results
    assert asked(say.AcknowledgeSlice("k", 1)) == []
    assert not asked.heart.has_results
    assert asked(say.Drop("k")) == [do.ForgetTask("k")]
    assert asked(say.Run("k", 2, 5)) == [do.Send(say.Lacks("k", 2))]


def test_the_next_task_is_loaded_while_one_runs():
    asked = Asked(*RUNNING)
    assert asked(say.Load("next", b"job")) == [do.LoadTask("next", b"job")]
    assert asked(say.Run("next", 1, 7)) == []
    assert asked(TaskLoaded("next")) == []
    assert asked(ended()) == [do.Send(ended()), *begins("next", 1, 7)]


def test_a_task_that_is_still_being_loaded_does_not_hold_up_others():
    asked = Asked(say.Load("slow", b"job"), say.Run("slow", 1, 5), *LOADED)
    assert asked(say.Run("k", 1, 5)) == begins("k", 1)
    assert asked(TaskLoaded("slow")) == []
    assert asked(ended()) == [do.Send(ended()), *begins("slow", 1)]


def test_run_is_idempotent():
    asked = Asked(say.Load("k", b"job"), say.Run("k", 1, 5))
    assert asked(say.Run("k", 1, 5)) == []
    assert asked(TaskLoaded("k")) == begins("k", 1)
    assert asked(say.Run("k", 1, 5)) == [do.Send(say.SliceBegun("k", 1))]
    asked(ended())
    assert asked(say.Run("k", 1, 5)) == [do.Send(ended())]
    asked(say.AcknowledgeSlice("k", 1))
    again = asked(say.Run("k", 1, 5))[0].message
    assert (again.number, again.may_have_run, again.is_retryable) == (1, True, False)


def test_load_again_prepares_the_next_slice():
    asked = Asked(say.Load("k", b"job"))
    assert asked(say.Load("k", b"job")) == []
    asked(TaskLoaded("k"))
    assert asked(say.Load("k", b"")) == [do.PrepareTask("k")]
    assert asked(say.Load("other", b"")) == []
    assert asked(say.Run("other", 1, 5)) == [do.Send(say.Lacks("other", 1))]


def test_an_unusable_task_breaks_its_slices_and_may_be_loaded_again():
    asked = Asked(say.Load("k", b"job"), say.Run("k", 1, 5))
    broken = say.SliceBroken("k", 1, "no job", b"error")
    assert asked(TaskUnusable("k", BAD)) == [do.Send(broken)]
    assert asked(say.Run("k", 2, 5)) == [do.Send(say.SliceBroken("k", 2, "no job", b"error"))]
    assert known(asked) == (("k", 1), ("k", 2))
    assert asked(say.Load("k", b"better")) == [do.LoadTask("k", b"better")]
    asked(TaskLoaded("k"))
    assert asked(say.Run("k", 3, 5)) == begins("k", 3)


def test_stop():
    asked = Asked(*RUNNING, say.Run("k", 2, 5))
    assert asked(say.Stop("k", 1)) == [do.StopSlice("k", 1)]
    assert asked(say.Stop("k", 2)) == [do.Send(say.SliceBroken("k", 2, "it was stopped before it began"))]
    assert asked(ended(shots=2)) == [do.Send(ended(shots=2))]
    assert asked(say.Stop("k", 1)) == []
    assert asked(say.Stop("k", 3)) == [do.Send(say.SliceBroken("k", 3, "the driver has no such slice"))]


def test_dropping_waits_for_what_runs_or_is_being_loaded():
    asked = Asked(*RUNNING)
    assert asked(say.Drop("k")) == []
    assert asked(ended()) == [do.Send(ended()), do.ForgetTask("k")]
    asked = Asked(say.Load("k", b"job"))
    assert asked(say.Drop("k")) == []
    assert asked(TaskLoaded("k")) == [do.ForgetTask("k")]
    asked = Asked(say.Load("k", b"job"), say.Drop("k"), say.Load("k", b"job"))
    assert asked(TaskLoaded("k")) == []
    assert asked(say.Drop("unknown")) == []
    asked = Asked(say.Load("k", b"job"), say.Drop("k"))
    assert asked(TaskUnusable("k", BAD)) == []
    assert asked(say.Run("k", 1, 5)) == [do.Send(say.Lacks("k", 1))]


def test_without_a_broker_nothing_is_said_and_all_of_it_after_attach():
    asked = Asked(*RUNNING, say.Run("k", 2, 5), BrokerLost())
    assert asked(ended()) == [do.RunSlice("k", 2, 5)]
    attached, end = asked(ATTACH)
    assert attached == do.Send(say.Attached(say.VERSION, "i1", "qpu", b"specs", (("k", 1), ("k", 2))))
    assert end == do.Send(ended())
    asked(say.AcknowledgeSlice("k", 1))
    assert known(asked) == (("k", 2),)


def test_state_and_windows_are_told_again_with_what_is_left_of_them():
    asked = Asked(is_attached=False)
    asked(say.WindowPlanned("over", 10.0, 5.0), 0.0)
    asked(say.WindowPlanned("cancelled", 100.0, 5.0), 0.0)
    asked(say.WindowPlanned("next", 100.0, 50.0, "service"), 0.0)
    asked(say.StateChanged("down", "cryostat", 200.0), 0.0)
    assert asked(say.WindowCancelled("cancelled"), 1.0) == []
    messages = [action.message for action in asked(ATTACH, 120.0)]
    assert (messages[0].state, messages[0].reason) == ("down", "cryostat")
    assert messages[1:] == [
        say.StateChanged("down", "cryostat", 80.0),
        say.WindowPlanned("next", -20.0, 50.0, "service"),
    ]
    assert asked(say.StateChanged("up"), 130.0) == [do.Send(say.StateChanged("up"))]
    assert len(asked(ATTACH, 1000.0)) == 1


def test_quit():
    asked = Asked(*RUNNING, say.Run("k", 2, 5))
    refused = say.SliceBroken("k", 2, "the driver was told to end", is_retryable=True)
    assert asked(say.Quit()) == [do.Send(refused)]
    assert not asked.heart.is_over
    asked(ended())
    asked(say.AcknowledgeSlice("k", 2))
    assert not asked.heart.is_over
    asked(say.AcknowledgeSlice("k", 1))
    assert asked.heart.is_over
    asked(ATTACH)
    assert not asked.heart.is_over, "another broker needs it"


def test_specs():
    asked = Asked()
    assert asked.heart.know_specs(b"specs") == []
    assert asked.heart.know_specs(b"others") == [do.HangUp("the specs of the QPU are others")]
    asked(BrokerLost())
    assert asked.heart.know_specs(b"again others") == []
    assert asked(ATTACH)[0].message.specs == b"again others"


def test_a_broker_of_another_version_or_one_that_says_what_brokers_do_not():
    asked = Asked(is_attached=False)
    attached, hang_up = asked(say.Attach(say.VERSION + 1))
    assert (attached.message.version, type(hang_up)) == (say.VERSION, do.HangUp)
    assert not asked.heart.is_attached
    assert asked(say.Lacks("k", 1)) == [do.HangUp("a broker does not say Lacks")]


@pytest.mark.parametrize("said", [ended("k", 1), say.SliceBroken("k", 1, "why")])
def test_ends_that_nobody_waits_for_are_nothing(said):
    assert Asked()(said) == []


def test_idle_tasks_are_forgotten_when_there_are_many(monkeypatch):
    monkeypatch.setattr(do, "MAX_IDLE_TASKS", 2)
    asked = Asked(*RUNNING)
    for key in ("a", "b"):
        asked(say.Load(key, b"job"))
        asked(TaskLoaded(key))
    asked(say.Load("a", b""))
    assert asked(say.Load("c", b"job")) == [do.LoadTask("c", b"job")]
    assert asked(TaskLoaded("c")) == [do.ForgetTask("b")]
    assert asked(say.Run("b", 1, 5)) == [do.Send(say.Lacks("b", 1))]


# ---------------------------------------------------------------- whatever happens
KEYS, NUMBERS = ("a", "b", "c"), (1, 2, 3)


class World:
    """A heart between a QPU and a broker that forgets everything now and then, but wants every slice to end."""

    def __init__(self, unusable: set[str]) -> None:
        self.asked = Asked(is_attached=False)
        self.unusable = unusable
        self.loading: list[str] = []
        self.loaded: set[str] = set()
        self.on_qpu: tuple[str, int, int] | None = None
        self.nb_runs: dict[tuple[str, int], int] = {}
        self.ends: dict[tuple[str, int], Any] = {}
        self.wanted = {(key, number) for key in KEYS for number in NUMBERS}

    def give(self, happening: do.Happening) -> None:
        for action in self.asked(happening):
            self.carry_out(action)

    def carry_out(self, action: do.Action) -> None:
        match action:
            case do.LoadTask(key, _):
                self.loading.append(key)
            case do.ForgetTask(key):
                self.loaded.discard(key)
            case do.RunSlice(key, number, shots):
                assert self.on_qpu is None, "one at a time"
                assert key in self.loaded, "only what is loaded"
                self.on_qpu = key, number, shots
                self.nb_runs[key, number] = self.nb_runs.get((key, number), 0) + 1
            case do.Send(say.SliceEnded() | say.SliceBroken() as end):
                which = end.key, end.number
                assert self.ends.setdefault(which, end) == end, "an end is always the same"

    def progress(self) -> None:
        """The loader and the QPU do what they have to."""
        if self.loading:
            key = self.loading.pop(0)
            if key in self.unusable:
                self.give(TaskUnusable(key, BAD))
            else:
                self.loaded.add(key)
                self.give(TaskLoaded(key))
        if self.on_qpu is not None:
            (key, number, shots), self.on_qpu = self.on_qpu, None
            self.give(say.SliceEnded(key, number, shots, 1.0, 0.0, f"{key}{number}".encode()))


STEPS = st.one_of(
    st.tuples(st.just("load"), st.sampled_from(KEYS)),
    st.tuples(st.just("run"), st.sampled_from(KEYS), st.sampled_from(NUMBERS)),
    st.tuples(st.just("acknowledge"), st.sampled_from(KEYS), st.sampled_from(NUMBERS)),
    st.tuples(st.just("drop"), st.sampled_from(KEYS)),
    st.sampled_from([("attach",), ("lost",), ("progress",), ("progress",)]),
)


def step(world: World, what: str, *which: Any) -> None:
    match what:
        case "load":
            world.give(say.Load(which[0], b"job"))
        case "run":
            world.give(say.Run(*which, 5))
        case "acknowledge" if which in world.ends:
            world.give(say.AcknowledgeSlice(*which))
        case "drop" if all(each in world.ends for each in world.wanted if each[0] == which[0]):
            world.give(say.Drop(which[0]))
        case "attach":
            world.give(ATTACH)
        case "lost":
            world.give(BrokerLost())
        case "progress":
            world.progress()


@given(st.lists(STEPS, max_size=60), st.sets(st.sampled_from(KEYS), max_size=1))
def test_every_slice_ends_and_none_runs_twice(steps, unusable):
    world = World(unusable)
    for each in steps:
        step(world, *each)
    world.give(ATTACH)
    for which in sorted(world.wanted - set(world.ends)):
        world.give(say.Load(which[0], b"job"))
        world.give(say.Run(*which, 5))
    for _ in range(40):
        world.progress()
    assert set(world.ends) == world.wanted
    for (key, number), end in world.ends.items():
        assert isinstance(end, say.SliceBroken) == (key in unusable)
        assert world.nb_runs.get((key, number), 0) == (0 if key in unusable else 1)
        world.give(say.AcknowledgeSlice(key, number))
    assert world.asked.heart.is_idle
    assert not world.asked.heart.has_results
    assert known(world.asked) == ()
