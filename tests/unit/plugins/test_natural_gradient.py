"""The metric tensor against derivatives of dense states."""

import numpy as np
import pytest

from qat.core.errors import PluginException
from qat.core.simutil import wavefunction
from qat.lang.AQASM import CNOT, PH, RX, RY, RZ, AbstractGate, H, Program
from qat.plugins.natural_gradient import metric_tensor
from qat.qpus import LinAlg

VALUES = {"a": 0.4, "b": -1.1, "c": 0.7}


def circuit():
    program = Program()
    q = program.qalloc(3)
    a, b, c = (program.new_var(float, name) for name in "abc")
    for qubit in q:
        H(qubit)
    RY(a)(q[0])
    CNOT(q[0], q[1])
    RX(2 * b + a)(q[1])
    RZ(a * b)(q[2])
    RY(c).ctrl()(q[0], q[2])
    PH(c).ctrl(2)(q)
    PH(b).dag()(q[1])
    RX(a).ctrl()(q[2], q[1])
    return program.to_circ()


def dense_metric(circ, values, step=1e-5):
    """4 Re(<d_k|d_l> - <d_k|psi><psi|d_l>) with central differences."""

    def state(**moves):
        return wavefunction(circ(**{name: value + moves.get(name, 0.0) for name, value in values.items()}), LinAlg())

    psi = state()
    slopes = [(state(**{name: step}) - state(**{name: -step})) / (2 * step) for name in values]
    return np.array([[4 * (np.vdot(k, m) - np.vdot(k, psi) * np.vdot(psi, m)).real for m in slopes] for k in slopes])


def test_metric_is_that_of_the_states():
    metric = metric_tensor(circuit(), VALUES, LinAlg().submit)
    assert np.allclose(metric, dense_metric(circuit(), VALUES), atol=1e-8)
    assert np.allclose(metric, metric.T) and np.linalg.eigvalsh(metric).min() > -1e-12


def test_metric_from_shots():
    program = Program()
    RY(program.new_var(float, "a"))(program.qalloc(1))
    metric = metric_tensor(program.to_circ(), {"a": 0.3}, LinAlg().submit, nb_shots=4000)
    assert metric.shape == (1, 1) and abs(metric[0, 0] - 1) < 0.1


def test_variables_without_effect_have_no_metric():
    metric = metric_tensor(circuit(), {**VALUES, "unused": 1.0}, LinAlg().submit)
    assert np.allclose(metric[3], 0) and np.allclose(metric[:, 3], 0)


def test_gates_without_rule_are_refused():
    program = Program()
    gate = AbstractGate("MIX", [float], arity=1, matrix_generator=lambda angle: np.diag([1, np.exp(3j * angle)]))
    gate(program.new_var(float, "a"))(program.qalloc(1))
    with pytest.raises(PluginException, match=r"MIX has a variable but no shift rule.*natural_gradient=False"):
        metric_tensor(program.to_circ(), {"a": 0.3}, LinAlg().submit)
