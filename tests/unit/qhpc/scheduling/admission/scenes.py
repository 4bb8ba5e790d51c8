"""Short words for the tests of admission."""

from qhpc.scheduling.admission.events import JobArrived, PoolCounted
from qhpc.scheduling.admission.machine import AdmissionMachine
from qhpc.scheduling.admission.model import HybridJob
from qhpc.scheduling.admission.policies import CappedDuty


def job(name="j", duty=0.5, **fields):
    return HybridJob(id=name, **{"user": "ada", "account": "a", "pool": "p", "declared_duty": duty, **fields})


def came(time_s, name="j", duty=0.5, **fields):
    return JobArrived(time_s, job(name, duty, **fields))


def machine(policy=None, *, nb_qpus=1, **options):
    """A machine with a pool."""
    made = AdmissionMachine(policy or CappedDuty(1.2), **options)
    made.handle(PoolCounted(0.0, "p", nb_qpus))
    return made
