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


def submission(job=None, recipe: StackRecipe = LINALG, batch: Batch | None = None, **fields) -> bytes:
    """One job, or a batch, on a stack."""
    sent = encode(Batch([job or bell_job()]) if batch is None else batch)
    return msgspec.msgpack.encode(Submission(recipe=recipe, batch=sent, is_single=batch is None, **fields))


COBYLA = {"method": "COBYLA", "x0": [0.1] * 24, "tol": 1e-15}


def search_job(nb_qubits: int = 4, nb_layers: int = 6):
    """A value to be minimized over 24 angles: COBYLA uses up all its evaluations."""
    program = Program()
    qubits = program.qalloc(nb_qubits)
    for layer in range(nb_layers):
        for number, qubit in enumerate(qubits):
            RY(program.new_var(float, f"a{layer}_{number}"))(qubit)
        for one, other in pairwise(qubits):
            CNOT(one, other)
    terms = [Term(1.0, "ZZ", [number, number + 1]) for number in range(nb_qubits - 1)]
    terms += [Term(0.5, "X", [number]) for number in range(nb_qubits)]
    return program.to_circ().to_job(job_type="OBS", observable=Observable(nb_qubits, pauli_terms=terms))


def variational_submission(nb_iterations: int = 30) -> bytes:
    """A search for the angles of :func:`search_job`."""
    keywords = COBYLA | {"options": {"maxiter": nb_iterations}}
    packed = {name: pack_argument(value, name) for name, value in keywords.items()}
    plugin = ServiceCall("qat.plugins", "ScipyMinimizePlugin", (), packed)
    return submission(search_job(), StackRecipe((plugin, *LINALG.services)))
