"""with qpu:, with plugin:, and what is submitted to where."""

import asyncio
import threading

import pytest

from qat.core import Job
from qat.core.contexts import set_default_qpu, stack_for
from qat.core.plugins import get_current_plugin
from qat.core.qpu import get_current_qpu
from qat.modules import get_default_qpu
from tests.unit.core.services import Counter, Fixed, Recorder, Silent, Through


@pytest.fixture
def default():
    qpu = Counter()
    set_default_qpu(lambda: qpu)
    yield qpu
    set_default_qpu(get_default_qpu)


def test_nothing_is_in_force_outside(default):
    assert get_current_qpu() is None and get_current_plugin() is None and stack_for() is default


def test_the_innermost_qpu_counts_and_is_left_again():
    outer, inner = Fixed(), Fixed()
    with outer as entered:
        assert entered is outer
        with inner:
            assert get_current_qpu() is inner and stack_for() is inner
        assert get_current_qpu() is outer
        with outer:
            pass
        assert stack_for() is outer
    assert get_current_qpu() is None


def test_it_is_left_after_an_error():
    with pytest.raises(KeyError), Fixed(), Silent():
        raise KeyError
    assert get_current_qpu() is None and get_current_plugin() is None


@pytest.mark.parametrize("qpu_first", [True, False])
def test_plugins_wrap_the_qpu_whatever_the_order(qpu_first):
    qpu, plugin = Fixed(), Silent()
    with qpu if qpu_first else plugin, plugin if qpu_first else qpu:
        assert str(stack_for()) == "Silent | Fixed" and get_current_plugin() is plugin


def test_plugins_wrap_the_default_and_a_given_qpu(default):
    log = []
    with Recorder("a", log), Recorder("b", log):
        Job().run()
        Job().run(Fixed())
    assert [entry[0] for entry in log if entry[1] == "compile"] == ["a", "b", "a", "b"] and default.calls == 1


def test_a_stack_is_a_qpu_and_composites_are_plugins():
    with Silent() | Fixed(), Silent() | Silent():
        assert str(stack_for()) == "Silent | Silent | Silent | Fixed"


def test_a_junction_is_a_plugin_until_it_has_a_qpu():
    junction = Through()
    with junction:
        assert get_current_plugin() is junction
        with Fixed():
            assert str(stack_for()) == "Through | Fixed" and not junction.has_qpu()
    with junction | Fixed():
        assert get_current_qpu() is junction


def test_a_junction_completed_inside_its_block_is_left_all_the_same():
    junction = Through()
    with junction:
        junction | Fixed()
    assert get_current_plugin() is None and get_current_qpu() is None


def test_threads_do_not_see_each_other(default):
    seen = []
    with Fixed():
        thread = threading.Thread(target=lambda: seen.append(get_current_qpu()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_tasks_do_not_see_each_other():
    async def program(qpu, ready, go):
        with qpu:
            ready.set()
            await go.wait()
            return get_current_qpu() is qpu

    async def both():
        first, second, go = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(program(Fixed(), ready, go)) for ready in (first, second)]
        await first.wait()
        await second.wait()
        go.set()
        return [await task for task in tasks] + [get_current_qpu() is None]

    assert asyncio.run(both()) == [True, True, True]
