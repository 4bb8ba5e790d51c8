"""A driver that comes after one that was killed: what that one had begun is told, and never runs again."""

from qhpc.broker.drivers import heart as do
from qhpc.broker.drivers import messages as say
from qhpc.broker.drivers.begun_record import Past
from qhpc.broker.drivers.heart import Heart, TaskLoaded

CUT = say.SliceBroken("k", 1, "its driver was killed while it ran", is_retryable=True, may_have_run=True)


def heart():
    return Heart("qpu", "i2", b"specs", Past((("k", 1),), ("i1",)))


def told(heart, *messages):
    return [action.message for message in messages for action in heart.handle(message, 0.0)]


def test_it_is_told_with_who_is_known():
    attached, end = told(heart(), say.Attach(say.VERSION))
    assert (attached.incarnation, attached.former, attached.known) == ("i2", ("i1",), (("k", 1),))
    assert end == CUT


def test_it_does_not_run_and_the_next_slice_does():
    asked = heart()
    told(asked, say.Attach(say.VERSION))
    asked.handle(say.Load("k", b"job"), 0.0)
    asked.handle(TaskLoaded("k"), 0.0)
    assert told(asked, say.Run("k", 1, 5)) == [CUT]
    assert asked.handle(say.Run("k", 2, 5), 0.0)[0] == do.RunSlice("k", 2, 5)


def test_it_is_forgotten_when_the_broker_knows():
    asked = heart()
    told(asked, say.Attach(say.VERSION))
    assert told(asked, say.AcknowledgeSlice("k", 1)) == []
    (attached,) = told(asked, say.Attach(say.VERSION))
    assert attached.known == () and attached.former == ("i1",)


def test_it_is_no_result_for_which_a_driver_waits_for_a_broker():
    assert not heart().has_results and heart().is_idle
