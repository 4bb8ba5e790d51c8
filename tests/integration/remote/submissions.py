"""Submissions as clients send them."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from qat.comm.access.messages import Submission
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.comm.wire import encode
from qat.core import Batch
from qat.lang.AQASM import CNOT, H, Program

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
