"""Arguments of services and answers of applications come back as they were, or are refused with the reason."""

from collections import OrderedDict
from enum import IntEnum

import msgspec
import networkx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qat.comm.arguments import (
    MAX_DEPTH,
    MAX_VALUES,
    Argument,
    Graph,
    Items,
    Pairs,
    Range,
    Table,
    decode_argument,
    decode_message,
    encode_argument,
    pack_argument,
    unpack_argument,
)
from qat.comm.recipe import ServiceCall
from qat.comm.wire import encode
from qat.core import Batch, Circuit, Observable, Result, Term
from qat.core.errors import WireError
from qat.core.gate_set import default_gate_set
from qat.lang import CNOT, H, Program

from .values import ALL, SCALARS, TEXT

FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck))
KEYS = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.tuples(st.integers(), TEXT))
LEAVES = st.one_of(SCALARS, st.timedeltas(), st.builds(range, st.integers(), st.integers(), st.integers(1, 9)))
ARGUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.sets(KEYS, max_size=3),
        st.frozensets(KEYS, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
    max_leaves=8,
)


def returned(value):
    return decode_argument(encode_argument(value, "the argument"))


def same(left, right):
    """Equality that also compares types, within containers."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(map(str, left)) == list(map(str, right)) and all(map(same, left.values(), right.values()))
    return str(left) == str(right) if hasattr(left, "get_variables") else left == right


@FEW
@given(ARGUMENTS)
def test_arguments_come_back_equal(value):
    assert same(returned(value), value)


@FEW
@given(hnp.arrays(st.sampled_from(["f8", "c16", "i4", "u1", "?"]), hnp.array_shapes(max_dims=3, max_side=4)))
def test_arrays_come_back_equal(array):
    back = returned({"x0": array})["x0"]
    assert back.dtype == array.dtype and np.array_equal(back, array, equal_nan=array.dtype.kind in "fc")


@pytest.mark.parametrize("name", sorted(set(ALL) - {"Circuit", "Job", "Batch"}))
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_published_values_travel_within_containers(name, data):
    value = data.draw(ALL[name])
    (back, count) = returned((value, 3))
    assert back == value and count == 3


def test_jobs_circuits_and_batches_travel():
    program = Program()
    qubits = program.qalloc(2)
    program.apply(H, qubits[0])
    program.apply(CNOT, qubits)
    circuit = program.to_circ()
    back = returned([circuit, circuit.to_job(nbshots=5), Batch([circuit.to_job()])])
    assert isinstance(back[0], Circuit) and [op.gate for op in back[0].ops] == [op.gate for op in circuit.ops]
    assert (back[1].nbshots, len(back[2].jobs)) == (5, 1)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.clongdouble(0.5j), 0.5j),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (IntEnum("Colour", ["RED"]).RED, 1),
        (OrderedDict(a=1), {"a": 1}),
        (bytearray(b"ab"), b"ab"),
    ],
)
def test_relatives_become_plain_values(sent, expected):
    back = returned(sent)
    assert back == expected and type(back) is type(expected)


def test_terms_and_gate_sets_travel():
    term = returned([Term(2.0, "XZ", [0, 3])])[0]
    assert (term.coeff, term.op, term.qbits) == (2.0, "XZ", [0, 3])
    view = returned(Observable.sigma_z(1, 2).terms[0])
    assert (view.op, view.qbits) == ("Z", [1])
    assert list(returned(default_gate_set())) == list(default_gate_set())


@pytest.mark.parametrize("cls", [networkx.Graph, networkx.DiGraph, networkx.MultiGraph, networkx.MultiDiGraph])
def test_graphs_travel_with_the_order_of_their_edges(cls):
    graph = cls(name="mine")
    graph.add_node("alone", colour=(1, 2))
    graph.add_edges_from([(3, 1), (2, 1), ((0, 0), 3)], weight=2.5)
    graph.add_edge(1, 3, capacity=None, key=7)
    back = returned({"graph": graph})["graph"]
    assert type(back) is cls and back.graph == {"name": "mine"}
    assert list(back.nodes(data=True)) == list(graph.nodes(data=True))
    assert list(back.edges(data=True)) == list(graph.edges(data=True))
    assert networkx.utils.graphs_equal(back, graph)


class Own:
    """A class of a user."""


class Fake:
    """Says that it is one of ours."""


Fake.__module__ = "qat.core.fake"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (lambda x: x, "the function <lambda>"),
        (Own(), "an object of type Own"),
        (Own, "the type Own"),
        ([1, {"a": print}], "the builtin_function_or_method print"),
        (Fake(), "a Fake cannot be sent"),
        (np.array([Own()]), "an array of object"),
        (np.array(["a"]), "an array of <U1"),
        (np.datetime64("2020-01-01"), "is a date"),
        (Result(value=Own()), "value is a Own"),
    ],
)
def test_what_does_not_travel_is_named(value, named):
    with pytest.raises(WireError) as caught:
        pack_argument(value, "argument 'f' of qat.plugins:Some")
    assert named in str(caught.value) and "argument 'f' of qat.plugins:Some" in str(caught.value)


def test_the_refusal_of_a_function_says_what_to_do():
    with pytest.raises(WireError, match="local part in front of the remote stack"):
        pack_argument(len, "argument 'f'")


def test_values_that_hold_themselves_are_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(WireError, match=f"deeper than {MAX_DEPTH}"):
        pack_argument(endless, "it")


def test_too_many_values_are_refused_on_both_sides():
    with pytest.raises(WireError, match="make a NumPy array"):
        pack_argument([0] * (MAX_VALUES + 1), "it")
    with pytest.raises(WireError, match="more than"):
        unpack_argument(Items("list", [Items("list", [0] * (MAX_VALUES // 2))] * 3))


def nested(depth):
    argument = 1
    for _ in range(depth):
        argument = Items("list", [argument])
    return argument


@pytest.mark.parametrize(
    "argument",
    [
        nested(MAX_DEPTH + 1),
        Pairs([(Items("list", []), 1)]),
        Items("set", [Table({})]),
        Range(0, 1, 0),
        Range("a", 1, 1),
        Graph(False, False, 3, [], []),
        Graph(False, False, Table({}), [(Items("list", []), Table({}))], []),
        Graph(False, False, Table({}), [], [[1, 2]]),
        Graph(False, False, Table({}), [], [[1, 2, 3]]),
        Graph(False, False, Table({}), [(1, Table({"node_for_adding": 2}))], []),
    ],
)
def test_what_makes_no_sense_is_refused(argument):
    with pytest.raises(WireError):
        unpack_argument(argument)


@FEW
@given(ARGUMENTS, st.data())
def test_damage_is_noticed(value, data):
    message = bytearray(encode_argument(value, "it"))
    message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(WireError):
        decode_argument(message)


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_any_bytes_give_an_argument_or_a_wire_error(payload):
    try:
        argument = msgspec.msgpack.decode(payload, type=Argument)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    try:
        value = unpack_argument(argument)
    except WireError:
        return
    assert same(returned(value), value) or value != value


def test_a_message_of_another_kind_is_refused():
    with pytest.raises(WireError, match="expected an argument"):
        decode_argument(encode(Result(value=1.0)))


def test_any_message_can_be_opened():
    assert decode_message(encode(Result(value=1.0))).value == 1.0
    assert decode_message(encode_argument({1: 2}, "it")) == {1: 2}


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(WireError, match="UTF-8"):
        encode_argument("\ud800", "it")


def test_calls_of_services_carry_arguments():
    call = ServiceCall("qat.plugins", "Some", (pack_argument((1, 2), "it"),), {"tol": pack_argument({3: 4}, "it")})
    back = msgspec.msgpack.decode(msgspec.msgpack.encode(call), type=ServiceCall)
    assert unpack_argument(back.arguments[0]) == (1, 2) and unpack_argument(back.keywords["tol"]) == {3: 4}
