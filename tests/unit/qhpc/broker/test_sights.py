"""What the broker sees of its pools."""

from qat.comm.broker.messages import OpenSession, SubmitTask
from qhpc.broker.brokerage import Brokerage, Rules, Who
from qhpc.broker.capacity import QpuSight
from qhpc.broker.drivers.messages import Attached, StateChanged, WindowPlanned
from qhpc.scheduling.model import Pool


def test_a_pool_is_seen_as_it_is():
    heart = Brokerage(Rules(pools=(Pool(name="p", qpus=("q",)),)), b"".join)
    heart.begin(0.0)
    [qpu] = heart.sights({}, 0.0)["p"].qpus
    assert (qpu.state, qpu.reason) == ("down", "its driver is being started")
    heart.driver_attached("q", Attached(1, "first", "q", b""), 1.0)
    nb_records = len(heart.take().records)
    heart.safe(nb_records)
    assert heart.job_opens("a", OpenSession(1, "p", "a"), Who("ada"), 10.0)
    for key in ("t", "u", "v"):
        heart.job_says("a", SubmitTask(key, b"", duration_s=30.0), 20.0)
    sight = heart.sights({"p": [250], "r": [7]}, 60.0)["p"]
    assert sight.qpus == [QpuSight(name="q", is_busy=True)]
    assert (sight.nb_ready, sight.wanted, sight.sessions) == (2, [250], {"ada:a": (50.0, 0.0)})


def test_another_driver_has_windows_of_its_own():
    heart = Brokerage(Rules(pools=(Pool(name="p", qpus=("q",)),)), b"".join)
    heart.begin(0.0)
    heart.driver_attached("q", Attached(1, "first", "q", b""), 1.0)
    nb_records = len(heart.take().records)
    heart.safe(nb_records)
    heart.driver_says("q", WindowPlanned("one", 9.0, 1000.0), 1.0)
    heart.driver_lost("q", 2.0)
    heart.driver_attached("q", Attached(1, "first", "q", b""), 3.0)
    assert heart.sights({}, 3.0)["p"].qpus[0].window_s == (10.0, 1010.0)
    heart.driver_lost("q", 4.0)
    heart.driver_attached("q", Attached(1, "second", "q", b""), 5.0)
    heart.safe(nb_records + len(heart.take().records))
    assert heart.sights({}, 5.0)["p"].qpus == [QpuSight(name="q")]


def test_windows_that_are_over_are_not_seen():
    heart = Brokerage(Rules(pools=(Pool(name="p", qpus=("q",)),)), b"".join)
    heart.begin(0.0)
    heart.driver_attached("q", Attached(1, "first", "q", b""), 1.0)
    nb_records = len(heart.take().records)
    heart.safe(nb_records)
    heart.driver_says("q", WindowPlanned("one", 9.0, 10.0), 1.0)
    heart.driver_says("q", WindowPlanned("two", 99.0, 10.0, "repair"), 1.0)
    heart.driver_says("q", StateChanged("calibrating", "calibration", 10.0), 10.0)
    [qpu] = heart.sights({}, 10.0)["p"].qpus
    assert (qpu.state, qpu.until_s, qpu.window_s) == ("calibrating", 20.0, (10.0, 20.0))
    heart.driver_says("q", StateChanged("up"), 20.0)
    [qpu] = heart.sights({}, 20.0)["p"].qpus
    assert qpu == QpuSight(name="q", window_s=(100.0, 110.0), window_reason="repair")
