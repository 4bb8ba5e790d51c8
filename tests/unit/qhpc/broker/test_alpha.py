"""Where alpha is survives the broker, until the settings say something else."""

from dataclasses import replace

from qhpc.broker.facts import AlphaMoved
from qhpc.scheduling.model import Pool
from tests.unit.qhpc.broker.desk import Desk


def test_it_survives_a_short_journal():
    desk = Desk()
    assert desk.heart.alpha("p", 1.1) is None
    desk.heart.keep_alpha("p", 1.3, 1.1, 101.0)
    assert desk.take().records == [AlphaMoved(101.0, "p", 1.3, 1.1)]
    desk.heart.keep_alpha("p", 1.3, 1.1, 102.0)
    assert desk.take().records == []
    for _ in range(2):
        desk.restart()
        assert desk.heart.alpha("p", 1.1) == 1.3


def test_an_alpha_that_was_never_moved_is_not_written():
    desk = Desk()
    desk.heart.keep_alpha("p", 1.1, 1.1, 101.0)
    assert desk.take().records == []


def test_it_may_come_back_to_where_it_began():
    desk = Desk()
    desk.heart.keep_alpha("p", 1.3, 1.1, 101.0)
    desk.heart.keep_alpha("p", 1.1, 1.1, 102.0)
    desk.take()
    desk.restart()
    assert desk.heart.alpha("p", 1.1) == 1.1


def test_other_settings_begin_anew():
    desk = Desk()
    desk.heart.keep_alpha("p", 1.3, 1.1, 101.0)
    desk.take()
    desk.restart()
    assert desk.heart.alpha("p", 1.5) is None


def test_a_pool_that_is_no_more_is_forgotten():
    desk = Desk()
    desk.heart.keep_alpha("p", 1.3, 1.1, 101.0)
    desk.take()
    desk.restart(replace(desk.rules, pools=(Pool(name="r", qpus=("q",)),)))
    desk.restart()
    assert desk.heart.alpha("p", 1.1) is None
