"""The protocols on a stream: each reads its own messages and says clearly when something else comes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.comm.broker import messages as broker
from qat.comm.framing import FrameDecoder
from qat.core.errors import WireError
from qat.served import protocol as served
from qhpc.broker.drivers import messages as drivers

PROTOCOLS = {"broker": broker, "drivers": drivers, "served": served}
EXAMPLES = {
    "broker": broker.SubmitTask("k", b"\x00\xff", shots=3, duration_s=0.5),
    "drivers": drivers.SliceEnded("s/k", 2, 100, 1.5, 0.5, b"result"),
    "served": served.Hello(1, "qpu"),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_message_comes_back_as_it_was(name):
    (frame,) = FrameDecoder().feed(PROTOCOLS[name].frame_of(EXAMPLES[name]))
    assert PROTOCOLS[name].message_in(frame.kind, frame.payload) == EXAMPLES[name]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_another_protocol_at_the_other_end_is_named(name):
    other = next(other for other in PROTOCOLS if other != name)
    (frame,) = FrameDecoder().feed(PROTOCOLS[other].frame_of(EXAMPLES[other]))
    with pytest.raises(WireError, match="at the other end"):
        PROTOCOLS[name].message_in(frame.kind, frame.payload)


@pytest.mark.parametrize("name", ["broker", "drivers"])
@given(payload=st.binary(max_size=64))
def test_whatever_comes_is_a_message_or_a_wire_error(name, payload):
    kind = FrameDecoder().feed(PROTOCOLS[name].frame_of(EXAMPLES[name]))[0].kind
    try:
        message = PROTOCOLS[name].message_in(kind, payload)
    except WireError:
        return
    assert isinstance(message, msgspec.Struct)


@pytest.mark.parametrize("name", ["broker", "drivers"])
def test_unknown_fields_are_refused(name):
    kind, encoded = FrameDecoder().feed(PROTOCOLS[name].frame_of(EXAMPLES[name]))[0].kind, EXAMPLES[name]
    more = msgspec.msgpack.encode([*msgspec.msgpack.decode(msgspec.msgpack.encode(encoded)), *range(9)])
    with pytest.raises(WireError, match="cannot be read"):
        PROTOCOLS[name].message_in(kind, more)


def test_another_protocol_is_noticed_by_its_first_bytes():
    decoder = FrameDecoder(kind=0x5142)
    with pytest.raises(WireError, match=r"a frame of kind \d+ came; expected kind 20802; is this the right address"):
        decoder.feed(b"HTTP/1.1 400 Bad Request")
