"""Ground-state energy of lithium hydride by the variational quantum eigensolver (VQE), started from Hartree-Fock.

python examples/vqe_molecule.py [lih_sto3g_frozen_core | h2_sto3g | lih_sto3g]
"""

import sys

from chemistry import ground_state_job, load_molecule, report

from qat.plugins import ScipyMinimizePlugin
from qat.qpus import LinAlg


def main(name: str) -> None:
    molecule = load_molecule(name)
    job = ground_state_job(name)
    nb_parameters = len(job.get_variables())
    print(f"{name}: {molecule['nb_qubits']} qubits, {len(molecule['terms'])} Pauli terms, ", end="")
    print(f"{len(job.circuit)} gates, {nb_parameters} parameters")

    stack = ScipyMinimizePlugin(method="L-BFGS-B", x0=[0.0] * nb_parameters) | LinAlg()
    print(report(molecule, stack.submit(job)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "lih_sto3g_frozen_core")
