"""Grover's search for the bit strings that satisfy a small puzzle, with the oracle as a reusable routine.

python examples/grover.py
"""

from math import asin, floor, pi, sin, sqrt

from qat.lang.AQASM import H, Program, QRoutine, X, Z
from qat.qpus import LinAlg

NB_QUBITS = 8
SOLUTIONS = ("10110010", "01100111")


def flip_phase_of(bits: str) -> QRoutine:
    """Multiplies the amplitude of one basis state by -1."""
    routine = QRoutine()
    wires = routine.new_wires(len(bits))
    with routine.compute():
        for wire, bit in zip(wires, bits):
            if bit == "0":
                X(wire)
    Z.ctrl(len(bits) - 1)(wires)
    routine.uncompute()
    return routine


def diffusion(nb_qubits: int) -> QRoutine:
    """Reflection about the uniform superposition."""
    routine = QRoutine()
    wires = routine.new_wires(nb_qubits)
    with routine.compute():
        for wire in wires:
            H(wire)
    flip_phase_of("0" * nb_qubits)(wires)
    routine.uncompute()
    return routine


def main() -> None:
    angle = asin(sqrt(len(SOLUTIONS) / 2**NB_QUBITS))
    nb_rounds = floor(pi / (4 * angle))

    program = Program()
    qubits = program.qalloc(NB_QUBITS)
    for qubit in qubits:
        H(qubit)
    for _ in range(nb_rounds):
        for solution in SOLUTIONS:
            flip_phase_of(solution)(qubits)
        diffusion(NB_QUBITS)(qubits)

    result = LinAlg().submit(program.to_circ().to_job(amp_threshold=0.1))
    theory = sin((2 * nb_rounds + 1) * angle) ** 2 / len(SOLUTIONS)
    print(f"{nb_rounds} rounds on {NB_QUBITS} qubits; theory: {100 * theory:.2f} % for each solution")
    for sample in result:
        print(f"  {sample.state}  {100 * sample.probability:.2f} %")


if __name__ == "__main__":
    main()
