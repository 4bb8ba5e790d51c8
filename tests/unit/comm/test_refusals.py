"""Bytes that are not what they should be: one class of error, which names the finding and the cure."""

import struct
import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qat.comm.wire import VERSION, decode, encode
from qat.comm.wire.arrays import Array, pack_array
from qat.comm.wire.circuit import CircuitParts
from qat.comm.wire.codec import KINDS
from qat.comm.wire.envelope import MAGIC, seal, unseal
from qat.comm.wire.gates import Form, Gate
from qat.comm.wire.job import BatchParts, JobParts
from qat.comm.wire.tape import Columns, Details
from qat.comm.wire.tape_checks import formula_bits
from qat.comm.wire.values import Expression, Items
from qat.core import Batch, BatchResult, Circuit, HardwareSpecs, Job, Observable, Result, Schedule, Topology
from qat.core.errors import QPUException, WireError
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import Classical, Kind, TapeBuilder

from .values import ALL

CLASSES = {
    cls.__name__: cls
    for cls in (Circuit, Job, Batch, Result, BatchResult, Observable, Schedule, HardwareSpecs, Topology)
} | {"ServiceError": QPUException}
FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck))


def payload_of(value):
    _, payload = unseal(encode(value))
    return bytearray(payload)


# ---------------------------------------------------------------- the envelope

MESSAGE = encode(Result(value=0.5))


def resealed(message, **changes):
    """The message with other header fields, and the checksum that goes with them."""
    magic, version, kind, _, length = struct.unpack_from("<4sHHIQ", message)
    fields = {"version": version, "kind": kind, "length": length} | changes
    payload = message[20:]
    checked = struct.pack("<HHQ", fields["version"], fields["kind"], fields["length"])
    checksum = zlib.crc32(payload, zlib.crc32(checked))
    return struct.pack("<4sHHIQ", magic, fields["version"], fields["kind"], checksum, fields["length"]) + payload


@pytest.mark.parametrize(
    ("message", "finding"),
    [
        (b"", "it is empty"),
        (b"hello world, this is text", r"starts with b'hello wo'.*which starts with b'OQAT'"),
        (MAGIC, "starts with b'OQAT'"),
        (resealed(MESSAGE, version=VERSION + 1), f"format version {VERSION + 1}.*newer openqat"),
        (resealed(MESSAGE, version=0), "format version 0"),
        (resealed(MESSAGE, kind=999), "unknown kind 999.*newer openqat"),
        (MESSAGE[:-1], "bytes of content where its header announces.*complete file"),
        (MESSAGE + b"\0", "bytes of content where its header announces"),
        (MESSAGE[:-1] + b"\x01", "does not match its checksum.*edited or damaged"),
        (encode(Batch([])), r"it holds a Batch; expected a Result; load it with Batch\.load\."),
    ],
)
def test_the_finding_and_the_cure_are_named(message, finding):
    with pytest.raises(WireError, match=finding):
        decode(message, Result)


@FEW
@given(st.data())
def test_every_flipped_bit_is_noticed(data):
    name = data.draw(st.sampled_from(sorted(ALL)))
    message = bytearray(encode(data.draw(ALL[name])))
    place = data.draw(st.integers(0, 8 * len(message) - 1))
    message[place // 8] ^= 1 << place % 8
    with pytest.raises(WireError):
        decode(message, CLASSES[name])


@FEW
@given(st.data())
def test_every_cut_is_noticed(data):
    name = data.draw(st.sampled_from(sorted(ALL)))
    message = encode(data.draw(ALL[name]))
    with pytest.raises(WireError):
        decode(message[: data.draw(st.integers(0, len(message) - 1))], CLASSES[name])


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused(data):
    with pytest.raises(WireError):
        decode(data, Job)


# ---------------------------------------------------------------- content with a right checksum


def survives(message, cls):
    """Decodes a message, looks at all of what comes out; the only exception allowed is ours."""
    try:
        value = decode(message, cls)
    except WireError:
        return
    repr(value)
    if isinstance(value, Result):
        [repr(sample) for sample in value.raw_data or ()]
    if isinstance(value, Circuit):
        list(value.tape.rows())


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_edited_content_gives_a_value_or_our_error(data):
    kind = data.draw(st.sampled_from(KINDS))
    content = payload_of(data.draw(ALL[kind.name]))
    for _ in range(data.draw(st.integers(1, 4))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    survives(seal(kind.number, content), CLASSES[kind.name])


@given(st.binary(max_size=80), st.sampled_from(KINDS))
def test_random_content_gives_our_error(content, kind):
    survives(seal(kind.number, content), CLASSES[kind.name])


def test_unknown_fields_are_refused():
    with pytest.raises(WireError, match="unknown field `color`"):
        decode(seal(9, msgspec.msgpack.encode({"type": 0, "color": 3})), Topology)


def test_decoding_to_something_that_does_not_travel_is_refused():
    with pytest.raises(WireError, match="a int cannot be sent"):
        decode(MESSAGE, int)


# ---------------------------------------------------------------- tapes that no engine may see


def tape_parts(**changes):
    """H on 0, RX on 1, CNOT on 0 and 1, a measurement of 1."""
    builder = TapeBuilder()
    for name, qubits, parameters in (("H", [0], []), ("RX", [1], [0.5]), ("CNOT", [0, 1], [])):
        builder.gate(builder.form(GateForm(GATES[name])), qubits, parameters)
    builder.classical(Kind.MEASURE, [1], Classical((0,)))
    _, payload = unseal(encode(Circuit.from_tape(builder.tape(2, 1))))
    parts = msgspec.msgpack.decode(payload, type=CircuitParts)
    return msgspec.structs.replace(parts.tapes[0], **changes)


def decoded(tape, gates=("H", "RX", "CNOT"), tapes=()):
    parts = CircuitParts(list(gates), [*tapes, tape])
    return decode(seal(1, msgspec.msgpack.encode(parts)), Circuit)


def column(*numbers, dtype=np.uint8):
    return pack_array(np.array(numbers, dtype))


def test_the_tape_to_be_spoiled_is_sound():
    assert [row[0] for row in decoded(tape_parts()).iterate_simple()] == ["H", "RX", "CNOT", "MEASURE"]


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"nb_qubits": 1}, "qubit 1 is out of range"),
        ({"nb_qubits": -1}, "a circuit has -1 qubits"),
        ({"nb_qubits": 1 << 40}, "a circuit has .* qubits"),
        ({"nb_cbits": 0}, "beyond the 0 of its circuit"),
        ({"gates": column(1, 2, 9, 0)}, "gate 9 is out of range"),
        ({"gates": column(1, 2, 3, 1)}, "a gate where it needs none"),
        ({"gates": column(1, 2, 1, 0)}, "more or fewer qubits than it has"),
        ({"gates": column(1, 1, 3, 0)}, "more or fewer parameters than it takes"),
        ({"gates": column(1, 2, 3)}, "5 operations|different lengths|4 numbers of qubits for 3 operations"),
        ({"gates": column(1, 2, 3, 0, dtype=np.int8)}, "elements of type"),
        ({"qubits": column(0, 1, 0, 0, 1)}, "acts twice on one qubit"),
        ({"qubits": column(0, 1, 0, 1)}, "different lengths"),
        ({"qubits": column(0, 1, 0, 7, 1)}, "qubit 7 is out of range"),
        ({"qubit_counts": column(1, 1, 2, 200)}, "different lengths"),
        ({"parameter_counts": column(0, 1, 0, 1)}, "different lengths"),
        ({"parameters": column(0.5, 0.5, dtype=np.float64)}, "different lengths"),
        ({"parameters": column(0.5, dtype=np.complex128)}, "elements of type '<c16'"),
        ({"parameters": Array("<f8", (9,), memoryview(bytes(8)))}, r"shape \(9,\) has 8 bytes"),
        ({"parameters": Array("<f8", (-1,), memoryview(bytes(8)))}, r"shape \(-1,\)"),
        ({"parameters": Array("|O", (1,), memoryview(bytes(8)))}, "elements of type '|O'"),
        ({"kinds": column(0, 0, 0, 9)}, "kind 9 is out of range"),
        ({"kinds": column(0, 0, 0, 0)}, "a gate where it needs none, or none where it needs one"),
        ({"kinds": column(0, 0, 4, 1)}, "do not match their details"),
        ({"kinds": None}, "none where it needs one"),
        ({"details": []}, "do not match their details"),
        ({"details": [Details(3, (0, 0))]}, "lacks qubits, classical bits"),
        ({"details": [Details(3, (-1,))]}, "negative bits"),
        ({"details": [Details(3, (7,))]}, "beyond the 1 of its circuit"),
        ({"details": [Details(3, (0,), "AND 0")]}, "formula 'AND 0' cannot be read"),
        ({"details": [Details(99, (0,))]}, "do not match their details"),
        ({"objects": [(5, 3)]}, "parameter 5 is given twice or is out of range"),
        ({"objects": [(0, 3), (0, 4)]}, "parameter 0 is given twice"),
        ({"slots": column(0)}, "do not fit together"),
        ({"slots": column(0, 0), "slot_expressions": column(0, 0), "expressions": [Expression("a")]}, "fit together"),
        (
            {"slots": column(3), "slot_expressions": column(0), "expressions": [Expression("a")]},
            "slot 3 is out of range",
        ),
        ({"slots": column(0), "slot_expressions": column(1), "expressions": [Expression("a")]}, "expression 1 is out"),
        ({"slots": column(0), "slot_expressions": column(0), "expressions": [Expression("+ a")]}, "cannot be read"),
        ({"forms": [Form(0), Form(1), Form(7)]}, "gate 7 is out of range"),
        ({"forms": [Form(0), Form(1), Form(-1)]}, "gate -1 is out of range"),
        ({"forms": [Form(0), Form(1), Form(2, 1 << 30)]}, "controls"),
        ({"forms": [Form(0), Form(1), Form(2, 0, 8)]}, "marks 8"),
    ],
)
def test_spoiled_tapes_are_refused(changes, finding):
    with pytest.raises(WireError, match=finding):
        decoded(tape_parts(**changes))


def box(**fields):
    return Gate(**{"name": "BOX", "arity": 1} | fields)


EYE = pack_array(np.eye(2, dtype=complex))


@pytest.mark.parametrize(
    ("gate", "finding"),
    [
        ("FOO", "there is no gate 'FOO'"),
        (box(arity=-1), "arity -1"),
        (box(arity=1 << 40), "arity"),
        (box(inverse=7), "inverse 7"),
        (box(body=0), "body 0, which does not come before it"),
        (box(body=-1), "body -1"),
        (box(matrix=pack_array(np.eye(4, dtype=complex))), r"on 1 qubits has a matrix of shape \(4, 4\)"),
        (box(arity=60, matrix=EYE), "a matrix and arity 60"),
        (box(matrix=pack_array(np.eye(2))), "elements of type '<f8'"),
        (box(matrices=EYE, parameters=[[0.5]]), r"shape \(2, 2\)"),
        (box(matrices=pack_array(np.eye(2, dtype=complex)[None]), parameters=[]), "1 matrices for 0 parameter values"),
    ],
)
def test_spoiled_gates_are_refused(gate, finding):
    with pytest.raises(WireError, match=finding):
        decoded(tape_parts(), gates=[gate, "RX", "CNOT"])


def empty_tape(nb_qubits, nb_cbits=0, **fields):
    return Columns(
        nb_qubits, nb_cbits, **{"forms": [], "gates": column(), "qubit_counts": column(), "qubits": column()} | fields
    )


def test_a_box_must_fit_into_its_body():
    with pytest.raises(WireError, match="has 0 qubits; expected 1 or more"):
        decoded(tape_parts(), gates=[box(body=0), "RX", "CNOT"], tapes=[empty_tape(0)])


def test_a_box_must_not_act_on_its_own_ancillas():
    body = empty_tape(2, forms=[Form(2)], gates=column(1), qubit_counts=column(2), qubits=column(0, 1))
    with pytest.raises(WireError, match="serve as its ancillas"):
        decoded(tape_parts(qubits=column(1, 1, 0, 1, 1)), gates=[box(body=0), "RX", "CNOT"], tapes=[body])


def test_a_box_must_find_its_classical_bits():
    measure = empty_tape(
        1, 9, gates=column(0), qubit_counts=column(1), qubits=column(0), kinds=column(1), details=[Details(0, (8,))]
    )
    with pytest.raises(WireError, match="a box uses 9 classical bits"):
        decoded(tape_parts(), gates=[box(body=0), "RX", "CNOT"], tapes=[measure])


def test_boxes_must_not_be_nested_without_end():
    tapes = [empty_tape(1)]
    gates = []
    for depth in range(150):
        gates.append(box(body=depth))
        tapes.append(empty_tape(1, forms=[Form(depth)], gates=column(1), qubit_counts=column(1), qubits=column(0)))
    with pytest.raises(WireError, match="nested more than"):
        decoded(tapes.pop(), gates=gates, tapes=tapes)


def test_a_circuit_needs_a_tape():
    with pytest.raises(WireError, match="has no tape"):
        decode(seal(1, msgspec.msgpack.encode(CircuitParts([], []))), Circuit)


@pytest.mark.parametrize(
    "formula", ["", "AND 0", "0 1", "FOO", "NOT", "-1", "1" * 99, "²", "NOT " * 400 + "0", "AND 0 1 2"]
)
def test_malformed_formulas_are_refused(formula):
    with pytest.raises(WireError, match="cannot be read"):
        formula_bits(formula)


# ---------------------------------------------------------------- jobs and values


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"circuit": 1}, "part 1 of its message"),
        ({"circuit": -1}, "part -1"),
        ({"qubits": [0, 5]}, "measures qubits 0 to 5; expected 0 to 1"),
        ({"qubits": [-1]}, "measures qubits -1"),
        ({"nb_shots": -3}, "-3 shots"),
        ({"type": 7}, "has the type 7"),
        ({"psi_0": "0"}, "psi_0"),
        ({"psi_0": "0z"}, "psi_0"),
        ({"psi_0": pack_array(np.ones(3))}, r"psi_0 has shape \(3,\)"),
        ({"psi_0": pack_array(np.zeros(4))}, "psi_0 has norm 0"),
    ],
)
def test_spoiled_jobs_are_refused(changes, finding):
    _, payload = unseal(encode(Circuit.from_tape(TapeBuilder().tape(2)).to_job()))
    parts = msgspec.msgpack.decode(payload, type=BatchParts)
    job = msgspec.structs.replace(parts.jobs[0], **changes)
    with pytest.raises(WireError, match=finding):
        decode(seal(2, msgspec.msgpack.encode(msgspec.structs.replace(parts, jobs=[job]))), Job)


def test_a_vector_for_too_many_qubits_is_refused_without_trying():
    circuit = Circuit.from_tape(TapeBuilder().tape((1 << 31) - 1))
    _, payload = unseal(encode(Job(circuit=circuit)))
    parts = msgspec.msgpack.decode(payload, type=BatchParts)
    job = msgspec.structs.replace(parts.jobs[0], psi_0=pack_array(np.ones(2)))
    with pytest.raises(WireError, match="psi_0 has shape"):
        decode(seal(2, msgspec.msgpack.encode(msgspec.structs.replace(parts, jobs=[job]))), Job)


@pytest.mark.parametrize("nb_jobs", [0, 2])
def test_a_job_is_one_job(nb_jobs):
    with pytest.raises(WireError, match=f"it holds {nb_jobs} jobs"):
        decode(seal(2, msgspec.msgpack.encode(BatchParts([JobParts()] * nb_jobs))), Job)


def test_values_nested_without_end_are_refused():
    value = Items([])
    for _ in range(100):
        value = Items([value])
    with pytest.raises(WireError, match="nested more than"):
        decode(seal(4, msgspec.msgpack.encode({"value": value})), Result)


@pytest.mark.parametrize("text", ["", "+ a", "foo bar", "** 10 ** 10 10", "/ 1 0", "ln 0", "[1,2", "1e999999 2"])
def test_expressions_that_cannot_be_read_are_refused(text):
    survives(seal(4, msgspec.msgpack.encode({"value": Expression(text)})), Result)
    survives(seal(6, msgspec.msgpack.encode({"nb_qubits": 1, "constant": Expression(text)})), Observable)


def test_an_unknown_function_is_named_with_the_cure():
    with pytest.raises(WireError, match="define that symbol before loading"):
        decode(seal(4, msgspec.msgpack.encode({"value": Expression("sinh a")})), Result)
