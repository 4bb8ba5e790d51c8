"""State vectors from QPUs and parts of basis states; showing values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core import Circuit, Result
from qat.core.console import display
from qat.core.printer import isnotebook, plot_in_notebook
from qat.core.simutil import get_substate, rev_bits, wavefunction
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import TapeBuilder
from qat.qpus import LinAlg, QPUHandler


def bell():
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["H"])), [0])
    builder.gate(builder.form(GateForm(GATES["CNOT"])), [0, 1])
    return Circuit.from_tape(builder.tape(2))


def test_wavefunction_gives_amplitudes_or_probabilities():
    amplitudes, probabilities = wavefunction(bell(), LinAlg()), wavefunction(bell(), LinAlg(), probs=True)
    assert amplitudes.dtype == np.complex128 and np.allclose(amplitudes, [2**-0.5, 0, 0, 2**-0.5])
    assert probabilities.dtype == np.float64 and np.allclose(probabilities, [0.5, 0, 0, 0.5])


def test_a_qpu_without_amplitudes_is_named():
    class Machine(QPUHandler):
        def submit_job(self, job):
            return Result.from_arrays([0], probabilities=[1.0], nbqbits=2)

    with pytest.raises(ValueError, match=r"Machine gave no amplitudes.*probs=True"):
        wavefunction(bell(), Machine())
    assert wavefunction(bell(), Machine(), probs=True).tolist() == [1, 0, 0, 0]


@given(st.integers(1, 70), st.data())
def test_substates_are_the_bits_asked_for(nb_qubits, data):
    state = data.draw(st.integers(0, 2**nb_qubits - 1))
    qubits = data.draw(st.permutations(range(nb_qubits)))
    bits = f"{state:0{nb_qubits}b}"
    assert get_substate(state, nb_qubits, qubits) == int("".join(bits[qubit] for qubit in qubits), 2)
    assert rev_bits(state, nb_qubits) == get_substate(state, nb_qubits, range(nb_qubits)[::-1])


def test_values_are_shown_in_a_terminal(capsys):
    display(bell(), circuit_name="bell", batchmode=True)
    plot_in_notebook(bell())
    display(Result(value=0.25))
    shown = capsys.readouterr().out
    assert shown.count("H") == 2 and "0.25" in shown
    assert not isnotebook()


def test_a_drawing_can_be_saved(tmp_path, capsys):
    plot_in_notebook(bell(), filename=str(tmp_path / "bell.svg"))
    assert "<svg" in (tmp_path / "bell.svg").read_text()
