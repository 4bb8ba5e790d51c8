"""Things to get wrong, for ``mistakes.py`` and its tests: circuits, services that answer nonsense, short programs."""

from collections.abc import Callable
from itertools import pairwise

from qat.core import (
    Circuit,
    HardwareSpecs,
    Job,
    Observable,
    Result,
    Topology,
    TopologyType,
)
from qat.generators import AbstractGenerator
from qat.lang.AQASM import CNOT, RX, H, Program, QRoutine
from qat.plugins import (
    AbstractPlugin,
    Junction,
    QuameleonPlugin,
    ScipyMinimizePlugin,
)
from qat.qpus import LinAlg, QPUHandler

NOT_A_NUMBER = float("nan")


def qubits(size=3):
    return Program().qalloc(size)


def ghz(size=2) -> Circuit:
    prog = Program()
    qbits = prog.qalloc(size)
    H(qbits[0])
    for control, target in pairwise(qbits):
        CNOT(control, target)
    return prog.to_circ()


def rotation(angle: Callable = lambda alpha: alpha) -> Circuit:
    """RX of an expression in alpha."""
    prog = Program()
    RX(angle(prog.new_var(float, "alpha")))(prog.qalloc(1))
    return prog.to_circ()


Z = Observable.sigma_z(0, 1)


def simulated(*uses, size=1, **options) -> Result:
    """Result of gates on the first qubits."""
    prog = Program()
    qbits = prog.qalloc(size)
    for gate in uses:
        gate(qbits[: gate.arity])
    return LinAlg().submit(prog.to_circ().to_job(**options))


def edited(**fields) -> Result:
    """Result of a GHZ circuit whose second operation somebody has edited."""
    circ = ghz()
    for name, value in fields.items():
        setattr(circ.ops[1], name, value)
    return LinAlg().submit(circ.to_job())


class Compiling(AbstractPlugin):
    """A plugin with something else in the place of the batch."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def compile(self, batch, specs):
        return self.answer(batch)


class PostProcessing(Compiling):
    def compile(self, batch, specs):
        return batch

    def post_process(self, batch_result):
        return self.answer(batch_result)


class Answering(QPUHandler):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def submit_job(self, job):
        return self.answer


class Running(Junction):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def run(self, initial_object, meta_data):
        return self.answer


class Generating(AbstractGenerator):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def generate(self, specs):
        return self.answer


def compiled(answer):
    return (Compiling(answer) | LinAlg()).submit(ghz().to_job())


def post_processed(answer):
    return (PostProcessing(answer) | LinAlg()).submit(ghz().to_job())


def minimized(*, job=None, meta_data=None, **options):
    job = rotation().to_job(observable=Z) if job is None else job
    return (ScipyMinimizePlugin(**options) | LinAlg()).submit(job, meta_data=meta_data)


def typed(job_type) -> Job:
    job = ghz().to_job()
    job.type = job_type
    return job


def with_dictionary(**gates) -> Circuit:
    circ = ghz()
    circ.gateDic.update(gates)
    return circ


def wide_routine():
    routine = QRoutine()
    routine.apply(H, routine.new_wires(3)[2])
    return routine


def twice(gate):
    qbits = qubits()
    gate(qbits[0], qbits[0])


def foreign():
    CNOT(qubits()[0], qubits()[1])


def own_routine():
    routine = QRoutine()
    routine.apply(routine, routine.new_wires(1))


def mutual():
    first, second = QRoutine(), QRoutine()
    wires = first.new_wires(1), second.new_wires(1)
    first.apply(second, wires[0])
    second.apply(first, wires[1])
    prog = Program()
    first(prog.qalloc(1))
    prog.to_circ()


def breaking():
    prog = Program()
    prog.cbreak(prog.calloc(1)[0])


def measuring():
    prog = Program()
    prog.measure(prog.qalloc(3), prog.calloc(2))


def measured(nbshots, **options):
    prog = Program()
    qbits = prog.qalloc(2)
    H(qbits[0])
    prog.measure(qbits[0])
    return LinAlg().submit(prog.to_circ().to_job(nbshots=nbshots, **options))


def lnn_hardware():
    return QuameleonPlugin(HardwareSpecs(nbqbits=3, topology=Topology(type=TopologyType.LNN)))


def far_apart() -> Job:
    prog = Program()
    qbits = prog.qalloc(3)
    CNOT(qbits[0], qbits[2])
    return prog.to_circ().to_job()
