"""Values of typed registers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.core.bits import DefaultRegister, decode_register, show_register, subtype_metadata
from qat.core.records import QRegister, QRegisterMetadata


def typed(subtype, length=3, **attributes):
    return QRegister(length, 0, _subtype_metadata=subtype_metadata(subtype, **attributes))


@given(st.text("01", min_size=1, max_size=90))
def test_integers_read_their_bits_in_either_order(bits):
    assert decode_register(typed("QInt", reverse_bit_order=False), bits) == int(bits, 2)
    assert decode_register(typed("QInt", reverse_bit_order=True), bits) == int(bits[::-1], 2)


@pytest.mark.parametrize(
    ("register", "value", "shown"),
    [
        (QRegister(3, 0), "101", "101"),
        (DefaultRegister(length=3), "101", "101"),
        (DefaultRegister("Anc", length=3), "101", "Anc:101"),
        (typed("QInt"), 5, "5"),
        (typed("qat.lang.AQASM.qint:QInt"), 5, "5"),
        (typed("QBoolArray"), [True, False, True], "[True, False, True]"),
        (typed("QBool", 1), True, "True"),
        (typed("somebody.elses:Type"), "101", "101"),
    ],
)
def test_value_and_text_by_type(register, value, shown):
    assert decode_register(register, "101") == value
    assert show_register(register, "101") == shown


@pytest.mark.parametrize("attributes", [b"", b"not json", b"[1]", b"\xff", None])
def test_unreadable_attributes_are_as_good_as_none(attributes):
    register = QRegister(3, 0, _subtype_metadata=QRegisterMetadata("QInt", attributes))
    assert decode_register(register, "110") == 6


def test_an_empty_register_has_a_value():
    assert decode_register(typed("QInt", 0), "") == 0
    assert decode_register(typed("QBoolArray", 0), "") == []
