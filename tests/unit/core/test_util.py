"""Helpers on circuits at their published addresses."""

import numpy as np
import pytest

from qat.core import Circuit, circ, circuit_iterator, display_hook, formula_eval, util
from qat.core.parameters import matrix_record
from qat.core.records import GateDefinition, GSyntax, Op, Param, Variable
from qat.core.task import Task
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Row
from qat.kernels.tape_algebra import body_record, tape_of


def definitions() -> dict[str, GateDefinition]:
    angle = Param(is_abstract=True, string_p="+ a 1")
    return {
        "_0": GateDefinition("_0", arity=1, syntax=GSyntax("RX", [angle])),
        "_1": GateDefinition("_1", arity=3, subgate="_0", nbctrls=2),
        "_2": GateDefinition("_2", arity=1, subgate="_0", is_conj=True),
        "_3": GateDefinition("_3", arity=1, subgate="_4", is_trans=True),
        "_4": GateDefinition("_4", arity=1, subgate="T", is_dag=True),
        "T": GateDefinition("T", arity=1, syntax=GSyntax("T", None)),
        "U": GateDefinition("U", arity=1, matrix=matrix_record(np.eye(2))),
        "CU": GateDefinition("CU", arity=2, subgate="U", nbctrls=1),
        "lost": GateDefinition("lost", arity=2, subgate="nowhere", nbctrls=1),
    }


@pytest.mark.parametrize(
    ("name", "syntax"),
    [("_0", "RX"), ("_1", "C-C-RX"), ("_2", "S-RX"), ("_3", "T-D-T"), ("U", None), ("CU", None)],
)
def test_syntax_of_definitions(name, syntax):
    gates = definitions()
    found, parameters = util.extract_syntax(gates[name], gates)
    assert found == syntax and (str(parameters[0]) == "(a + 1)" if syntax and "RX" in syntax else not parameters)


def test_syntax_with_values_of_variables():
    gates = definitions()
    values = {"a": Variable(1, Param(type=1, double_p=0.5)), "b": Variable(1, Param(is_abstract=True, string_p="b"))}
    assert util.extract_syntax(gates["_1"], gates, values) == ("C-C-RX", [1.5])


def test_syntax_of_a_gate_made_from_nothing():
    gates = definitions()
    with pytest.raises(KeyError, match="'lost' is made from 'nowhere', which is not in the gate dictionary"):
        util.extract_syntax(gates["lost"], gates)


def test_syntax_of_operations():
    ops = [Op("_1", [0, 1, 2]), Op("H", [1]), Op(None, [0], type=1, cbits=[2])]
    circuit = Circuit(ops=ops, gateDic=definitions(), nbqbits=3, nbcbits=3)
    assert util.get_syntax(circuit, 0)[::2] == ("C-C-RX", [0, 1, 2])
    assert util.get_syntax(circuit, 1) == ("H", [], [1])
    assert util.get_syntax(circuit, -1) == ("MEASURE", [2], [0])
    assert circ.extract_syntax is util.extract_syntax and circuit_iterator.ops_iterate is util.ops_iterate


def test_functions_that_are_methods_elsewhere():
    row = Row(0, GateForm(GATES["RX"]), (definitions_angle(),), (0,), None)
    circuit = Circuit.from_tape(tape_of([row], 1))
    assert list(util.iterate_simple(util.bind_variable(circuit, "a", 0.5))) == [("RX", [1.5], [0])]
    assert list(util.iterate_simple(util.bind_variables(circuit, {"a": 0.5}))) == [("RX", [1.5], [0])]
    assert util.statistics(circuit) == circuit.statistics() and not util.has_non_inlined(circuit)
    util.remove_locks(circuit)
    assert len(circuit) == 1


def definitions_angle():
    return util.revert_parameter(Param(is_abstract=True, string_p="+ a 1"))


def test_boxes_can_be_left_closed():
    inner = GateForm(body_record("BOX", 1, tape_of([Row(0, GateForm(GATES["H"]), (), (0,), None)], 1)))
    circuit = Circuit.from_tape(tape_of([Row(0, inner, (), (1,), None)], 2))
    assert util.has_non_inlined(circuit)
    assert [op.gate for op in util.ops_iterate(circuit, main_only=True)] == ["_0"]
    assert [op.gate for op in util.ops_iterate(circuit)] == ["H"]


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**70])
def test_integers_as_bytes(value):
    assert util.bytes_to_int(util.int_to_bytes(value)) == value
    for signed in (value, -value):
        assert util.bytes_to_int(util.int_to_bytes(signed, True), True) == signed
    assert util.int_to_bytes(300, True) == b",\x01" and util.int_to_bytes(128, True) == b"\x80\x00"


def test_formulas():
    assert [formula_eval.evaluate("AND 1 OR 0 2", bits) for bits in ([1, 0, 0], [0, 1, 1])] == [False, True]
    assert formula_eval.evaluate_list(["XOR", "0", "1"], [1, 1]) is False
    assert formula_eval.involved_cbits("AND 1 OR 0 2") == [0, 1, 2]
    assert formula_eval.to_aqasm_string("XOR NOT 1 AND 0 2") == "(~c[1] ^ (c[0] & c[2]))"
    with pytest.raises(ValueError, match="ends too early"):
        formula_eval.to_aqasm_string("AND 1")


def test_tasks_warn_and_run():
    class Sampler:
        def submit(self, job):
            return [(job.nbshots, job.aggregate_data)]

    with pytest.warns(FutureWarning, match=r"Use qpu\.submit"):
        task = Task(Circuit.empty(1), Sampler())
    assert [*task.states()] == [(0, True)] and task.execute() == (1, False)


def test_drawing_is_found_by_name(monkeypatch, capsys):
    monkeypatch.setattr(display_hook, "_renderer", "qat.display")
    Circuit(ops=[Op("H", [0])], nbqbits=1).display()
    assert "H" in capsys.readouterr().out
    display_hook.set_renderer("json")
    assert display_hook.renderer().__name__ == "json"
