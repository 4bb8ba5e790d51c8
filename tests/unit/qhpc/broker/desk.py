"""The heart of the broker with short words around it, for tests: what is said in, what is said out, and when."""

from qat.comm.broker.messages import (
    OpenSession,
    SubmitTask,
)
from qhpc.broker.brokerage import Brokerage, Limits, Rules, Turn, Who
from qhpc.broker.drivers.messages import (
    Attached,
    Run,
    SliceEnded,
)
from qhpc.broker.facts import DriverSeen
from qhpc.scheduling.model import Pool

POOL = Pool(name="p", qpus=("q",))
TWO = Pool(name="p", qpus=("q", "r"), slice_s=10.0)
T, U = SubmitTask("t", b"payload t", 100), SubmitTask("u", b"payload u", 100)
RUN_T = Run("ada:vqe/t", 1, 100)
END_T = SliceEnded("ada:vqe/t", 1, 100, 3.0, 0.5, b"result")


class Desk:
    """A heart, a disk that is told when to write, and short words."""

    def __init__(self, pool=POOL, *, attach=True, allows=lambda *_: None, timings=None, **limits):
        self.rules = Rules(pools=(pool,), limits=Limits(**limits), timings=timings or {})
        self.heart = Brokerage(self.rules, lambda results, shots: b"+".join(results), allows)
        self.now_s, self.disk, self.before = 100.0, [], Turn.empty()
        self.heart.begin(self.now_s)
        for qpu in pool.qpus if attach else ():
            self.attach(qpu)
        self.take()

    def attach(self, qpu, incarnation="1", known=(), state="up"):
        """A driver is there; if it is another one, that is on disk."""
        self.heart.driver_attached(qpu, Attached(1, incarnation, qpu, b"specs", known, state), self.now_s)
        self.before = self.take()
        if any(isinstance(record, DriverSeen) for record in self.before.records):
            self.heart.safe(len(self.disk))

    def take(self):
        """What is to be done now, with what was left to do by ``attach``."""
        before, self.before = self.before, Turn.empty()
        now = self.heart.take()
        self.disk += now.records
        self.turn = Turn(*(earlier + later for earlier, later in zip(before, now, strict=True)))
        return self.turn

    def open(self, name="vqe", connection="c", user="ada", **fields):
        who = {
            key: fields.pop(key) for key in ("account", "nb_nodes", "share", "slurm_job", "slurm_run") if key in fields
        }
        fields = {"pool": "p", **fields}
        opening = OpenSession(fields.pop("version", 1), fields.pop("pool"), name, **fields)
        self.heart.job_opens(connection, opening, Who(user, 7, **who), self.now_s)
        return self.told(connection)

    def says(self, *messages, connection="c"):
        for message in messages:
            self.heart.job_says(connection, message, self.now_s)
        return self.told(connection)

    def told(self, connection="c"):
        """What a job is told now."""
        return [message for to, message in self.take().to_jobs if to == connection]

    def driver(self, *messages, qpu="q"):
        """What drivers are told when one says something."""
        for message in messages:
            self.heart.driver_says(qpu, message, self.now_s)
        return [message for _, message in self.take().to_drivers]

    def sync(self, connection="c"):
        told = self.told(connection)
        self.heart.safe(len(self.disk))
        return told + self.told(connection)

    def tick(self, length_s, connection="c"):
        self.now_s += length_s
        self.heart.tick(self.now_s)
        return self.told(connection)

    def restart(self, rules=None):
        """Killed, and started again with the whole journal."""
        old = Brokerage(rules or self.rules, lambda results, shots: b"+".join(results))
        old.recall(self.disk)
        self.disk = old.records(self.now_s)
        self.heart = Brokerage(rules or self.rules, lambda results, shots: b"+".join(results))
        self.heart.recall(self.disk)
        self.heart.take()
        self.heart.begin(self.now_s)
        self.take()
