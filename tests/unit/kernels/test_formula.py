"""Boolean formulas in prefix notation."""

import pytest

from qat.kernels.formula import bits_of_formula, evaluate_formula


@pytest.mark.parametrize("bits", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_truth_tables(bits):
    left, right = map(bool, bits)
    assert evaluate_formula("AND 0 1", bits) == (left and right)
    assert evaluate_formula("OR 0 1", bits) == (left or right)
    assert evaluate_formula("XOR 0 1", bits) == (left != right)
    assert evaluate_formula("NOT 0", bits) == (not left)
    assert evaluate_formula("XOR NOT AND 0 1 OR 0 1", bits) == ((not (left and right)) != (left or right))


@pytest.mark.parametrize(
    ("formula", "complaint"),
    [
        ("AND 0", "ends too early"),
        ("", "ends too early"),
        ("0 1", "goes on"),
        ("NAND 0 1", "'NAND'"),
        ("7", "'7'"),
        ("-1", "'-1'"),
    ],
)
def test_malformed_formulas(formula, complaint):
    with pytest.raises(ValueError, match=complaint):
        evaluate_formula(formula, [0, 1])


def test_bits_of_formula():
    assert bits_of_formula("AND 3 NOT OR 1 3") == [1, 3]
