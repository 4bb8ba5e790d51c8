"""What the molecular examples share: Hamiltonians from files, and the unitary coupled-cluster ansatz as a circuit."""

import ast
import json
from itertools import combinations, pairwise, product
from math import log10
from pathlib import Path

from qat.core import Circuit, Job, Observable, Result, Term, Variable
from qat.lang.AQASM import CNOT, RX, RZ, H, Program, QRoutine, X

DATA = Path(__file__).parent / "data"
HALF_PI = 1.5707963267948966
# exp(angle * (excitation - its adjoint)) is a product of rotations about these commuting Pauli words, with these signs
SINGLE = (("YX", +1), ("XY", -1))
DOUBLE = (
    ("XXYX", +1), ("YXYY", +1), ("XYYY", +1), ("XXXY", +1), ("YXXX", -1), ("XYXX", -1), ("YYYX", -1), ("YYXY", -1),
)  # fmt: skip


def load_molecule(name: str) -> dict:
    """The document of ``examples/data/NAME.json``: energies in hartree, Pauli terms, reference state."""
    return json.loads((DATA / f"{name}.json").read_text())


def hamiltonian(molecule: dict) -> Observable:
    """The molecule's energy as an observable."""
    terms = [Term(coefficient, word, qubits) for coefficient, word, qubits in molecule["terms"]]
    return Observable(molecule["nb_qubits"], pauli_terms=terms, constant_coeff=molecule["constant"])


def pauli_rotation(word: str, angle) -> QRoutine:
    """``exp(-i * angle / 2 * word)``: change to the Z basis, collect the parity on the last qubit, rotate, undo."""
    routine = QRoutine()
    wires = routine.new_wires(len(word))
    with routine.compute():
        for wire, letter in zip(wires, word):
            if letter == "X":
                H(wire)
            elif letter == "Y":
                RX(HALF_PI)(wire)
        for left, right in pairwise(wires):
            CNOT(left, right)
    RZ(angle)(wires[-1])
    routine.uncompute()
    return routine


def excitations(molecule: dict) -> list[tuple[int, ...]]:
    """Spin-conserving single (i, a) and double (i, j, a, b) excitations; spin is the parity of the qubit."""
    occupied = range(molecule["nb_electrons"])
    empty = range(molecule["nb_electrons"], molecule["nb_qubits"])
    singles = [(i, a) for i, a in product(occupied, empty) if (i - a) % 2 == 0]
    doubles = [
        (*pair, *target)
        for pair, target in product(combinations(occupied, 2), combinations(empty, 2))
        if sorted(q % 2 for q in pair) == sorted(q % 2 for q in target)
    ]
    return singles + doubles


def excite(program: Program, qubits, excitation: tuple[int, ...], angle) -> None:
    """Append ``exp(angle * (excitation - adjoint))`` in the Jordan-Wigner encoding."""
    ends = list(zip(excitation[::2], excitation[1::2]))
    strings = [q for low, high in ends for q in range(low + 1, high)]
    words = SINGLE if len(excitation) == 2 else DOUBLE
    for word, sign in words:
        letters = dict.fromkeys(strings, "Z") | dict(zip(excitation, word))
        support = sorted(letters)
        rotation = pauli_rotation("".join(letters[q] for q in support), angle * (sign * 2 / len(words)))
        program.apply(rotation, [qubits[q] for q in support])


def ucc_circuit(molecule: dict) -> Circuit:
    """Unitary coupled cluster with singles and doubles, one first-order Trotter step, on the Hartree-Fock state."""
    program = Program()
    qubits = program.qalloc(molecule["nb_qubits"])
    for qubit, bit in zip(qubits, molecule["hartree_fock_state"]):
        if bit == "1":
            X(qubit)
    for index, excitation in enumerate(excitations(molecule)):
        excite(program, qubits, excitation, Variable(f"t{index:02}"))
    return program.to_circ()


def ground_state_job(name: str) -> Job:
    """The variational problem: the energy of the coupled-cluster state, as a job with free variables."""
    molecule = load_molecule(name)
    return ucc_circuit(molecule).to_job(observable=hamiltonian(molecule))


def report(molecule: dict, result: Result) -> str:
    """How the optimisation went: the energies on the way, and the last one against the exact one."""
    error = result.value - molecule["exact_energy"]
    return "\n".join(
        [
            convergence(ast.literal_eval(result.meta_data["optimization_trace"]), molecule["exact_energy"]),
            f"Hartree-Fock  {molecule['hartree_fock_energy']:+.9f} hartree",
            f"VQE           {result.value:+.9f} hartree",
            f"exact         {molecule['exact_energy']:+.9f} hartree (error {error:.1e})",
        ]
    )


def convergence(energies: list[float], exact: float, width: int = 50) -> str:
    """The best energy so far as bars on a logarithmic scale of the error, from 1 hartree down to 1e-9."""
    lines, best = ["evaluation   best energy   error"], float("inf")
    for step, energy in enumerate(energies, 1):
        if energy < best - 1e-10:
            best = energy
            error = max(best - exact, 1e-9)
            lines.append(f"{step:5}  {best:+.9f}  {error:8.1e}  {'█' * max(1, round(width * (1 + log10(error) / 9)))}")
    return "\n".join(lines)
