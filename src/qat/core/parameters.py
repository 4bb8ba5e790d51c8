"""Conversions between the values of gate parameters and their published records."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.enums import ParamType
from qat.core.gate_set import convert_type
from qat.core.records import ComplexNumber, Matrix, Param, Variable
from qat.kernels.tape import is_symbolic


def matrix_record(matrix: Any) -> Matrix:
    """The record of a matrix, shape ``(n, m)``.

    >>> matrix_record(np.eye(2)).data[3]
    ComplexNumber(re=1.0, im=0.0)
    """
    array = np.atleast_2d(np.asarray(matrix, dtype=np.complex128))
    entries = [ComplexNumber(entry.real, entry.imag) for entry in array.ravel().tolist()]
    return Matrix(array.shape[0], array.shape[1], entries)


def matrix_array(matrix: Matrix) -> NDArray[np.complex128]:
    """The matrix of a record, shape ``(nRows, nCols)``.

    Raises:
        ValueError: the number of entries is not ``nRows * nCols``.

    >>> matrix_array(matrix_record([[0, 1], [1, 0]])).real.astype(int).tolist()
    [[0, 1], [1, 0]]
    """
    entries = [complex(entry.re or 0.0, entry.im or 0.0) for entry in matrix.data or ()]
    rows, columns = matrix.nRows or 0, matrix.nCols or 0
    if len(entries) != rows * columns:
        raise ValueError(
            f"A matrix of {rows} rows and {columns} columns has {len(entries)} entries in its data: expected "
            f"{rows * columns}, row after row"
        )
    return np.array(entries, dtype=np.complex128).reshape(rows, columns)


def variable_record(name: str, a_type: Any) -> Variable:
    """The record of a variable still to be bound, of a Python type.

    >>> variable_record("n", int).type, variable_record("n", int).value.string_p
    (0, 'n')
    """
    code = convert_type(a_type)
    return Variable(code, Param(is_abstract=True, type=code, string_p=name))


def convert_parameter(param: Any, p_type: Any) -> Param:
    """The record of a parameter value.

    Args:
        param: the value: a number, text, a matrix or an expression.
        p_type: Python type of the parameter, or its ``ParamType``.

    >>> convert_parameter(0.3, float).double_p
    0.3
    """
    if is_symbolic(param):
        return Param(is_abstract=True, string_p=param.to_thrift())
    code = p_type if type(p_type) is int else convert_type(p_type)
    if isinstance(param, np.generic):
        param = param.item()
    if code == ParamType.DOUBLE and isinstance(param, int | float):
        return Param(type=ParamType.DOUBLE, double_p=param)
    return _by_value(param)


def _by_value(param: Any) -> Param:
    match param:
        case int():
            return Param(type=ParamType.INT, int_p=param)
        case float():
            return Param(type=ParamType.DOUBLE, double_p=param)
        case str():
            return Param(type=ParamType.STRING, string_p=param)
        case complex():
            return Param(type=ParamType.COMPLEX, complex_p=ComplexNumber(param.real, param.imag))
        case np.ndarray():
            return Param(type=ParamType.MATRIX, matrix_p=matrix_record(param))
    return Param(type=ParamType.SERIALIZED, serialized_p=param)


def revert_parameter(param: Param) -> Any:
    """The value of a parameter: a number, text, a matrix or an expression.

    Raises:
        ValueError: the record holds no value.

    >>> str(revert_parameter(Param(is_abstract=True, string_p="+ a 1")))
    '(a + 1)'
    """
    if param.is_abstract:
        return _expression(param)
    if param.matrix_p is not None:
        return matrix_array(param.matrix_p)
    if param.complex_p is not None:
        return complex(param.complex_p.re or 0.0, param.complex_p.im or 0.0)
    values = (param.double_p, param.int_p, param.string_p, param.serialized_p)
    value = next((value for value in values if value is not None), None)
    if value is None:
        raise ValueError(f"Could not revert parameter {param}: it holds no value; set the field of its type")
    return value


def _expression(param: Param) -> Any:
    from qat.core.variables import ArithExpression

    if not param.string_p:
        raise ValueError(f"Could not revert parameter {param}: an abstract one needs its expression in string_p")
    return ArithExpression.from_string(param.string_p)
