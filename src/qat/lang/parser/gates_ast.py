"""Syntax trees of gates, and circuits built from them, as parsers of text formats do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qat.core.circuit_builder.builder import CircuitBuilder, InvalidArguments, InvalidArity, signature_form
from qat.core.records import Op
from qat.kernels.gates import GateForm, matrix_gate
from qat.lang.AQASM.gate import Gate, gate_of

__all__ = ["ASTCircuitBuilder", "CircuitBuilder", "GateAST", "InvalidArguments", "InvalidArity"]


def _controlled(gate: Gate) -> Gate:
    """The gate with one more control, under its own name at every step: two controls of ``X`` make ``CCNOT``."""
    return gate_of(gate.form.control(), gate.tape_parameters)


_OPERATORS: Mapping[str, Callable[[Gate], Gate]] = {
    "CTRL": _controlled, "DAG": lambda gate: gate.dag(), "TRANS": lambda gate: gate.trans(),
    "CONJ": lambda gate: gate.conj(),
}  # fmt: skip


class GateAST:
    """Syntax tree of a gate: a matrix, a name, a name with parameters, or an operator on a tree.

    Attributes:
        case: ``"MATRIX"``, ``"NAME"``, ``"SYNTAX"`` or ``"OP"``.

    >>> tree = GateAST("CTRL", GateAST("RX", [0.5]))
    >>> tree.case, tree.op, tree.subgate.name, tree.subgate.params
    ('OP', 'CTRL', 'RX', [0.5])

    Raises:
        TypeError: the arguments are none of these.
    """

    def __init__(self, *args: Any) -> None:
        match args:
            case [np.ndarray() as matrix]:
                self.case, self.matrix = "MATRIX", matrix
            case [str(name)]:
                self.case, self.name = "NAME", name
            case [str(operator), GateAST() as subgate] if operator in _OPERATORS:
                self.case, self.op, self.subgate = "OP", operator, subgate
            case [str(name), (list() | tuple()) as parameters]:
                self.case, self.name, self.params = "SYNTAX", name, list(parameters)
            case _:
                raise TypeError(
                    f"{args!r} is no gate: give a matrix, a name, a name and a list of parameters, or one of "
                    f"{', '.join(_OPERATORS)} and a GateAST"
                )


class ASTCircuitBuilder(CircuitBuilder):
    """Builds a circuit from syntax trees of gates.

    >>> builder = ASTCircuitBuilder(nbqbits=2, include_matrices=True)
    >>> builder.ops.append(builder.build_op_by_ast(GateAST("CTRL", GateAST("X", [])), [0, 1]))
    >>> list(builder.gen_circuit().iterate_simple())
    [('CNOT', [], [0, 1])]
    """

    def gate(self, ast: GateAST, nb_qubits: int = 0) -> Gate:
        """The gate that a syntax tree stands for, on ``nb_qubits`` qubits if its arity is open.

        Raises:
            UnknownGate: the gate set has no gate of that name.
        """
        if ast.case == "MATRIX":
            return gate_of(GateForm(matrix_gate(ast.matrix)), ())
        if ast.case == "OP":
            return _OPERATORS[ast.op](self.gate(ast.subgate, nb_qubits - (ast.op == "CTRL")))
        parameters = tuple(ast.params) if ast.case == "SYNTAX" else ()
        return gate_of(signature_form(self.gate_set[ast.name], parameters, nb_qubits), parameters)

    def insert_by_ast(self, ast: GateAST, name: str | None = None, eps: float = 1e-20) -> str:
        """The name of a gate in the gate dictionary; it is also entered under ``name`` if given."""
        del eps
        gate = self.gate(ast)
        known = self.insert_form(gate.tape_form, gate.tape_parameters)
        if name is not None:
            self.param_gates_dic[name] = self.param_gates_dic[known]
        return name or known

    def build_op_by_ast(self, ast: GateAST, qblist: Sequence[int], eps: float = 1e-20) -> Op:
        """A gate on qubits, controls first.

        Raises:
            InvalidArity: there are not as many qubits as it acts on.
            InvalidArguments: a qubit is repeated or out of range.
        """
        del eps
        gate = self.gate(ast, len(qblist))
        return self.build_form(gate.tape_form, gate.tape_parameters, qblist)

    def apply_gate_by_ast(self, ast: GateAST, qblist: Sequence[int], eps: float = 1e-20) -> None:
        """Append a gate on qubits, controls first."""
        self.ops.append(self.build_op_by_ast(ast, qblist, eps))

    def to_aqasm(self, include_default_gate_set: bool = True) -> str:
        """The circuit as AQASM text, in which the predefined gates need no definition."""
        from qat.lang.AQASM.text import circuit_to_text

        del include_default_gate_set
        return circuit_to_text(self.gen_circuit())
