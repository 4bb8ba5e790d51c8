"""Jobs as drivers take them."""

import pytest

from qat.comm.broker.tasks import payload_of
from qat.comm.wire import encode
from qat.core import Batch, Circuit, Job, Result
from qat.core.errors import QPUException, WireError
from qat.core.qpu import QPUHandler
from qhpc.broker.drivers.jobs import checked_batch, job_in, ran_on

JOB = Circuit.empty(2).to_job(nbshots=10)


class Telling(QPUHandler):
    """Tells the meta data of the batch and the number of shots."""

    def submit_job(self, job, meta_data):
        return Result(value=float(job.nbshots), meta_data=dict(meta_data))


def test_the_meta_data_of_a_batch_reach_the_qpu():
    batch = checked_batch(payload_of(JOB, {"vendor": "opaque"}))
    result = ran_on(Telling(), batch, 3)
    assert (result.value, result.meta_data) == (3.0, {"vendor": "opaque"})
    assert batch.jobs[0].nbshots == 10


def test_a_job_alone_is_a_batch_of_one():
    batch = checked_batch(payload_of(JOB))
    assert (batch.jobs, batch.meta_data) == ([JOB], {})
    assert ran_on(Telling(), batch, 0).value == 10.0
    assert job_in(payload_of(JOB, {"a": "b"})) == JOB


@pytest.mark.parametrize("value", [Batch([]), Batch([Job(), Job()]), Result()])
def test_what_is_not_one_job(value):
    with pytest.raises(WireError, match="a Job, or a Batch of one"):
        checked_batch(encode(value))


@pytest.mark.parametrize("limits", [{"max_qubits": 1}, {"max_shots": 9}])
def test_limits_hold_for_both(limits):
    for payload in (payload_of(JOB), payload_of(JOB, {"a": "b"})):
        with pytest.raises(QPUException, match="this QPU takes at most"):
            checked_batch(payload, **limits)
