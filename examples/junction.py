"""A junction: a classical loop around a QPU. Here, bisection for the angle at which an expectation value crosses zero.

python examples/junction.py
"""

from math import pi

from qat.core import Observable, Result, Term, Variable
from qat.lang.AQASM import RX, RY, Program
from qat.plugins import Junction
from qat.qpus import LinAlg


class ZeroCrossing(Junction):
    """Finds the zero of a one-parameter job on an interval by bisection."""

    def __init__(self, low: float, high: float, tolerance: float = 1e-6):
        super().__init__(collective=False)
        self.low, self.high, self.tolerance = low, high, tolerance

    def run(self, job, meta_data):
        (name,) = job.get_variables()
        low, high, nb_runs = self.low, self.high, 0
        while high - low > self.tolerance:
            middle = (low + high) / 2
            value = self.execute(job(**{name: middle})).value  # runs on whatever stands below in the stack
            low, high = (middle, high) if value > 0 else (low, middle)
            nb_runs += 1
        return Result(value=middle, meta_data={"runs": str(nb_runs)})


def main() -> None:
    program = Program()
    (qubit,) = program.qalloc(1)
    RY(0.4)(qubit)
    RX(Variable("theta"))(qubit)
    job = program.to_circ().to_job(observable=Observable(1, pauli_terms=[Term(1.0, "Z", [0])]))

    stack = ZeroCrossing(0.0, pi) | LinAlg()
    result = stack.submit(job)
    print(f"<Z> vanishes at theta = {result.value:.6f} (exact: {pi / 2:.6f}), found in {result.meta_data['runs']} runs")


if __name__ == "__main__":
    main()
