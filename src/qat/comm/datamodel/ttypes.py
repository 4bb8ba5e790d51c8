"""Structures and enumerations of circuits. The classes are those of ``qat.core``: one class, two addresses."""

from qat.core.enums import OpType
from qat.core.records import (
    AncillaMap,
    ComplexNumber,
    GateDefinition,
    GSyntax,
    Matrix,
    Op,
    Param,
    QRegister,
    QRegisterMetadata,
    Subcircuit,
    Variable,
)
from qat.core.wrappers.circuit import Circuit

__all__ = [
    "AncillaMap",
    "Circuit",
    "ComplexNumber",
    "GSyntax",
    "GateDefinition",
    "Matrix",
    "Op",
    "OpType",
    "Param",
    "QRegister",
    "QRegisterMetadata",
    "Subcircuit",
    "Variable",
]
