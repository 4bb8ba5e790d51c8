"""Functions as routines (``@qrout``) and as functions of angles (``@qfunc``)."""

import numpy as np
import pytest

from qat.core import Job, Observable
from qat.lang import CNOT, RX, RY, H, Program, QRoutine, X, compute, qfunc, qrout, uncompute
from qat.lang.decorator import JobEvaluator


def operations(routine):
    return list(routine.to_circ().iterate_simple())


@qrout
def bell():
    """A pair."""
    H(0)
    CNOT(0, 1)


@qrout
def turns(theta, phi=0.3):
    RX(theta)(0)
    RY(2 * phi)(1)


# ---------------------------------------------------------------- qrout
def test_a_function_without_arguments():
    assert bell.__doc__ == "A pair." and bell.__name__ == "bell" and bell.arity == 2
    assert isinstance(bell(), QRoutine) and operations(bell()) == [("H", [], [0]), ("CNOT", [], [0, 1])]
    assert [sample.state.bitstring for sample in bell().run()] == ["00", "11"]
    assert isinstance(bell.to_job(nbshots=7), Job) and bell.to_job(nbshots=7).nbshots == 7
    assert operations(bell.qlm_obj) == operations(bell())
    prog = Program()
    qubits = prog.qalloc(4)
    prog.apply(bell, qubits[:2]).apply(bell.ctrl(), qubits[1:])
    assert [name for name, *_ in prog.to_circ().iterate_simple()] == ["H", "CNOT", "C-H", "CCNOT"]


def test_arguments_are_variables():
    assert turns.get_variables() == ["phi", "theta"] and set(turns.registers) == {"theta", "phi"}
    assert operations(turns(0.1, 0.2)) == [("RX", [0.1], [0]), ("RY", [0.4], [1])]
    assert turns(0.1).get_variables() == ["phi"] and turns(phi=0.1).get_variables() == ["theta"]
    assert turns().get_variables() == ["phi", "theta"] and turns.to_job().get_variables() == ["phi", "theta"]
    with pytest.raises(TypeError):
        turns(1.0, 2.0, 3.0)
    with pytest.raises(TypeError):
        turns(nobody=1.0)


def test_arrays_of_arguments():
    @qrout(angles=(2, 2))
    def grid(angles):
        assert angles.shape == (2, 2)
        RX(angles[0, 1])(0)
        RY(angles[1][0])(1)

    assert grid.get_variables() == ["angles_1", "angles_2"]
    for values in ([[0.0, 0.1], [0.2, 0.3]], np.arange(4).reshape(2, 2) / 10, [0.0, 0.1, 0.2, 0.3]):
        assert operations(grid(values)) == [("RX", [0.1], [0]), ("RY", [0.2], [1])]
    with pytest.raises(TypeError, match="3 values, expected 4"):
        grid([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="no argument is called 'nobody'"):
        qrout(nobody=2)(lambda angles: None)


def test_routines_within_routines():
    @qrout
    def outer(a):
        with compute():
            H(0)
        bell()(1, 0)
        turns(a, 2 * a)(2, 3)
        uncompute()

    assert [name for name, *_ in operations(outer(0.1))] == ["H", "H", "CNOT", "RX", "RY", "H"]
    assert operations(outer(0.1))[3:5] == [("RX", [0.1], [2]), ("RY", [0.4], [3])]
    assert outer.get_variables() == ["a"] and [op.ctrl_prot for op in outer.qlm_obj.op_list] == [
        True,
        False,
        False,
        True,
    ]


def test_routines_in_programs():
    prog = Program()
    qubits = prog.qalloc(3)
    bell().ctrl()(qubits)
    assert [name for name, *_ in prog.to_circ().iterate_simple()] == ["C-H", "CCNOT"]


def test_functions_that_need_values():
    calls = []

    @qrout(unroll=False)
    def eager(nb):
        calls.append(nb)
        for qubit in range(nb):
            X(qubit)

    assert calls == [] and operations(eager(2)) == [("X", [], [0]), ("X", [], [1])] and calls == [2]
    with pytest.raises(AttributeError, match="call it first"):
        eager.get_variables()


def test_functions_that_cannot_be_unrolled_are_called_with_values():
    @qrout
    def many(nb):
        for qubit in range(nb):
            X(qubit)

    assert len(operations(many(3))) == 3 and many.__name__ == "many"
    with pytest.raises(AttributeError, match="call it first") as info:
        many.to_job()
    assert isinstance(info.value.__cause__, TypeError)
    with pytest.raises(TypeError):
        qrout(unroll=True)(many.__wrapped__)


def test_a_failing_function_closes_its_routine():
    @qrout(unroll=False)
    def failing():
        raise KeyError("no")

    with pytest.raises(KeyError):
        failing()
    with Program() as prog:
        H(0)
    assert len(prog.to_circ()) == 1


# ---------------------------------------------------------------- qfunc
@qfunc
def energy(theta):
    """The energy."""
    RX(theta)(0)
    return Observable.z(0)


def test_a_function_of_angles():
    assert isinstance(energy, JobEvaluator) and energy.__doc__ == "The energy." and energy.get_variables() == ["theta"]
    assert isinstance(energy.qlm_obj, Job) and energy.qlm_obj.observable == Observable.z(0)
    assert np.isclose(energy(0.3), np.cos(0.3)) and np.isclose(energy(theta=0.3), np.cos(0.3))
    assert energy.statistics()["size"] == 1 and energy.eval([0.3]) == energy(0.3)
    for arguments in ((), (1.0, 2.0)):
        with pytest.raises(TypeError):
            energy(*arguments)


def test_a_function_of_arrays():
    @qfunc(a=2, b=(1,))
    def sums(a, b):
        RX(a[0])(0)
        RY(a[1] + b[0])(0)
        return Observable.z(0)

    assert sums.get_variables() == ["a_0", "a_1", "b_0"]
    assert np.isclose(sums([0.3, 0.1], [0.2]), np.cos(0.3) * np.cos(0.3))
    with pytest.raises(TypeError, match="argument a has 3 values"):
        sums([0.3, 0.1, 0.2], [0.2])


def test_functions_are_minimised():
    assert np.isclose(energy.run().value, -1, atol=1e-3)
    assert [len(jobs) for jobs in energy.gradient().values()] == [2]


def test_what_is_measured():
    @qfunc
    def nothing(a):
        RX(a)(0)

    @qfunc
    def qubits():
        X(0)
        H(1)
        return [0]

    assert (nothing.qlm_obj.type, nothing.qlm_obj.qubits) == (0, [0])
    assert qubits.qlm_obj.qubits == [0] and [sample.state.bitstring for sample in qubits()] == ["1"]

    @qfunc
    def several():
        X(0)
        return [Observable.z(0), Observable.x(0)]

    assert len(several.qlm_obj.observables) == 2
