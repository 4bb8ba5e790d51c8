"""MaxCut by the quantum approximate optimisation algorithm (QAOA) on a real graph.

The graph: marriages between Renaissance Florentine families (Padgett & Ansell, "Robust action and the rise of the
Medici", 1993), 15 families and 20 marriages. Which way of splitting the families cuts the most marriages?

    python examples/maxcut_qaoa.py
"""

from itertools import product

from qat.core import Observable, Term, Variable
from qat.lang.AQASM import CNOT, RX, RZ, H, Program
from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg

MARRIAGES = """Acciaiuoli-Medici Castellani-Peruzzi Castellani-Strozzi Castellani-Barbadori Medici-Barbadori
Medici-Ridolfi Medici-Tornabuoni Medici-Albizzi Medici-Salviati Salviati-Pazzi Peruzzi-Strozzi Peruzzi-Bischeri
Strozzi-Ridolfi Strozzi-Bischeri Ridolfi-Tornabuoni Tornabuoni-Guadagni Albizzi-Ginori Albizzi-Guadagni
Bischeri-Guadagni Guadagni-Lamberteschi"""
EDGES = [tuple(marriage.split("-")) for marriage in MARRIAGES.split()]
FAMILIES = sorted({family for edge in EDGES for family in edge})
DEPTH = 3


def qaoa_job():
    """QAOA ansatz and cost: minus the expected number of marriages cut, as a job with free angles."""
    index = {family: number for number, family in enumerate(FAMILIES)}
    edges = [(index[a], index[b]) for a, b in EDGES]
    cost = Observable(len(FAMILIES), constant_coeff=-len(edges) / 2)
    for edge in edges:
        cost.add_term(Term(0.5, "ZZ", list(edge)))

    program = Program()
    qubits = program.qalloc(len(FAMILIES))
    for qubit in qubits:
        H(qubit)
    for layer in range(DEPTH):
        for a, b in edges:
            CNOT(qubits[a], qubits[b])
            RZ(Variable(f"gamma_{layer}"))(qubits[b])
            CNOT(qubits[a], qubits[b])
        for qubit in qubits:
            RX(Variable(f"beta_{layer}"))(qubit)
    return program.to_circ().to_job(observable=cost)


def cut_size(sides) -> int:
    side = dict(zip(FAMILIES, sides))
    return sum(side[a] != side[b] for a, b in EDGES)


def main() -> None:
    job = qaoa_job()
    start = [-0.8, -0.5, -0.3, -0.4, -0.7, -0.9]  # betas fall and gammas grow from layer to layer, as annealing would
    optimum = (ScipyMinimizePlugin(method="L-BFGS-B", x0=start) | LinAlg()).submit(job)
    print(f"{len(FAMILIES)} families, {len(EDGES)} marriages, {len(job.circuit)} gates, {DEPTH} layers")
    print(f"expected cut of the optimised state: {-optimum.value:.2f}")

    bound = job.circuit(**optimum.parameter_map)
    shots = LinAlg(seed=1).submit(bound.to_job(nbshots=500))
    best = max(shots, key=lambda sample: cut_size(sample.state.bitstring))
    true_best = max(map(cut_size, product("01", repeat=len(FAMILIES))))
    print(f"best cut in 500 shots: {cut_size(best.state.bitstring)} marriages (the maximum is {true_best})")
    for side in "01":
        print(f"  side {side}:", ", ".join(f for f, bit in zip(FAMILIES, best.state.bitstring) if bit == side))


if __name__ == "__main__":
    main()
