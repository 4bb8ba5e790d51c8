"""A generator: it makes jobs, looks at their results, and gives an answer in the words of the problem.

Here, iterative phase estimation (Kitaev): the bits of an unknown phase are found one by one, the least significant
first, and each found bit decides the next circuit.

    python examples/generator.py
"""

from math import pi

from qat.generators import AbstractGenerator
from qat.lang.AQASM import PH, H, Program, X
from qat.qpus import LinAlg


class IterativePhaseEstimation(AbstractGenerator):
    """Finds ``phase`` in [0, 1), to ``nb_bits`` bits, of a gate with eigenvalue ``exp(2i pi phase)`` on ``|1>``."""

    def generate(self, specs, make_power, nb_bits):
        bits = ""
        for position in reversed(range(nb_bits)):
            program = Program()
            ancilla, target = program.qalloc(2)
            X(target)
            H(ancilla)
            make_power(2**position).ctrl()(ancilla, target)
            PH(-2 * pi * sum(int(bit) / 2 ** (k + 2) for k, bit in enumerate(bits)))(ancilla)
            H(ancilla)
            result = yield program.to_circ().to_job(qubits=[0], nbshots=100)
            likely = max(result, key=lambda sample: sample.probability)
            bits = likely.state.bitstring + bits
        yield {"bits": bits, "phase": int(bits, 2) / 2**nb_bits}


def main() -> None:
    unknown = 0.637
    application = IterativePhaseEstimation() | LinAlg(seed=3)
    answer = application.execute(lambda power: PH(2 * pi * unknown * power), nb_bits=10)
    print(f"phase {answer['phase']:.4f} = 0.{answer['bits']} in binary (hidden: {unknown})")


if __name__ == "__main__":
    main()
