"""Submissions as clients send them."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from qat.comm.access.messages import Submission
from qat.comm.arguments import pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.comm.wire import encode
from qat.core import Batch, Observable, Term
from qat.lang.AQASM import CNOT, RY, H, Program

LINALG = StackRecipe((ServiceCall("qat.qpus", "LinAlg"),))


def bell_job(nb_qubits: int = 2, nb_shots: int = 10):
    """All qubits the same."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    H(qubits[0])
    for one, other in pairwise(qubits):
        CNOT(one, other)
    return program.to_circ().to_job(nbshots=nb_shots)


def submission(job=None, recipe: StackRecipe = LINALG, **fields) -> bytes:
    """One job on a stack."""
    batch = encode(Batch([job or bell_job()]))
    return msgspec.msgpack.encode(Submission(recipe=recipe, batch=batch, is_single=True, **fields))


def variational_submission(nb_iterations: int = 30) -> bytes:
    """A search for a parameter, which takes longer than a job of one run."""
    program = Program()
    qubits = program.qalloc(2)
    RY(program.new_var(float, "theta"))(qubits[0])
    observable = Observable(2, pauli_terms=[Term(1.0, "Z", [0])])
    job = program.to_circ().to_job(job_type="OBS", observable=observable)
    options = {"maxiter": nb_iterations}
    keywords = {"method": "COBYLA", "x0": [0.3], "options": options, "tol": 1e-12}
    packed = {name: pack_argument(value, name) for name, value in keywords.items()}
    plugin = ServiceCall("qat.plugins", "ScipyMinimizePlugin", (), packed)
    return submission(job, StackRecipe((plugin, *LINALG.services)))
