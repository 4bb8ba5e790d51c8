"""Ground-state energy of a molecule by the variational quantum eigensolver (VQE).

python examples/vqe_molecule.py [h2_sto3g | lih_sto3g_frozen_core]
"""

import ast
import sys
from math import log10

from chemistry import ground_state_job, load_molecule

from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg


def convergence(energies: list[float], exact: float, width: int = 50) -> str:
    """The best energy so far as bars on a logarithmic scale of the error, from 1 hartree down to 1e-9."""
    lines, best = [], float("inf")
    for step, energy in enumerate(energies, 1):
        if energy < best - 1e-10:
            best = energy
            error = max(best - exact, 1e-9)
            lines.append(f"{step:5}  {best:+.9f}  {error:8.1e}  {'█' * max(1, round(width * (1 + log10(error) / 9)))}")
    return "\n".join(["evaluation   best energy   error", *lines])


def main(name: str) -> None:
    molecule = load_molecule(name)
    jobs = ground_state_job(name)
    print(f"{name}: {molecule['nb_qubits']} qubits, {len(molecule['terms'])} Pauli terms, ", end="")
    print(f"{len(jobs.circuit)} gates, {len(jobs.get_variables())} parameters")

    stack = ScipyMinimizePlugin(method="BFGS", x0=[0.0] * len(jobs.get_variables())) | LinAlg()
    results = stack.submit(jobs)

    print(convergence(ast.literal_eval(results.meta_data["optimization_trace"]), molecule["exact_energy"]))
    print(f"Hartree-Fock  {molecule['hartree_fock_energy']:+.9f} Ha")
    print(f"VQE           {results.value:+.9f} Ha")
    error = results.value - molecule["exact_energy"]
    print(f"exact         {molecule['exact_energy']:+.9f} Ha   (error {error:.1e} Ha)")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "h2_sto3g")
