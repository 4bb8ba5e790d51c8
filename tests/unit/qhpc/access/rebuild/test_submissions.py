"""Submissions are read within limits; what is wrong with them is said."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.access.messages import API_VERSION, Submission
from qat.comm.wire import encode
from qat.core import Batch, Circuit, Result
from qhpc.access.launchers.protocol import InvalidSubmission
from qhpc.access.rebuild.policy import SubmissionLimits
from qhpc.access.rebuild.submissions import batch_of, read_submission

from ..submissions import ghz_job, stack, submission

SMALL = SubmissionLimits(max_bytes=10_000, max_services=2, max_jobs=2, max_qubits=5, max_shots=100)


def refusal(message, limits=SMALL):
    with pytest.raises(InvalidSubmission) as caught:
        batch_of(read_submission(message, limits), limits)
    return caught.value


def test_a_submission_within_the_limits_is_read():
    read = read_submission(submission("LinAlg", jobs=[ghz_job(5, nbshots=100)] * 2), SMALL)
    batch = batch_of(read, SMALL)
    assert len(batch.jobs) == 2 and str(read.recipe) == "LinAlg"


def test_applications_have_no_batch():
    assert batch_of(read_submission(submission("LinAlg", task="specs"))) is None


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [
        (b"x" * 10_001, "too-large", "10001 bytes"),
        (submission(*["LinAlg"] * 3), "invalid-stack", "3 services"),
        (submission("LinAlg", jobs=[ghz_job()] * 3), "does-not-fit", "3 jobs"),
        (submission("LinAlg", jobs=[ghz_job(6)]), "does-not-fit", "6 qubits"),
        (submission("LinAlg", jobs=[ghz_job(nbshots=101)]), "does-not-fit", "101 shots"),
        (submission("LinAlg", jobs=[ghz_job()] * 2, is_single=True), "malformed-request", "said to be one job"),
        (submission("LinAlg", batch=None), "malformed-request", "there is no batch"),
        (submission("LinAlg", task="specs", batch=b""), "malformed-request", "takes none"),
        (submission("LinAlg", batch=b"abc"), "malformed-request", "cannot be read"),
        (submission("LinAlg", batch=encode(Result())), "malformed-request", "it holds a Result"),
        (submission("LinAlg", version=API_VERSION + 1), "too-new", f"version {API_VERSION + 1}"),
        (b"", "malformed-request", "cannot be read"),
        (msgspec.msgpack.encode({"recipe": 3}), "malformed-request", "cannot be read"),
        (msgspec.msgpack.encode({"shape": "new", "version": API_VERSION + 1}), "too-new", "older client"),
    ],
)
def test_what_is_wrong_is_said(message, code, said):
    error = refusal(message)
    assert error.code == code and said in error.detail


def test_fields_that_are_unknown_are_refused():
    fields = msgspec.to_builtins(Submission(recipe=stack("LinAlg"), task="specs"), builtin_types=(bytes,))
    assert refusal(msgspec.msgpack.encode({**fields, "run_as": "root"})).code == "malformed-request"


def test_a_circuit_of_no_qubits_is_no_obstacle():
    message = submission("LinAlg", batch=encode(Batch([Circuit.empty(0).to_job()])))
    assert len(batch_of(read_submission(message)).jobs) == 1


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(message):
    refusal(message)


@given(st.data())
def test_damaged_submissions_are_read_or_refused(data):
    message = bytearray(submission("LinAlg"))
    message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        batch_of(read_submission(bytes(message), SMALL), SMALL)
    except InvalidSubmission as error:
        assert error.detail
