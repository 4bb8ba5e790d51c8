"""Mean values of many circuits in one call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qat.kernels.engine import NotUnitaryError
from qat.kernels.gates import GateForm, GateRecord
from qat.kernels.numpy_engine import NumpyEngine
from qat.kernels.pauli import PauliSum
from qat.kernels.tape import Kind, TapeBuilder
from tests.unit.kernels.circuits import circuits, named_tape, tape_of_gates
from tests.unit.kernels.engines import IS_NATIVE, NATIVE_WAYS, engine_on

WAYS = ["numpy", *NATIVE_WAYS]
LETTERS = "XYZ"


@st.composite
def cases(draw):
    """A circuit and an observable, perhaps on fewer qubits."""
    nb_qubits, gates = draw(circuits())
    width = draw(st.integers(1, nb_qubits))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    terms = []
    for _ in range(draw(st.integers(0, 20))):
        qubits = rng.permutation(width)[: rng.integers(1, width + 1)].tolist()
        coefficient = rng.normal() + (1j * rng.normal() if rng.random() < 0.1 else 0)
        terms.append((complex(coefficient), "".join(rng.choice(list(LETTERS), len(qubits))), qubits))
    return tape_of_gates(nb_qubits, gates), PauliSum.from_terms(
        width, terms, constant=draw(st.sampled_from([0.0, 0.5, 1j]))
    )


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=25, deadline=None)
@given(st.lists(cases(), max_size=5))
def test_values_are_those_of_the_oracle(way, drawn):
    oracle = NumpyEngine()
    with engine_on(way) as engine:
        found = engine.mean_values(drawn)
        assert np.allclose(found, [oracle.expectation(oracle.state(tape), paulis) for tape, paulis in drawn])
        assert found == [engine.mean_value(tape, paulis) for tape, paulis in drawn]


def box():
    builder = TapeBuilder()
    body = named("X")
    builder.gate(builder.form(GateForm(GateRecord(name="BOX", arity=1, body=body, identity="box"))), [0])
    return builder.tape(1)


def named(*names):
    return named_tape(1, *((name, [0]) for name in names))


@pytest.mark.parametrize("way", WAYS[-1:])
def test_boxes_and_empty_circuits_and_large_ones(way):
    z, wide = PauliSum.from_terms(1, [(1.0, "Z", [0])]), PauliSum.from_terms(1, [(2.0, "Z", [0])])
    with engine_on(way) as engine:
        large = named_tape(19, ("X", [0]), *(("H", [qubit]) for qubit in range(1, 19)), ("RX", [1], 0.3))
        assert np.allclose(
            engine.mean_values([(box(), z), (named(), z), (large, wide), (named("X"), z)]), [-1, 1, -2, -1]
        )
        assert engine.mean_values([]) == []


@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_mean_value_is_refused(way):
    builder = TapeBuilder()
    builder.classical(Kind.RESET, [0])
    z = PauliSum.from_terms(1, [(1.0, "Z", [0])])
    with engine_on(way) as engine:
        with pytest.raises(NotUnitaryError):
            engine.mean_values([(named("X"), z), (builder.tape(1), z)])
        with pytest.raises(ValueError, match="does not fit a state of 1"):
            engine.mean_values([(named("X"), PauliSum.from_terms(2, [(1.0, "Z", [1])]))])


@pytest.mark.skipif(not IS_NATIVE, reason="nothing is compiled")
@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (0, None), (1, np.zeros(0)), (1, np.zeros(1, np.float32)), (1, np.zeros((1, 1))), (1, np.zeros(2)[::2]), (1, 5),
        (2, "strings"), (3, np.zeros(2, complex)), (3, np.zeros(1)), (4, "constant"),
    ],
)  # fmt: skip
def test_calls_that_make_no_sense_are_refused(place, wrong):
    from qat.kernels import _native
    from qat.kernels.native_engine import NativeEngine

    tape = named_tape(1, ("RX", [0], 0.3), ("H", [0]), ("RY", [0], 0.3))
    case = list(NativeEngine(1)._brief(tape, PauliSum.from_terms(1, [(1.0, "Z", [0])])))
    assert len(_native.mean_values([tuple(case)], 1)) == 1
    case[place] = wrong
    for attempt in ([tuple(case)], [tuple(case[:4])], case, [None]):
        with pytest.raises((TypeError, ValueError, RuntimeError, BufferError)):
            _native.mean_values(attempt, 1)
