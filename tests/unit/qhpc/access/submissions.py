"""Submissions for tests, and the site with services of its own."""

from itertools import pairwise
from pathlib import Path

import msgspec

from qat.comm.access.messages import Submission
from qat.comm.arguments import pack_argument
from qat.comm.recipe import ServiceCall, StackRecipe
from qat.comm.wire import encode
from qat.core import Batch, Observable
from qat.lang import CNOT, RX, H, Program

SITE = str(Path(__file__).parent / "site")


def call(address, *arguments, **keywords):
    """A service and its arguments; ``address`` without a module is a QPU."""
    kind, _, name = address.rpartition(":")
    packed = {key: pack_argument(value, key) for key, value in keywords.items()}
    return ServiceCall(kind or "qat.qpus", name, tuple(pack_argument(value, "it") for value in arguments), packed)


def stack(*services):
    """A recipe; texts stand for services without arguments."""
    return StackRecipe(tuple(call(service) if isinstance(service, str) else service for service in services))


def ghz_job(nb_qubits=4, **options):
    program = Program()
    qubits = program.qalloc(nb_qubits)
    program.apply(H, qubits[0])
    for first, second in pairwise(list(qubits)):
        program.apply(CNOT, first, second)
    return program.to_circ().to_job(**options)


def variational_job():
    program = Program()
    qubit = program.qalloc(1)
    program.apply(RX(program.new_var(float, "a")), qubit)
    return program.to_circ().to_job(observable=Observable.sigma_z(0, 1))


def submission(*services, jobs=None, task="submit", **fields):
    """A submission as a message; of one job unless ``jobs`` or the task say otherwise."""
    if task in ("submit", "compile") and "batch" not in fields:
        fields.setdefault("is_single", jobs is None)
        fields["batch"] = encode(Batch([ghz_job()] if jobs is None else jobs))
    return msgspec.msgpack.encode(Submission(recipe=stack(*services), task=task, **fields))


__all__ = ["SITE", "call", "ghz_job", "stack", "submission", "variational_job"]
