"""Short words for the machine's tests."""

from qhpc.scheduling.events import PoolAdded, SessionOpened, SliceFinished, TaskSubmitted
from qhpc.scheduling.machine import Machine
from qhpc.scheduling.model import Pool, Session, Task

POOL = Pool(name="p", qpus=("q",), prefetch_depth=0)


def session(name="s", **fields):
    return Session(id=name, **{"user": "ada", "account": "a", "pool": "p", **fields})


def task(key="t", owner="s", **fields):
    return Task(key=key, session=owner, **{"duration_s": 10.0, **fields})


SESSION = session()


def machine(policy="fifo", *, pool=POOL, sessions=(SESSION,), **options):
    """A machine with a pool and open sessions."""
    made = Machine({pool.name: policy}, **options)
    assert made.handle(PoolAdded(0.0, pool), *(SessionOpened(0.0, each) for each in sessions)) == []
    return made


def came(time_s, key="t", owner="s", **fields):
    return TaskSubmitted(time_s, task(key, owner, **fields))


def ended(time_s, key="t", number=1, *, shots=0, busy_s=10.0, qpu="q"):
    return SliceFinished(time_s, qpu, key, number, shots, busy_s)
