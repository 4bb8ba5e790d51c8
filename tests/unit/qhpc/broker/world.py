"""A world around the broker's heart: drivers, jobs and a disk that do as they should, and crash when told to."""

from collections import Counter

from qat.comm.broker.messages import (
    Acknowledge,
    CancelTask,
    OpenSession,
    Refused,
    SessionOpened,
    SubmitTask,
    TaskAccepted,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
)
from qhpc.broker.brokerage import Brokerage, Limits, Rules, Who
from qhpc.broker.drivers.messages import (
    AcknowledgeSlice,
    Attach,
    Attached,
    Drop,
    Lacks,
    Load,
    Run,
    SliceBegun,
    SliceBroken,
    SliceEnded,
    Stop,
)
from qhpc.broker.usage_rows import SliceRow
from qhpc.scheduling.model import Pool

QPUS = ("q", "r")
RULES = Rules(
    pools=(Pool(name="p", qpus=QPUS, slice_s=4.0),),
    limits=Limits(lease_s=1e6, recovery_s=3.0, driver_patience_s=1e6),
)
SHOTS = 12


def put_together(results, shots):
    return b"".join(results)


class SimulatedDriver:
    """A driver as its protocol says, with a QPU that runs a slice when told to."""

    def __init__(self, world, qpu, incarnation, begun=(), former=()):
        self.world, self.qpu, self.incarnation, self.former = world, qpu, f"{qpu}{incarnation}", former
        self.loaded, self.queue, self.is_attached = {}, [], False
        self.ends = {which: SliceBroken(*which, "cut", b"", True, True) for which in begun}
        self.nb_lost = incarnation

    def attach(self):
        self.is_attached = True
        known = tuple([(run.key, run.number) for run in self.queue] + list(self.ends))
        self.world.heart.driver_attached(
            self.qpu,
            Attached(1, self.incarnation, self.qpu, b"specs", known, former=self.former),
            self.world.now_s,
        )
        for end in tuple(self.ends.values()):
            self.say(end)

    def say(self, message):
        if self.is_attached:
            self.world.heart.driver_says(self.qpu, message, self.world.now_s)

    def hear(self, message):
        match message:
            case Load(key, payload) if payload:
                self.loaded[key] = payload
            case Load():
                pass  # the next slice of what it has is prepared
            case Drop(key):
                self.loaded.pop(key, None)
            case Run(key, number) if (key, number) in self.ends:
                self.say(self.ends[key, number])
            case Run(key, number) if any((run.key, run.number) == (key, number) for run in self.queue):
                pass
            case Run(key, number):
                self.queue.append(message) if key in self.loaded else self.say(Lacks(key, number))
            case Stop(key, number):
                for run in [run for run in self.queue if (run.key, run.number) == (key, number)]:
                    self.queue.remove(run)
                    self.end(SliceEnded(key, number, 0, 0.0, 0.0, b""))
            case AcknowledgeSlice(key, number):
                self.ends.pop((key, number), None)
            case Attach():
                pass

    def step(self, fails):
        """Run what is next."""
        if not self.queue:
            return
        run = self.queue.pop(0)
        self.world.runs[run.key, run.number] += 1
        self.world.ran[run.key] += max(run.shots, 1)
        self.say(SliceBegun(run.key, run.number))
        if fails:
            self.world.ran[run.key] -= max(run.shots, 1)
            self.end(SliceBroken(run.key, run.number, "a fuse blew", is_retryable=True))
        else:
            assert self.loaded[run.key] == f"payload of {run.key.rpartition('/')[2]}".encode()
            piece = f"{run.key.rpartition('/')[2]}:{run.shots};".encode()
            self.end(SliceEnded(run.key, run.number, run.shots, 1.0, 0.25, piece))

    def end(self, message):
        self.ends[message.key, message.number] = message
        self.say(message)


class SimulatedJob:
    """A job that submits again what it has no word of."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.wanted, self.accepted, self.answers = {}, set(), {}
        self.connection, self.nb_connections = None, 0

    def connect(self):
        self.nb_connections += 1
        self.connection = (self.name, self.nb_connections)
        opening = OpenSession(1, "p", self.name)
        assert self.world.heart.job_opens(self.connection, opening, Who("ada"), self.world.now_s)
        for key, message in self.wanted.items():
            if key not in self.accepted:
                self.say(message)

    def say(self, message):
        if self.connection is not None:
            self.world.heart.job_says(self.connection, message, self.world.now_s)

    def submit(self, key, *, is_sliceable, is_repeatable, duration_s):
        message = SubmitTask(key, f"payload of {key}".encode(), SHOTS, is_sliceable, is_repeatable, duration_s)
        self.wanted.setdefault(key, message)
        self.say(self.wanted[key])

    def hear(self, message):
        match message:
            case TaskAccepted(key):
                self.accepted.add(key)
            case TaskFinished(key) | TaskFailed(key) | TaskCancelled(key):
                assert self.answers.setdefault(key, message) == message, "an answer stays what it was"
                self.accepted.add(key)
            case SessionOpened(keys=keys):
                assert set(keys) <= set(self.wanted)
            case Refused():
                raise AssertionError(message)

    def acknowledge(self):
        self.say(Acknowledge(tuple(self.answers)))

    def cancel(self, key):
        if key in self.wanted:
            self.say(CancelTask(key))


class World:
    """All of it."""

    def __init__(self):
        self.now_s = 0.0
        self.disk, self.nb_safe = [], 0
        self.runs, self.ran = Counter(), Counter()
        self.rows, self.nb_driver_kills, self.nb_forgotten = {}, 0, 0
        self.jobs = [SimulatedJob(self, name) for name in ("vqe", "qaoa")]
        self.drivers = {qpu: SimulatedDriver(self, qpu, 0) for qpu in QPUS}
        self.heart = Brokerage(RULES, put_together)
        self.heart.begin(0.0)
        self.flush()

    def flush(self, nb_told=None):
        """Do what the heart says, but only the first ``nb_told`` messages if the broker dies meanwhile."""
        while turn := self.heart.take():
            self.disk += turn.records
            for row in turn.rows:
                if isinstance(row, SliceRow):
                    self.rows.setdefault((row.session, row.opened_s, row.key, row.number), row)
            told = [*(("driver", *each) for each in turn.to_drivers), *(("job", *each) for each in turn.to_jobs)]
            for kind, who, message in told[:nb_told]:
                if kind == "driver" and self.drivers[who].is_attached:
                    self.drivers[who].hear(message)
                elif kind == "job":
                    for job in self.jobs:
                        if job.connection == who:
                            job.hear(message)
            if nb_told is not None:
                return

    def sync(self, nb_records=None):
        """The disk has written."""
        self.nb_safe = len(self.disk) if nb_records is None else min(self.nb_safe + nb_records, len(self.disk))
        self.heart.safe(self.nb_safe)
        self.flush()

    def crash(self, nb_kept, nb_told):
        """``kill -9`` of the broker; of what was not safe, some records may be on disk."""
        self.flush(nb_told)
        kept = self.disk[: self.nb_safe + nb_kept]
        for driver in self.drivers.values():
            driver.is_attached = False
        for job in self.jobs:
            job.connection = None
        old = Brokerage(RULES, put_together)
        old.recall(kept)
        for row in old.take().rows:
            if isinstance(row, SliceRow):
                self.rows.setdefault((row.session, row.opened_s, row.key, row.number), row)
        self.disk = old.records(self.now_s)
        self.nb_safe = len(self.disk)
        self.heart = Brokerage(RULES, put_together)
        self.heart.recall(self.disk)
        self.heart.take()
        self.heart.begin(self.now_s)
        self.flush()

    def kill_driver(self, qpu, *, forgets=False):
        """``kill -9`` of a driver: what it ran may have run. The next one knows, unless the machine died."""
        old = self.drivers[qpu]
        if old.is_attached:
            self.heart.driver_lost(qpu, self.now_s)
        self.nb_driver_kills += 1
        self.nb_forgotten += forgets
        running = [(run.key, run.number) for run in old.queue[:1]]
        for run in old.queue[:1]:
            self.runs[run.key, run.number] += 1
            self.ran[run.key] += max(run.shots, 1)
        past = ((), ()) if forgets else ([*old.ends, *running], (*old.former, old.incarnation))
        self.drivers[qpu] = SimulatedDriver(self, qpu, old.nb_lost + 1, *past)
        self.flush()

    def pass_time(self, length_s):
        self.now_s += length_s
        self.heart.tick(self.now_s)
        self.flush()

    def mend(self):
        """Everybody who is away comes back."""
        for driver in self.drivers.values():
            if not driver.is_attached:
                driver.attach()
                self.flush()
        for job in self.jobs:
            if job.connection is None:
                job.connect()
                self.flush()

    def end_all(self):
        """All goes well from now on, for long enough."""
        self.mend()
        self.pass_time(5.0)
        for _ in range(400):
            self.sync()
            for driver in self.drivers.values():
                driver.step(fails=False)
                self.flush()
            if all(set(job.answers) == set(job.wanted) for job in self.jobs):
                break
        self.sync()
