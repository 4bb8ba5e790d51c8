"""Where a job stands in Slurm, in sentences."""

import pytest

from qhpc.access.launchers.slurm_standing import Licence, licences_of, standing_of
from qhpc.slurm.parsers import SlurmJob

JOB = SlurmJob(id=8, state="PENDING", licenses={"qpu_a": 250})
PLAIN = SlurmJob(id=9, state="PENDING")
FREE = {"qpu_a": Licence(1000, 1000)}


@pytest.mark.parametrize(
    ("job", "queue", "licences", "sentences"),
    [
        (JOB, [JOB], FREE, ()),
        (JOB, [], FREE, ()),
        (JOB, [JOB, PLAIN], FREE, ("it is the next of 2 jobs that wait in Slurm",)),
        (JOB, [PLAIN, JOB], FREE, ("1 job is before it in Slurm, 0 of them for the same QPU",)),
        (PLAIN, [JOB, PLAIN], FREE, ("1 job is before it in Slurm",)),
        (JOB, [JOB], {}, ("it asks for 250 of qpu_a, which the cluster does not have now",)),
        (JOB, [JOB], {"qpu_a": Licence(1000, 249)}, ("it asks for 250 of qpu_a: 249 of 1000 are free",)),
        (JOB, [JOB], {"qpu_a": Licence(1000, 250)}, ()),
    ],
)
def test_sentences(job, queue, licences, sentences):
    assert standing_of("said", job, queue, licences).reasons == ("said", *sentences)


@pytest.mark.parametrize("started", [None, "Unknown", "2026-13-01T00:00:00"])
def test_a_start_that_slurm_does_not_tell_is_not_told(started):
    job = SlurmJob(id=8, state="PENDING", started=started)
    assert standing_of("said", job, [job], {}).latest_start_s is None


def test_what_a_reservation_keeps_is_not_free():
    lines = [{"LicenseName": "a", "Total": "10", "Free": "8", "Reserved": "9"}, {"No licenses configured": ""}]
    assert licences_of(lines) == {"a": Licence(10, 0)}
