"""Matrices of the predefined gates, operations on matrices, and their records, at their published address.

Matrices of ``n`` qubits have shape ``(2**n, 2**n)``, qubit 0 being the most significant bit of their indices. Angles
are in radians.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qat.core.gate_set import default_gate_set
from qat.core.parameters import matrix_array, matrix_record
from qat.core.records import ComplexNumber, Matrix
from qat.kernels.gates import GATES, GateForm

Array = NDArray[np.complex128]


def _generator(name: str) -> Callable[..., Array]:
    record = GATES[name]

    def generate(*angles: Any) -> Array:
        assert record.matrix is not None
        if len(angles) != record.nb_parameters:
            raise TypeError(f"{generate.__name__}() takes {record.nb_parameters} angles, got {len(angles)}")
        return np.array(record.matrix(*angles))

    generate.__name__ = generate.__qualname__ = f"gen_{name.lower()}"
    shape, angles = (2**record.arity,) * 2, ", ".join(["0.5"] * record.nb_parameters)
    example = f"    >>> {generate.__name__}({angles}).shape\n    {shape}"
    generate.__doc__ = f"Matrix of {name}, shape ``{shape}``. {record.summary}\n\n{example}\n    "
    return generate


gen_x, gen_y, gen_z, gen_h, gen_i, gen_s, gen_t = map(_generator, "XYZHIST")
gen_cnot, gen_csign, gen_swap, gen_iswap, gen_sqrtswap, gen_ccnot = map(
    _generator, ("CNOT", "CSIGN", "SWAP", "ISWAP", "SQRTSWAP", "CCNOT")
)
gen_rx, gen_ry, gen_rz, gen_ph = map(_generator, ("RX", "RY", "RZ", "PH"))


def get_predef_generator() -> dict[str, Array]:
    """Matrices of the constant gates by name.

    >>> get_predef_generator()["X"].real.astype(int).tolist()
    [[0, 1], [1, 0]]
    """
    return {name: _generator(name)() for name, record in GATES.items() if not record.parameters}


def get_param_generator() -> dict[str, Callable[..., Array]]:
    """Functions from parameters to matrices, by name of the gate.

    >>> sorted(get_param_generator())
    ['PH', 'RX', 'RY', 'RZ']
    """
    return {name: _generator(name) for name, record in GATES.items() if record.parameters}


PREDEF_GENERATOR = get_predef_generator()
PARAM_GENERATOR = get_param_generator()


def np_to_circ(mat: Any) -> Matrix:
    """The record of a matrix.

    >>> np_to_circ(np.array([[0, 1], [1, 0]])).nRows
    2
    """
    return matrix_record(mat)


def circ_to_np(mat: Matrix) -> Array:
    """The matrix of a record.

    >>> circ_to_np(np_to_circ(gen_z())).real.tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    """
    return matrix_array(mat)


def np_to_cn(comp: complex) -> ComplexNumber:
    """The record of a complex number.

    >>> np_to_cn(1 + 2j)
    ComplexNumber(re=1.0, im=2.0)
    """
    value = complex(comp)
    return ComplexNumber(value.real, value.imag)


def cn_to_np(compn: ComplexNumber) -> complex:
    """The complex number of a record.

    >>> cn_to_np(ComplexNumber(1.0, 2.0))
    (1+2j)
    """
    return complex(compn.re or 0.0, compn.im or 0.0)


def dag(mat: Any) -> Array:
    """Conjugate transpose.

    >>> bool(np.array_equal(dag(gen_s()), np.diag([1, -1j])))
    True
    """
    return np.asarray(mat).conj().T


def conj(mat: Any) -> Array:
    """Complex conjugate.

    >>> bool(np.array_equal(conj(gen_y()), -gen_y()))
    True
    """
    return np.asarray(mat).conj()


def transp(mat: Any) -> Array:
    """Transpose.

    >>> bool(np.array_equal(transp(gen_y()), -gen_y()))
    True
    """
    return np.asarray(mat).T


def ctrl(mat: Any, nb_controls: int = 1) -> Array:
    """The matrix with ``nb_controls`` controls, which are its first qubits.

    >>> bool(np.allclose(ctrl(gen_x(), 2), gen_ccnot()))
    True
    """
    inner = np.asarray(mat, dtype=np.complex128)
    full = np.eye(inner.shape[0] << nb_controls, dtype=np.complex128)
    full[-inner.shape[0] :, -inner.shape[0] :] = inner
    return full


def get_arity(matrix: Any) -> int:
    """Number of qubits a matrix acts on.

    Raises:
        ValueError: its shape is not ``(2**n, 2**n)``.

    >>> get_arity(gen_ccnot())
    3
    """
    shape = np.shape(matrix)
    arity = shape[0].bit_length() - 1 if len(shape) == 2 else 0
    if arity < 1 or shape != (2**arity, 2**arity):
        raise ValueError(f"A gate's matrix has shape (2**n, 2**n) for n qubits, got {shape}")
    return arity


def is_unitary(mat: Any) -> bool:
    """Whether a matrix is unitary, up to rounding.

    >>> is_unitary(gen_h()), is_unitary(2 * gen_h())
    (True, False)
    """
    matrix = np.asarray(mat)
    return bool(np.allclose(matrix @ matrix.conj().T, np.eye(len(matrix))))


def is_ctrl(matrix: Any, eps: float = 1e-5) -> bool:
    """Whether the first qubit is a control.

    >>> is_ctrl(gen_cnot()), is_ctrl(gen_swap())
    (True, False)
    """
    half = np.shape(matrix)[0] // 2
    inner = np.asarray(matrix)[half:, half:]
    return half >= 2 and bool(np.allclose(matrix, ctrl(inner), atol=eps, rtol=0.0))


def extract_one_ctrl(matrix: Any) -> Array:
    """What a matrix does when its first qubit, a control, is 1.

    >>> bool(np.allclose(extract_one_ctrl(gen_ccnot()), gen_cnot()))
    True
    """
    half = np.shape(matrix)[0] // 2
    return np.asarray(matrix)[half:, half:]


def _rotation_angle(name: str, matrix: Any) -> float:
    """Angle in (-2π, 2π] at which the rotation of this name is nearest to a matrix."""
    generator = GATES[name].generator
    assert generator is not None
    cos = float(np.real(np.trace(matrix))) / 2
    sin = float(np.real(1j * np.trace(generator @ np.asarray(matrix))))
    return 2 * float(np.arctan2(sin, cos))


def arg_rx(matrix: Any) -> float:
    """Angle of a matrix of RX, in radians.

    >>> round(arg_rx(gen_rx(0.3)), 12)
    0.3
    """
    return _rotation_angle("RX", matrix)


def arg_ry(matrix: Any) -> float:
    """Angle of a matrix of RY, in radians.

    >>> round(arg_ry(gen_ry(-0.3)), 12)
    -0.3
    """
    return _rotation_angle("RY", matrix)


def arg_rz(matrix: Any) -> float:
    """Angle of a matrix of RZ, in radians.

    >>> round(arg_rz(gen_rz(0.3)), 12)
    0.3
    """
    return _rotation_angle("RZ", matrix)


def arg_ph(matrix: Any) -> float:
    """Angle of a matrix of PH, in radians.

    >>> arg_ph(gen_ph(0.5))
    0.5
    """
    return float(np.angle(np.asarray(matrix)[1, 1]))


def _is_gate(name: str, matrix: Any, angle: float, eps: float) -> bool:
    expected = GateForm(GATES[name]).full_matrix(angle)
    return np.shape(matrix) == (2, 2) and expected is not None and bool(np.allclose(matrix, expected, atol=eps))


def is_rx(matrix: Any, eps: float = 1e-5) -> bool:
    """Whether a matrix is one of RX.

    >>> is_rx(gen_rx(0.3)), is_rx(gen_ry(0.3))
    (True, False)
    """
    return np.shape(matrix) == (2, 2) and _is_gate("RX", matrix, arg_rx(matrix), eps)


def is_ry(matrix: Any, eps: float = 1e-5) -> bool:
    """Whether a matrix is one of RY.

    >>> is_ry(gen_ry(0.3)), is_ry(gen_rx(0.3))
    (True, False)
    """
    return np.shape(matrix) == (2, 2) and _is_gate("RY", matrix, arg_ry(matrix), eps)


def is_rz(matrix: Any, eps: float = 1e-5) -> bool:
    """Whether a matrix is one of RZ.

    >>> is_rz(gen_rz(0.3)), is_rz(gen_ph(0.3))
    (True, False)
    """
    return np.shape(matrix) == (2, 2) and _is_gate("RZ", matrix, arg_rz(matrix), eps)


def is_ph(matrix: Any, eps: float = 1e-5) -> bool:
    """Whether a matrix is one of PH.

    >>> is_ph(gen_ph(0.3)), is_ph(gen_rz(0.3))
    (True, False)
    """
    return np.shape(matrix) == (2, 2) and _is_gate("PH", matrix, arg_ph(matrix), eps)


def compare_thrift_matrices(mat1: Matrix, mat2: Matrix, eps: float = 1e-6) -> bool:
    """Whether two records hold the same matrix, up to ``eps`` in each entry.

    >>> compare_thrift_matrices(np_to_circ(gen_x()), np_to_circ(gen_y()))
    False
    """
    first, second = circ_to_np(mat1), circ_to_np(mat2)
    return first.shape == second.shape and bool(np.allclose(first, second, atol=eps, rtol=0.0))


def print_aqasm_matrix(mat: Matrix) -> str:
    """A matrix as the AQASM language writes it.

    >>> print_aqasm_matrix(np_to_circ(np.array([[0, 1], [1, 0]])))
    '[[(0.0,0.0)(1.0,0.0)][(1.0,0.0)(0.0,0.0)]]'
    """
    rows = ("".join(f"({entry.real!r},{entry.imag!r})" for entry in row) for row in circ_to_np(mat).tolist())
    return f"[{''.join(f'[{row}]' for row in rows)}]"


__all__ = [
    "PARAM_GENERATOR", "PREDEF_GENERATOR", "arg_ph", "arg_rx", "arg_ry", "arg_rz", "circ_to_np", "cn_to_np",
    "compare_thrift_matrices", "conj", "ctrl", "dag", "default_gate_set", "extract_one_ctrl", "gen_ccnot", "gen_cnot",
    "gen_csign", "gen_h", "gen_i", "gen_iswap", "gen_ph", "gen_rx", "gen_ry", "gen_rz", "gen_s", "gen_sqrtswap",
    "gen_swap", "gen_t", "gen_x", "gen_y", "gen_z", "get_arity", "get_param_generator", "get_predef_generator",
    "is_ctrl", "is_ph", "is_rx", "is_ry", "is_rz", "is_unitary", "np_to_circ", "np_to_cn", "print_aqasm_matrix",
    "transp",
]  # fmt: skip
