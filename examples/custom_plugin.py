"""A plugin of one's own: average the result over repeated runs, by resubmitting until the error is small enough.

python examples/custom_plugin.py
"""

from math import sqrt

from qat.core import Batch, BatchResult, Observable, Result, Term
from qat.core.plugins import AbstractPlugin
from qat.lang.AQASM import RX, Program
from qat.qpus import LinAlg


class UntilPrecise(AbstractPlugin):
    """Repeats a sampled observable until the standard error of the mean is below ``target``."""

    def __init__(self, target: float, max_rounds: int = 50):
        super().__init__()
        self.target, self.max_rounds = target, max_rounds

    def compile(self, batch, specs):
        if len(batch.jobs) != 1:
            raise ValueError(f"UntilPrecise takes one job at a time, got {len(batch.jobs)}")
        self.batch, self.values, self.errors = batch, [], []
        return batch

    def post_process(self, batch_result):
        self.values.append(batch_result[0].value)
        self.errors.append(batch_result[0].error)
        nb_rounds = len(self.values)
        error = sqrt(sum(e * e for e in self.errors)) / nb_rounds
        if error > self.target and nb_rounds < self.max_rounds:
            return Batch(self.batch.jobs)  # a Batch instead of a result: send it down the stack again
        result = Result(value=sum(self.values) / nb_rounds, error=error, meta_data={"rounds": str(nb_rounds)})
        return BatchResult(results=[result])


def main() -> None:
    program = Program()
    (qubit,) = program.qalloc(1)
    RX(1.1)(qubit)
    job = program.to_circ().to_job(observable=Observable(1, pauli_terms=[Term(1.0, "Z", [0])]), nbshots=1000)

    stack = UntilPrecise(target=0.005) | LinAlg(seed=7)
    result = stack.submit(job)
    print(f"<Z> = {result.value:.4f} +- {result.error:.4f} after {result.meta_data['rounds']} rounds (exact: 0.4536)")


if __name__ == "__main__":
    main()
