"""Helpers on circuits at their published address: syntax of gates, iteration, statistics, binding, byte strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qat.core.enums import OpType
from qat.core.parameters import convert_parameter, revert_parameter
from qat.core.records import GateDefinition, Op, Subcircuit, Variable
from qat.kernels.gates import GATES
from qat.kernels.tape import Kind
from qat.kernels.tape_algebra import ROW_NAMES, has_boxes

if TYPE_CHECKING:
    from qat.core.wrappers.circuit import Circuit

Syntax = tuple[str | None, list[Any] | None]

_STATISTICS_NAMES: Mapping[int, str] = {
    Kind.MEASURE: "measurements",
    Kind.RESET: "resets",
    Kind.CLASSIC: "logic",
    Kind.BREAK: "breaks",
    Kind.REMAP: "remaps",
}


def extract_syntax(
    gate_def: GateDefinition, gate_dic: Mapping[str, GateDefinition], var_dic: Mapping[str, Variable] | None = None
) -> Syntax:
    """Name with prefixes and parameters of a gate; ``(None, None)`` for one known by its matrix alone.

    Args:
        gate_def: the gate.
        gate_dic: the gate dictionary it is from.
        var_dic: variables of the circuit; the values of those that have one are put in.

    Raises:
        KeyError: the gate refers to one that is not in the dictionary.

    >>> gates = {"_0": GateDefinition("_0", arity=2, subgate="X", nbctrls=1), "X": GateDefinition("X", syntax=None)}
    >>> extract_syntax(gates["_0"], gates)
    (None, None)
    """
    if gate_def.syntax is not None:
        values = _known_values(var_dic)
        parameters = [_with_values(revert_parameter(param), values) for param in gate_def.syntax.parameters or ()]
        return gate_def.syntax.name, parameters
    if gate_def.subgate is None:
        return None, None
    name, inner = extract_syntax(_subgate(gate_def, gate_dic), gate_dic, var_dic)
    return (None, None) if name is None else (_prefix(gate_def) + name, inner)


def _subgate(gate_def: GateDefinition, gate_dic: Mapping[str, GateDefinition]) -> GateDefinition:
    assert gate_def.subgate is not None
    if gate_def.subgate not in gate_dic:
        raise KeyError(
            f"gate {gate_def.name!r} is made from {gate_def.subgate!r}, which is not in the gate dictionary: add it"
        )
    return gate_dic[gate_def.subgate]


def _prefix(gate_def: GateDefinition) -> str:
    marks = "S-" * bool(gate_def.is_conj) + "T-" * bool(gate_def.is_trans) + "D-" * bool(gate_def.is_dag)
    return "C-" * (gate_def.nbctrls or 0) + marks


def _known_values(var_dic: Mapping[str, Variable] | None) -> dict[str, Any]:
    concrete = {name: variable.value for name, variable in (var_dic or {}).items()}
    return {
        name: revert_parameter(value) for name, value in concrete.items() if value is not None and not value.is_abstract
    }


def _with_values(parameter: Any, values: Mapping[str, Any]) -> Any:
    return parameter(**values) if values and hasattr(parameter, "get_variables") else parameter


def get_syntax(circuit: Circuit, index: int) -> tuple[str | None, list[Any] | None, list[int]]:
    """Name, parameters and qubits of the operation at ``index`` of ``circuit.ops``.

    >>> from qat.core import Circuit
    >>> get_syntax(Circuit(ops=[Op("H", [1])], nbqbits=2), 0)
    ('H', [], [1])
    """
    op, gates = circuit.ops[index], circuit.gateDic
    qubits = list(op.qbits or ())
    if op.gate is None:
        return ROW_NAMES[op.type], list(op.cbits or ()), qubits
    if op.gate not in gates and op.gate in GATES:
        return op.gate, [], qubits
    name, parameters = extract_syntax(gates[op.gate], gates)
    return name, parameters, qubits


def iterate_simple(circuit: Circuit, depth: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The operations of a circuit; see ``Circuit.iterate_simple``.

    >>> from qat.core import Circuit
    >>> list(iterate_simple(Circuit(ops=[Op("H", [1])], nbqbits=2)))
    [('H', [], [1])]
    """
    return circuit.iterate_simple(depth)


def ops_iterate(circuit: Circuit, main_only: bool = False, max_depth: int | None = None) -> Iterator[Op]:
    """The operations of a circuit's per-gate view, boxes opened.

    Args:
        circuit: the circuit.
        main_only: leave the boxes closed.
        max_depth: how many levels of boxes to open, all by default.

    >>> from qat.core import Circuit
    >>> [op.gate for op in ops_iterate(Circuit(ops=[Op("H", [1])], nbqbits=2))]
    ['H']
    """
    return _expanded(circuit.ops, circuit.gateDic, circuit.nbqbits, 0 if main_only else max_depth)


def _expanded(
    ops: Sequence[Op], gates: Mapping[str, GateDefinition], nb_qubits: int, max_depth: int | None
) -> Iterator[Op]:
    first_ancilla = nb_qubits - max((_nb_ancillas(gates, op) for op in ops), default=0)
    deeper = None if max_depth is None else max_depth - 1
    for op in ops:
        implementation = _implementation(gates, op)
        if implementation is None or max_depth == 0:
            yield op
            continue
        places = [*(op.qbits or ()), *range(first_ancilla, nb_qubits)]
        for inner in _expanded(implementation.ops or (), gates, implementation.nbqbits or 0, deeper):
            is_conditional = op.type == OpType.CLASSICCTRL
            qubits = [places[qubit] for qubit in inner.qbits] if inner.qbits is not None else None
            yield Op(
                inner.gate,
                qubits,
                op.type if is_conditional else inner.type,
                op.cbits if is_conditional else inner.cbits,
                inner.formula,
                inner.remap,
            )


def _implementation(gates: Mapping[str, GateDefinition], op: Op) -> Subcircuit | None:
    definition = None if op.gate is None else gates.get(op.gate)
    return None if definition is None else definition.circuit_implementation


def _nb_ancillas(gates: Mapping[str, GateDefinition], op: Op) -> int:
    implementation = _implementation(gates, op)
    return 0 if implementation is None else (implementation.nbqbits or 0) - len(op.qbits or ())


def statistics(circuit: Circuit) -> dict[str, Any]:
    """Numbers of qubits, of operations and of each gate; boxes are opened, except in ``size``.

    >>> from qat.core import Circuit
    >>> statistics(Circuit(ops=[Op("H", [1])], nbqbits=2))["gates"]
    {'custom gate': 0, 'H': 1}
    """
    gates = {"custom gate": 0}
    others = dict.fromkeys(_STATISTICS_NAMES.values(), 0)
    nb_gates = 0
    for row in circuit.flat_tape.rows():
        if row.form is None:
            others[_STATISTICS_NAMES[row.kind]] += 1
            continue
        nb_gates += 1
        name = row.form.syntax if row.form.record.name else "custom gate"
        gates[name] = gates.get(name, 0) + 1
    return {"nbqbits": circuit.nbqbits, "size": len(circuit), "gates": gates, **others, "gate_size": nb_gates}


def bind_variables(circuit: Circuit, v_dict: Mapping[str, Any], gate_set: Any = None, **kwargs: Any) -> Circuit:
    """A new circuit with values for variables.

    >>> from qat.lang.AQASM import RX, Program
    >>> program = Program()
    >>> _ = RX(program.new_var(float, "a"))(program.qalloc(1))
    >>> list(bind_variables(program.to_circ(), {"a": 0.5}).iterate_simple())
    [('RX', [0.5], [0])]
    """
    return circuit.bind_variables(v_dict, gate_set, **kwargs)


def bind_variable(circuit: Circuit, v_name: str, v_value: Any, gate_set: Any = None, **kwargs: Any) -> Circuit:
    """A new circuit with a value for one variable.

    >>> from qat.lang.AQASM import RX, Program
    >>> program = Program()
    >>> _ = RX(program.new_var(float, "a"))(program.qalloc(1))
    >>> bind_variable(program.to_circ(), "a", 0.5).get_variables()
    []
    """
    return circuit.bind_variables({v_name: v_value}, gate_set, **kwargs)


def remove_locks(circuit: Circuit) -> None:
    """Remove the marks that tell when an ancilla is in use, in place.

    >>> from qat.lang.AQASM import CNOT, Program, QRoutine
    >>> routine = QRoutine()
    >>> _ = CNOT(routine.new_wires(2))
    >>> routine.set_ancillae(1)
    >>> program = Program()
    >>> _ = routine(program.qalloc(1))
    >>> circuit = program.to_circ(include_locks=True)
    >>> remove_locks(circuit)
    >>> [name for name, *_ in circuit.iterate_simple()]
    ['CNOT']
    """
    circuit.remove_locks()


def has_non_inlined(circuit: Circuit) -> bool:
    """Whether a gate of the circuit is a box.

    >>> from qat.core import Circuit
    >>> has_non_inlined(Circuit.empty(1))
    False
    """
    return has_boxes(circuit.tape)


def int_to_bytes(value: int, signed: bool = False) -> bytes:
    r"""An integer as bytes, the least significant first.

    >>> int_to_bytes(259), int_to_bytes(-5, signed=True)
    (b'\x03\x01', b'\xfb')
    """
    nb_bits = (value if value >= 0 else ~value).bit_length() + signed
    return value.to_bytes(max(1, (nb_bits + 7) // 8), "little", signed=signed)


def bytes_to_int(value: bytes, signed: bool = False) -> int:
    r"""The integer of bytes, the least significant first.

    >>> bytes_to_int(b"\x03\x01")
    259
    """
    return int.from_bytes(value, "little", signed=signed)


__all__ = [
    "OpType", "bind_variable", "bind_variables", "bytes_to_int", "convert_parameter", "extract_syntax", "get_syntax",
    "has_non_inlined", "int_to_bytes", "iterate_simple", "ops_iterate", "remove_locks", "revert_parameter",
    "statistics",
]  # fmt: skip
