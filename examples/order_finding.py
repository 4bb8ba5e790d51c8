"""Order finding, the quantum part of Shor's algorithm, with the modular arithmetic of the language's library.

The order of a modulo N is the smallest r > 0 with a**r = 1 (mod N); an even order gives factors of N.

    python examples/order_finding.py [a N]
"""

import sys
from fractions import Fraction
from math import gcd

from qat.lang.AQASM import H, Program, qftarith
from qat.lang.AQASM.arithmetic import modular_exp
from qat.lang.AQASM.qftarith import IQFT
from qat.qpus import LinAlg


def order_finding_circuit(base: int, modulus: int, nb_phase_bits: int):
    """Phase estimation of multiplication by ``base`` modulo ``modulus``, started on ``|1>``."""
    program = Program()
    phase = program.qalloc(nb_phase_bits)
    accumulator = program.qalloc(modulus.bit_length())
    for qubit in phase:
        program.apply(H, qubit)
    program.apply(modular_exp(nb_phase_bits, len(accumulator), base, modulus), phase, accumulator)
    program.apply(IQFT(nb_phase_bits), phase)
    return program.to_circ(link=[qftarith]), phase


def main(base: int, modulus: int) -> None:
    nb_phase_bits = 6
    circuit, phase = order_finding_circuit(base, modulus, nb_phase_bits)
    print(f"{base}**x modulo {modulus}: {circuit.nbqbits} qubits, {len(circuit)} gates")
    result = LinAlg().submit(circuit.to_job(qubits=phase))
    print("phase   probability  fraction")
    denominators = set()
    for sample in result:
        if sample.probability > 0.02:
            fraction = Fraction(sample.state.int, 2**nb_phase_bits).limit_denominator(modulus - 1)
            print(f"{sample.state}  {sample.probability:.4f}    {fraction}")
            denominators.add(fraction.denominator)
    candidates = sorted(k * d for d in denominators for k in range(1, modulus // d + 1))
    order = next(r for r in candidates if pow(base, r, modulus) == 1)  # a measured fraction may be a reduced one
    print(f"the order is {order}: {base}**{order} = 1 (mod {modulus})")
    if order % 2 == 0:
        root = base ** (order // 2)
        print(f"factors of {modulus}: {gcd(root - 1, modulus)} and {gcd(root + 1, modulus)}")


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if len(sys.argv) > 1 else (7, 15)))
