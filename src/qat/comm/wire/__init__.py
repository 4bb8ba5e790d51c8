"""The wire: every published value as bytes and back, versioned, checked, without pickle.

A message is an envelope (:mod:`envelope`) around one msgpack structure. Each family of values has a module with its
structures and two functions per value, one into the structure and one out of it. Whatever is wrong with the bytes,
the one exception is :class:`~qat.core.errors.WireError`, which says what was found, what was expected and the cure.

>>> from qat.core import Result
>>> decode(encode(Result(value=0.5)), Result).value
0.5
"""

from qat.comm.wire.codec import decode, encode
from qat.comm.wire.envelope import VERSION
from qat.core.errors import WireError

__all__ = ["VERSION", "WireError", "decode", "encode"]
