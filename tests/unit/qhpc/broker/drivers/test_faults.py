"""Drivers that do wrong on purpose, as drills need them: and what the broker can still rely on."""

import pytest

from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.faults import Faults
from qhpc.broker.drivers.settings import FaultOptions
from qhpc.broker.drivers.slice_log import SliceLog, logged_slices
from tests.unit.qhpc.broker.drivers.brokers import Started, bell

END = say.SliceEnded("k", 1, 5, 1.0, 0.5, b"result")
BROKEN = say.SliceBroken("k", 1, "why")


def sent(message=END, nb=400, **options):
    faults = Faults(FaultOptions(seed=3, **options))
    return [faults.sent(message) for _ in range(nb)]


def test_without_faults_nothing_goes_wrong():
    assert sent(nb=1) == [[(0.0, END)]]
    assert Faults(FaultOptions()).death_s() is None


@pytest.mark.parametrize(("name", "is_it"), [
    ("never", lambda answers: answers == []),
    ("twice", lambda answers: answers == [(0.0, END)] * 2),
    ("late", lambda answers: 0 < answers[0].delay_s <= 1.0),
    ("wrong", lambda answers: answers[0].message != END),
])  # fmt: skip
def test_each_happens_as_often_as_it_shall(name, is_it):
    nb = sum(map(is_it, sent(**{name: 0.25})))
    assert 70 < nb < 130
    assert sum(map(is_it, sent(**{name: 0.25}))) == nb, "a seed repeats"


def test_only_ends_are_meddled_with():
    begun = say.SliceBegun("k", 1)
    assert sent(begun, 5, never=1.0, wrong=1.0) == [[(0.0, begun)]] * 5


@pytest.mark.parametrize("end", [END, BROKEN])
def test_what_is_wrong_is_still_a_message(end):
    found = {repr(answer.message) for answers in sent(end, wrong=1.0) for answer in answers}
    assert len(found) == (5 if end is END else 3)


def test_deaths():
    faults = Faults(FaultOptions(death=0.25, late_s=2.0, seed=1))
    deaths = [faults.death_s() for _ in range(400)]
    assert 70 < sum(each is not None for each in deaths) < 130
    assert all(0 <= each <= 2.0 for each in deaths if each is not None)


def test_an_answer_that_never_came_is_told_after_attach(tmp_path):
    with Started(tmp_path, faults={"never": 1.0}) as driver:
        broker = driver.broker()
        broker.attach()
        broker.say(say.Load("k", bell(nbshots=5)), say.Run("k", 1, 5))
        broker.hear_of(say.SliceBegun)
        broker.say(say.Run("unknown", 1, 5))
        assert isinstance(broker.hear(), say.Lacks)
        assert driver.broker().attach().known == (("k", 1),)


def test_answers_come_late_and_twice(tmp_path):
    with Started(tmp_path, faults={"late": 1.0, "late_s": 0.05, "twice": 1.0, "seed": 1}) as driver:
        broker = driver.broker()
        broker.attach()
        first = broker.run("k", 1, 5, bell(nbshots=5))
        assert broker.hear() == first


def test_sudden_death(tmp_path):
    with Started(
        tmp_path, driver="emulated", options={"exact_s": 1000.0}, faults={"death": 1.0, "late_s": 0.01}
    ) as driver:
        broker = driver.broker()
        broker.attach()
        broker.say(say.Load("k", bell()), say.Run("k", 1, 0))
        with pytest.raises(ConnectionError):
            while True:
                broker.hear()
        assert driver.ended()[0] == -9


def test_what_the_qpu_ran_is_on_record_also_when_the_driver_is_killed(tmp_path):
    log = tmp_path / "slices"
    with Started(tmp_path, driver="emulated", faults={"slice_log": str(log)}) as driver:
        broker = driver.broker()
        broker.attach()
        broker.run("k", 1, 5, bell(nbshots=5))
        broker.say(say.Load("bad", b"no job"), say.Run("bad", 1, 5))
        broker.hear_of(say.SliceBroken)
    told = [(line.key, line.number, line.what) for line in logged_slices(log)]
    assert told == [("k", 1, "begun"), ("k", 1, "ended")], "what cannot be loaded is not run"
    slow = {"exact_s": 1000.0}
    faults = {"death": 1.0, "late_s": 0.01, "slice_log": str(log)}
    with Started(tmp_path, driver="emulated", options=slow, faults=faults) as driver:
        broker = driver.broker()
        broker.attach()
        broker.say(say.Load("k", bell()), say.Run("k", 2, 0))
        with pytest.raises(ConnectionError):
            broker.hear_of(say.SliceEnded)
    lines = logged_slices(log)
    assert lines[-1][:2] == ("k", 2) and lines[-1].what == "begun" and lines[-1].pid != lines[0].pid


def test_without_a_record_nothing_is_written(tmp_path):
    assert logged_slices(tmp_path / "slices") == []
    SliceLog(None).write("k", 1, "begun")
    assert list(tmp_path.iterdir()) == []
