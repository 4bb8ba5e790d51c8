"""Registers as circuits and results carry them, and the typed values their bits stand for.

A register's quantum type is a name with attributes in its ``_subtype_metadata``, so that a result read from a file
decodes without the classes of the language. The first bit of a register is the most significant one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from qat.core.records import QRegister, QRegisterMetadata

__all__ = ["DefaultRegister", "decode_register", "show_register", "subtype_metadata"]

Decoder = Callable[[str, Mapping[str, Any]], Any]


class DefaultRegister(QRegister):
    """Consecutive qubits without a quantum type; ``key`` names them in printed states.

    >>> register = DefaultRegister("Anc", length=2)
    >>> show_register(register, "01"), decode_register(register, "01")
    ('Anc:01', '01')
    """

    fields = ("key", "length", "start", "msb", "_subtype_metadata")  # type: ignore[assignment]

    def __init__(
        self,
        key: str | None = None,
        length: int = 1,
        start: int = 0,
        msb: int | None = None,
        _subtype_metadata: QRegisterMetadata | None = None,
    ) -> None:
        super().__init__(length, start, msb, _subtype_metadata)
        self.key = key


def _decode_qint(bits: str, attributes: Mapping[str, Any]) -> int:
    return int((bits[::-1] if attributes.get("reverse_bit_order") else bits) or "0", 2)


def _decode_qbool_array(bits: str, attributes: Mapping[str, Any]) -> list[bool]:
    return [bit == "1" for bit in bits]


def _decode_qbool(bits: str, attributes: Mapping[str, Any]) -> bool:
    return "1" in bits


DECODERS: Mapping[str, Decoder] = {"QInt": _decode_qint, "QBoolArray": _decode_qbool_array, "QBool": _decode_qbool}
"""How the bits of a register are read, by quantum type; any other register is a bit string."""


def subtype_metadata(subtype: str, **attributes: Any) -> QRegisterMetadata:
    """The metadata of a register of a quantum type of ``DECODERS``.

    >>> subtype_metadata("QInt", reverse_bit_order=True).serialized_attributes
    b'{"reverse_bit_order": true}'
    """
    import json

    return QRegisterMetadata(subtype, json.dumps(attributes, sort_keys=True).encode())


def decode_register(register: QRegister, bits: str) -> Any:
    """The value that the bits of a register stand for.

    Args:
        register: the register; its ``_subtype_metadata`` names its quantum type.
        bits: its bits, the first qubit first.

    >>> reverse = QRegister(length=3, start=0, _subtype_metadata=subtype_metadata("QInt", reverse_bit_order=True))
    >>> decode_register(reverse, "100"), decode_register(QRegister(length=3, start=0), "100")
    (1, '100')
    """
    metadata = register._subtype_metadata
    if metadata is None:
        return bits
    decoder = DECODERS.get(_short_name(metadata.subtype))
    return bits if decoder is None else decoder(bits, _attributes(metadata.serialized_attributes or b""))


def show_register(register: QRegister, bits: str) -> str:
    """The decoded bits as a printed state shows them, with the register's name when it has one.

    >>> show_register(QRegister(2, 0, _subtype_metadata=subtype_metadata("QBoolArray")), "10")
    '[True, False]'
    """
    key = getattr(register, "key", None)
    text = str(decode_register(register, bits))
    return text if key is None else f"{key}:{text}"


def _short_name(subtype: str | None) -> str:
    return (subtype or "").rpartition(":")[2]


@lru_cache(maxsize=256)
def _attributes(data: bytes) -> Mapping[str, Any]:
    import json

    try:
        attributes = json.loads(data or b"{}")
    except ValueError:
        return {}
    return attributes if isinstance(attributes, dict) else {}
