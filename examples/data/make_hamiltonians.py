"""Makes the molecular Hamiltonians shipped in this folder. Needs PySCF (``pip install pyscf``); the examples do not.

Each file holds the electronic Hamiltonian of a molecule at one geometry: restricted Hartree-Fock orbitals from PySCF,
second quantisation in the chosen active space, Jordan-Wigner encoding. Qubit ``2 * p`` is the spin-up and ``2 * p + 1``
the spin-down state of orbital ``p``, in order of orbital energy; ``|1>`` is occupied. Energies are in hartree and
include the nuclear repulsion. ``exact_energy`` is PySCF's full configuration interaction in the same active space.

    python examples/data/make_hamiltonians.py
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import pyscf
from pyscf import ao2mo, fci, gto, mcscf, scf

HERE = Path(__file__).parent
PauliSum = dict[str, complex]
CASES = (
    # file name, atoms (angstrom), number of frozen core orbitals
    ("h2_sto3g.json", "H 0 0 0; H 0 0 0.7414", 0),
    ("lih_sto3g.json", "Li 0 0 0; H 0 0 1.5949", 0),
    ("lih_sto3g_frozen_core.json", "Li 0 0 0; H 0 0 1.5949", 1),
)
PRODUCTS = {
    ("X", "Y"): (1j, "Z"), ("Y", "Z"): (1j, "X"), ("Z", "X"): (1j, "Y"),
    ("Y", "X"): (-1j, "Z"), ("Z", "Y"): (-1j, "X"), ("X", "Z"): (-1j, "Y"),
}  # fmt: skip


def multiply(left: PauliSum, right: PauliSum) -> PauliSum:
    """Product of two sums of Pauli words."""
    result: PauliSum = defaultdict(complex)
    for (word_a, a), (word_b, b) in product(left.items(), right.items()):
        factor, letters = a * b, []
        for x, y in zip(word_a, word_b, strict=True):
            if "I" in (x, y) or x == y:
                letters.append("I" if x == y else (x if y == "I" else y))
            else:
                phase, letter = PRODUCTS[x, y]
                factor *= phase
                letters.append(letter)
        result["".join(letters)] += factor
    return result


def annihilator(mode: int, nb_modes: int) -> PauliSum:
    """Jordan-Wigner image of the annihilation operator of a mode: Z...Z (X + iY) / 2."""
    tail = "I" * (nb_modes - mode - 1)
    return {"Z" * mode + "X" + tail: 0.5, "Z" * mode + "Y" + tail: 0.5j}


def dagger(operator: PauliSum) -> PauliSum:
    """Hermitian conjugate."""
    return {word: np.conj(value) for word, value in operator.items()}


def jordan_wigner(one_body: np.ndarray, two_body: np.ndarray, constant: float) -> PauliSum:
    """Qubit operator of ``sum h[p,q] p+ q + 1/2 sum g[p,q,r,s] p+ r+ s q`` over spatial orbitals and both spins.

    ``two_body`` is in chemists' order (pq|rs).
    """
    nb_orbitals = len(one_body)
    nb_modes = 2 * nb_orbitals
    lower = [annihilator(mode, nb_modes) for mode in range(nb_modes)]
    excite = {
        (a, b): multiply(dagger(lower[a]), lower[b]) for a, b in product(range(nb_modes), repeat=2) if a % 2 == b % 2
    }
    total: PauliSum = defaultdict(complex, {"I" * nb_modes: constant})

    def add(factor: float, operator: PauliSum) -> None:
        for word, value in operator.items():
            total[word] += factor * value

    for p, q, spin in product(range(nb_orbitals), range(nb_orbitals), range(2)):
        add(one_body[p, q], excite[2 * p + spin, 2 * q + spin])
    for p, q, r, s in product(range(nb_orbitals), repeat=4):
        if abs(two_body[p, q, r, s]) < 1e-12:
            continue
        for up, down in product(range(2), repeat=2):  # p+ r+ s q = (p+ q)(r+ s) - delta(q, r) p+ s
            a, b, c, d = 2 * p + up, 2 * q + up, 2 * r + down, 2 * s + down
            add(two_body[p, q, r, s] / 2, multiply(excite[a, b], excite[c, d]))
            if b == c:
                add(-two_body[p, q, r, s] / 2, excite[a, d])
    return total


def make(file_name: str, atoms: str, nb_frozen: int) -> None:
    """Compute one Hamiltonian and write its file."""
    molecule = gto.M(atom=atoms, basis="sto-3g")
    field = scf.RHF(molecule).run(verbose=0)
    nb_electrons = molecule.nelectron - 2 * nb_frozen
    nb_orbitals = field.mo_coeff.shape[1] - nb_frozen
    active = mcscf.CASCI(field, nb_orbitals, nb_electrons)
    active.verbose = 0
    one_body, constant = active.get_h1eff()
    two_body = ao2mo.restore(1, active.get_h2eff(), nb_orbitals)
    exact = fci.direct_spin0.kernel(one_body, two_body, nb_orbitals, nb_electrons, ecore=constant)[0]
    words = jordan_wigner(one_body, two_body, constant)
    terms = [
        [round(float(value.real), 12), word.replace("I", ""), [q for q, letter in enumerate(word) if letter != "I"]]
        for word, value in sorted(words.items(), key=lambda item: item[0])
        if abs(value) > 1e-10
    ]
    document = {
        "name": file_name.removesuffix(".json"),
        "source": f"PySCF {pyscf.__version__}, RHF/STO-3G, Jordan-Wigner; made by examples/data/make_hamiltonians.py",
        "geometry_angstrom": atoms,
        "nb_frozen_orbitals": nb_frozen,
        "nb_qubits": 2 * nb_orbitals,
        "nb_electrons": nb_electrons,
        "hartree_fock_state": "1" * nb_electrons + "0" * (2 * nb_orbitals - nb_electrons),
        "hartree_fock_energy": float(field.e_tot),
        "exact_energy": float(exact),
        "constant": next(term[0] for term in terms if not term[1]),
        "terms": [term for term in terms if term[1]],
    }
    rows = ",\n  ".join(json.dumps(term) for term in document.pop("terms"))
    head = json.dumps(document, indent=1)[:-2]
    (HERE / file_name).write_text(f'{head},\n "terms": [\n  {rows}\n ]\n}}\n')


if __name__ == "__main__":
    for case in CASES:
        make(*case)
