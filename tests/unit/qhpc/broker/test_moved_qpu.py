"""A QPU that the settings of the next start have in another pool."""

from dataclasses import replace

from qhpc.broker.brokerage import Brokerage
from qhpc.scheduling.model import Pool
from tests.unit.qhpc.broker.desk import Desk


def test_it_serves_the_other_pool():
    desk = Desk()
    desk.attach("q", state="calibrating")
    desk.take()
    rules = replace(desk.rules, pools=(Pool(name="r", qpus=("q",)),))
    desk.restart(rules)
    heart = Brokerage(rules, lambda results, shots: b"")
    heart.recall(desk.disk)
    assert [qpu.name for qpu in heart.sights({}, 200.0)["r"].qpus] == ["q"]
