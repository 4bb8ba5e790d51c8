"""Programs that users of myqlm-fermion write. Runs in an environment of its own; ``run_fermion.py`` makes it.

Each program returns what it found, what is right, and how far apart they may be. One line of JSON per program.
Imports stand inside the programs: the package is not there when the other tests are collected.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Finding(NamedTuple):
    """What a program found, what is right, and how far apart they may be."""

    value: float
    exact: float
    tolerance: float


PROGRAMS: dict[str, Callable[[], Finding]] = {}


def program(description: str) -> Callable[[Callable[[], Finding]], Callable[[], Finding]]:
    """Enter a function under what it does."""

    def enter(function: Callable[[], Finding]) -> Callable[[], Finding]:
        PROGRAMS[description] = function
        return function

    return enter


# ---------------------------------------------------------------- the problems

H2_EXACT = -1.1372701746609022
SHALLOW_MINIMUM = -0.28053014718543934
"""Reached by sequential optimisation from the given starting point, which is deterministic."""


def h2_integrals() -> tuple[Any, Any, float]:
    """One- and two-body integrals of H2 (STO-3G, 0.7414 angstrom, hartree) and its nuclear repulsion."""
    one_body = np.diag([-1.25246357, -0.475948715])
    two_body = np.zeros((2, 2, 2, 2))
    for index, value in {
        (0, 0, 0, 0): 0.674488766, (1, 1, 1, 1): 0.697393767, (0, 1, 1, 0): 0.663468096, (1, 0, 0, 1): 0.663468096,
        (0, 0, 1, 1): 0.181288808, (0, 1, 0, 1): 0.181288808, (1, 0, 1, 0): 0.181288808, (1, 1, 0, 0): 0.181288808,
    }.items():  # fmt: skip
        two_body[index] = value
    return one_body, two_body, 0.7137539936876182


def h2_molecule() -> Any:
    """H2 beside an empty orbital far above, which the selection of the active space must drop."""
    from qat.fermion.chemistry import MolecularHamiltonian, MoleculeInfo

    inner_one, inner_two, repulsion = h2_integrals()
    one_body, two_body = np.diag([0.0, 0.0, 5.0]), np.zeros((3,) * 4)
    one_body[:2, :2], two_body[:2, :2, :2, :2] = inner_one, inner_two
    molecule = MoleculeInfo(
        MolecularHamiltonian(one_body, two_body, repulsion),
        n_electrons=2,
        noons=[1.9745399697399246, 0.025460030260075376, 1e-9],
        orbital_energies=np.array([-0.57797481, 0.66969867, 5.0]),
    )
    molecule.restrict_active_space(threshold_1=0.02, threshold_2=1e-3)
    return molecule


def h2_problem(encoding: str) -> tuple[Any, list[Any], int, Any]:
    """Hamiltonian and cluster operators on qubits, Hartree-Fock state, guessed parameters."""
    from qat.fermion import transforms
    from qat.fermion.chemistry.ucc import get_cluster_ops, get_hf_ket, guess_init_params

    transform, code = getattr(transforms, f"transform_to_{encoding}_basis"), getattr(transforms, f"get_{encoding}_code")
    molecule = h2_molecule()
    hamiltonian = transform(molecule.hamiltonian.get_electronic_hamiltonian())
    operators = [transform(operator) for operator in get_cluster_ops(molecule.n_electrons, noons=molecule.noons)]
    state = transforms.recode_integer(get_hf_ket(molecule.n_electrons, nqbits=molecule.nqbits), code(molecule.nqbits))
    guess = guess_init_params(
        molecule.two_body_integrals, molecule.n_electrons, molecule.orbital_energies, molecule.noons
    )
    return hamiltonian, operators, state, guess


def impurity() -> Any:
    """An impurity with one bath site, two spins, as a fermionic Hamiltonian."""
    from qat.fermion.hamiltonians import ElectronicStructureHamiltonian

    block = np.array([[0.5, 1.0], [1.0, 1.0]])
    hpqrs = np.zeros((4, 4, 4, 4))
    hpqrs[0, 2, 0, 2] = hpqrs[2, 0, 2, 0] = -1
    return ElectronicStructureHamiltonian(hpq=np.kron(np.eye(2), block), hpqrs=hpqrs)


def dimer(interaction: float = 1.0, hopping: float = 0.6) -> Any:
    """The Hubbard dimer at half filling."""
    from qat.fermion.hamiltonians import make_hubbard_model

    return make_hubbard_model(-hopping * np.array([[0.0, 1.0], [1.0, 0.0]]), interaction, mu=interaction / 2)


def lowest(hamiltonian: Any) -> float:
    """Smallest eigenvalue."""
    return float(min(np.linalg.eigvalsh(hamiltonian.get_matrix())))


def start_of(state: int, nb_qubits: int) -> Any:
    """A circuit that prepares a basis state."""
    from qat.lang.AQASM import Program, X

    prog = Program()
    for qbit, bit in zip(prog.qalloc(nb_qubits), f"{state:0{nb_qubits}b}", strict=True):
        if bit == "1":
            X(qbit)
    return prog.to_circ()


# ---------------------------------------------------------------- chemistry


def ucc_energy(optimizer: Any, encoding: str) -> Finding:
    from qat.fermion.chemistry.ucc import construct_ucc_ansatz

    from qat.qpus import get_default_qpu

    hamiltonian, operators, state, _ = h2_problem(encoding)
    circ = construct_ucc_ansatz(operators, state, n_steps=1).to_circ()
    result = (optimizer | get_default_qpu()).submit(circ.to_job(observable=hamiltonian))
    return Finding(result.value, H2_EXACT, 1e-6)


@program("UCC, H2, Jordan-Wigner, ScipyMinimizePlugin from the guess")
def ucc_scipy() -> Finding:
    from qat.plugins import ScipyMinimizePlugin

    guess = h2_problem("jw")[3]
    return ucc_energy(ScipyMinimizePlugin(method="COBYLA", tol=1e-9, options={"maxiter": 500}, x0=guess), "jw")


@program("UCC, H2, Bravyi-Kitaev, ScipyMinimizePlugin with gradients")
def ucc_gradient() -> Finding:
    from qat.plugins import ScipyMinimizePlugin

    return ucc_energy(ScipyMinimizePlugin(method="BFGS", x0=[0.0] * 3), "bk")


@program("ADAPT-VQE, H2")
def adapt() -> Finding:
    from qat.plugins import AdaptVQEPlugin, ScipyMinimizePlugin
    from qat.qpus import get_default_qpu

    hamiltonian, operators, state, _ = h2_problem("bk")
    job = start_of(state, hamiltonian.nbqbits).to_job(observable=hamiltonian)
    optimizer = ScipyMinimizePlugin(method="COBYLA", tol=1e-6, options={"maxiter": 500})
    result = (AdaptVQEPlugin(operators, n_iterations=30) | optimizer | get_default_qpu()).submit(job)
    return Finding(result.value, H2_EXACT, 1e-6)


@program("quantum subspace expansion")
def subspace() -> Finding:
    from qat.fermion import SpinHamiltonian
    from qat.fermion.chemistry.qse import apply_quantum_subspace_expansion

    from qat.core import Term
    from qat.lang.AQASM import CNOT, RY, RZ, Program
    from qat.plugins import SeqOptim
    from qat.qpus import get_default_qpu

    hamiltonian = SpinHamiltonian(2, [Term(1, op, [0, 1]) for op in ("XX", "YY", "ZZ")])
    prog = Program()
    qbits = prog.qalloc(2)
    angles = [prog.new_var(float, rf"\theta_{i}") for i in range(3)]
    RY(angles[0])(qbits[0])
    RY(angles[1])(qbits[1])
    RZ(angles[2])(qbits[1])
    CNOT(qbits)
    circ, qpu = prog.to_circ(), get_default_qpu()
    result = (SeqOptim(ncycles=10, x0=[0, 0.5, 0]) | qpu).submit(circ.to_job(observable=hamiltonian))
    best = circ.bind_variables(eval(result.meta_data["parameter_map"], {"np": np}))  # as its users do
    operators = [SpinHamiltonian(2, [], 1.0), SpinHamiltonian(2, [Term(1.0, "ZZ", [0, 1])])]
    energy = apply_quantum_subspace_expansion(hamiltonian, best, operators, qpu, return_matrices=False)
    return Finding(energy, -3.0, 1e-7)


# ---------------------------------------------------------------- phase estimation


def phase_estimate(encoding: str, nb_steps: int = 6, **options: Any) -> Finding:
    from qat.fermion.phase_estimation import perform_phase_estimation

    hamiltonian = dimer()
    exact = np.linalg.eigvalsh(hamiltonian.get_matrix())
    energy, _ = perform_phase_estimation(
        hamiltonian, 7, nb_steps, E_target=-1, size_interval=4.0, basis_transform=encoding, **options
    )
    return Finding(energy, float(min(exact, key=lambda value: abs(value - energy))), 4.0 / 2**6)


@program("phase estimation, Hubbard dimer, Jordan-Wigner")
def phase_estimation_jw() -> Finding:
    return phase_estimate("jordan-wigner", init_vec="0110")


@program("phase estimation, Hubbard dimer, Bravyi-Kitaev")
def phase_estimation_bk() -> Finding:
    return phase_estimate("bravyi-kitaev", init_vec="0110")


@program("phase estimation, initial state from a routine, 200 shots")
def phase_estimation_routine() -> Finding:
    from qat.lang.AQASM import H, QRoutine
    from qat.qpus import LinAlg

    routine = QRoutine()
    for wire in routine.new_wires(4):
        H(wire)
    return phase_estimate("jordan-wigner", init_vec=routine, n_shots=200, qpu=LinAlg(seed=1))


@program("phase estimation, ground state from STATE_PREPARATION")
def phase_estimation_prepared() -> Finding:
    from qat.lang.AQASM import AbstractGate, QRoutine

    values, vectors = np.linalg.eigh(dimer().get_matrix())
    routine = QRoutine()
    routine.apply(AbstractGate("STATE_PREPARATION", [np.ndarray])(vectors[:, 0]), routine.new_wires(4))
    return phase_estimate("jordan-wigner", 30, init_vec=routine)._replace(exact=float(values[0]))


# ---------------------------------------------------------------- plugins


def shallow_job() -> Any:
    from qat.fermion.circuits import make_shallow_circ
    from qat.fermion.transforms import transform_to_jw_basis

    return make_shallow_circ().to_job(observable=transform_to_jw_basis(impurity()))


def shallow_start() -> Any:
    return np.random.RandomState(1).random_sample(8)


def sequential(plugin: Any) -> Finding:
    from qat.qpus import get_default_qpu

    result = (plugin | get_default_qpu()).submit(shallow_job())
    return Finding(result.value, SHALLOW_MINIMUM, 1e-12)


@program("SeqOptim (theirs), impurity")
def their_seq_optim() -> Finding:
    from qat.plugins.sequential_optimization import SeqOptim

    return sequential(SeqOptim(x0=shallow_start()))


@program("SeqOptim (qat.plugins), impurity")
def our_seq_optim() -> Finding:
    from qat.plugins import SeqOptim

    return sequential(SeqOptim(x0=shallow_start()))


class Depolarised:
    """Makes a QPU whose every CNOT multiplies the traceless part of a value by ``factor``."""

    @staticmethod
    def qpu(factor: float) -> Any:
        from qat.core import Result
        from qat.core.qpu import QPUHandler
        from qat.qpus import LinAlg

        class Noisy(QPUHandler):
            def submit_job(self, job: Any) -> Any:
                exact, constant = LinAlg().submit(job).value, job.observable.constant_coeff
                value = constant + (exact - constant) * factor ** job.circuit.count("CNOT")
                return Result(value=value, meta_data={})

        return Noisy()


def extrapolated(plugin: Any) -> Finding:
    from qat.qpus import LinAlg

    job = shallow_job()
    bound = job(**dict.fromkeys(job.get_variables(), 0.4))
    exact = LinAlg().submit(bound).value
    noisy = Depolarised.qpu(0.99)
    error = abs(noisy.submit(bound).value - exact)
    return Finding((plugin | noisy).submit(bound).value, exact, error / 2)


def their_extrapolator(**options: Any) -> Any:
    from qat.plugins.zero_noise_extrapolator import ZeroNoiseExtrapolator

    return ZeroNoiseExtrapolator(**options)


@program("ZeroNoiseExtrapolator (theirs), linear")
def zne_linear() -> Finding:
    return extrapolated(their_extrapolator(n_ins=2))


@program("ZeroNoiseExtrapolator (theirs), exponential")
def zne_exponential() -> Finding:
    return extrapolated(their_extrapolator(n_ins=2, extrap_method="exponential"))


@program("ZeroNoiseExtrapolator (qat.plugins), linear")
def zne_ours() -> Finding:
    from qat.plugins import ZeroNoiseExtrapolator

    return extrapolated(ZeroNoiseExtrapolator(n_ins=2))


def launches(plugin_class: Any) -> Finding:
    from qat.plugins import ScipyMinimizePlugin
    from qat.qpus import LinAlg

    np.random.seed(3)
    optimizer = ScipyMinimizePlugin(method="BFGS")
    result = (plugin_class(n_runs=4) | optimizer | LinAlg()).submit(shallow_job())
    reached = result.meta_data["reached_values"]
    values = reached if isinstance(reached, list) else eval(reached, {"np": np})
    assert len(values) == 4
    return Finding(result.value, min(values), 0.0)


@program("MultipleLaunchesAnalyzer (theirs)")
def launches_theirs() -> Finding:
    from qat.plugins.multiple_launches_analyzer import MultipleLaunchesAnalyzer

    return launches(MultipleLaunchesAnalyzer)


@program("MultipleLaunchesAnalyzer (qat.plugins)")
def launches_ours() -> Finding:
    from qat.plugins import MultipleLaunchesAnalyzer

    return launches(MultipleLaunchesAnalyzer)


def descent(optimizer_class: Any, **options: Any) -> Finding:
    from qat.fermion.hamiltonians import make_hubbard_model

    from qat.lang.AQASM import CNOT, RX, RY, H, Program
    from qat.qpus import get_default_qpu

    hamiltonian = make_hubbard_model(np.zeros((1, 1)), 2.0, mu=1.0).to_spin()
    prog = Program()
    qbits = prog.qalloc(2)
    H(qbits[0])
    RY(prog.new_var(float, r"\theta_0"))(qbits[0])
    CNOT(qbits)
    RX(prog.new_var(float, r"\theta_1"))(qbits[1])
    plugin = optimizer_class(maxiter=200, lambda_step=0.2, tol=1e-9, x0=[1.2, 2.5], **options)
    result = (plugin | get_default_qpu()).submit(prog.to_circ().to_job(observable=hamiltonian))
    return Finding(result.value, lowest(hamiltonian), 1e-4)


@program("GradientDescentOptimizer (theirs)")
def descent_theirs() -> Finding:
    from qat.fermion.naturalgradient.qfim_plugin import GradientDescentOptimizer

    return descent(GradientDescentOptimizer, natural_gradient=False)


@program("GradientDescentOptimizer (theirs), natural gradient")
def natural_theirs() -> Finding:
    from qat.fermion.naturalgradient.qfim_plugin import GradientDescentOptimizer

    return descent(GradientDescentOptimizer, natural_gradient=True)


@program("GradientDescentOptimizer (qat.plugins), natural gradient")
def natural_ours() -> Finding:
    from qat.plugins import GradientDescentOptimizer

    return descent(GradientDescentOptimizer, natural_gradient=True)


@program("TransformObservable (theirs): fermionic job on a spin QPU")
def transform_theirs() -> Finding:
    from qat.plugins.transform_observable import TransformObservable

    return transformed(TransformObservable)


@program("TransformObservable (qat.plugins): fermionic job on a spin QPU")
def transform_ours() -> Finding:
    from qat.plugins import TransformObservable

    return transformed(TransformObservable)


def transformed(plugin_class: Any) -> Finding:
    from qat.fermion.circuits import make_shallow_circ

    from qat.qpus import LinAlg

    job, direct = make_shallow_circ().to_job(observable=impurity()), shallow_job()
    values = dict.fromkeys(job.get_variables(), 0.4)
    found = (plugin_class("jordan-wigner") | LinAlg()).submit(job(**values)).value
    return Finding(found, LinAlg().submit(direct(**values)).value, 1e-12)


@program("AnsatzGenerator | ObservableGenerator | TransformObservable | SeqOptim")
def generators() -> Finding:
    from qat.generators import AnsatzGenerator, ObservableGenerator
    from qat.plugins import SeqOptim, TransformObservable
    from qat.qpus import LinAlg

    stack = (
        ObservableGenerator(observable=impurity())
        | AnsatzGenerator(name="shallow")
        | TransformObservable("jordan-wigner")
        | SeqOptim(x0=shallow_start())
        | LinAlg()
    )
    (result,) = stack.execute()
    return Finding(result.value, SHALLOW_MINIMUM, 1e-12)


# ---------------------------------------------------------------- Hamiltonians, circuits


@program("spectra of a Hamiltonian: fermionic, electronic, spin")
def spectra() -> Finding:
    from qat.fermion.hamiltonians import FermionHamiltonian

    from qat.core import Term

    fermion = FermionHamiltonian(3, [Term(1.0, "Cc", [0, 1]), Term(1.0, "Cc", [1, 0]), Term(0.5, "CcCc", [0, 0, 2, 2])])
    forms = (fermion, fermion.to_spin(), fermion.to_electronic(), fermion.to_electronic().to_spin("bravyi-kitaev"))
    first, *others = (np.sort(np.linalg.eigvalsh(form.get_matrix())) for form in forms)
    return Finding(max(float(abs(other - first).max()) for other in others), 0.0, 1e-12)


@program("transforms: matrices in the three encodings")
def encodings() -> Finding:
    from qat.fermion import transforms
    from qat.fermion.hamiltonians import FermionHamiltonian

    from qat.core import Term

    fermion = FermionHamiltonian(5, [Term(1.0, "CCcc", [0, 1, 1, 0]), Term(0.1, "Cc", [1, 4]), Term(0.3, "C", [3])])
    differences = []
    for name in ("jw", "parity", "bk"):
        spin = getattr(transforms, f"transform_to_{name}_basis")(fermion).get_matrix()
        code = getattr(transforms, f"get_{name}_code")(5)
        differences.append(abs(spin - transforms.change_encoding(fermion.get_matrix(), code)).max())
    return Finding(float(max(differences)), 0.0, 1e-12)


@program("algebra: products and commutators of Hamiltonians")
def algebra() -> Finding:
    from qat.fermion.hamiltonians import FermionHamiltonian

    from qat.core import Term

    left = FermionHamiltonian(2, [Term(1.0 + 2j, "CCcc", [1, 0, 1, 0])]) + 2
    right = 3 * FermionHamiltonian(2, [Term(1.0, "Cc", [0, 1])])
    a, b = left.get_matrix(), right.get_matrix()
    differences = ((left * right).get_matrix() - a @ b, (left | right).get_matrix() - (a @ b - b @ a))
    return Finding(float(max(abs(difference).max() for difference in differences)), 0.0, 1e-12)


@program("models: Anderson as an embedded model, Hubbard dimer")
def models() -> Finding:
    from qat.fermion.hamiltonians import make_anderson_model, make_embedded_model

    anderson = make_anderson_model(1, 0.5, [0.4], [0.04])
    embedded = make_embedded_model(1, 0.5, np.diag([0.4, 0.4]), -0.04 * np.eye(2), grouping="clusters")
    embedded.constant_coeff = 0
    difference = abs(anderson.get_matrix() - embedded.get_matrix()).max()
    interaction, hopping = 1.0, 0.6
    ground = -interaction / 2 - np.hypot(interaction, 4 * hopping) / 2
    return Finding(lowest(dimer(interaction, hopping)) + difference, ground, 1e-12)


@program("trotterisation: error of 20 steps in three encodings")
def trotter() -> Finding:
    from qat.fermion import transforms
    from qat.fermion.trotterisation import make_trotterisation_routine
    from qat.fermion.util import get_unitary_from_circuit
    from scipy.linalg import expm

    hamiltonian, errors = dimer(), []
    for method, name in (("jordan-wigner", "jw"), ("bravyi-kitaev", "bk"), ("parity", "parity")):
        routine = make_trotterisation_routine(hamiltonian, 20, final_time=0.3, method=method)
        encoded = transforms.change_encoding(
            expm(-0.3j * hamiltonian.get_matrix()), getattr(transforms, f"get_{name}_code")(4)
        )
        overlap = np.trace(encoded.conj().T @ get_unitary_from_circuit(routine, 4)) / 16
        errors.append(1 - abs(overlap))
    return Finding(float(max(errors)), 0.0, 1e-4)


@program("VQE function with SPSA")
def vqe_function() -> Finding:
    from qat.fermion.hamiltonians import ElectronicStructureHamiltonian
    from qat.fermion.vqe import VQE

    from qat.lang.AQASM import RX, RY, QRoutine
    from qat.qpus import get_default_qpu
    from qat.vsolve.optimize.spsa_algorithm import spsa_minimize

    def ansatz(angles: Any) -> Any:
        routine = QRoutine()
        routine.apply(RY(angles[0]), 0)
        routine.apply(RX(angles[1]), 1)
        return routine

    np.random.seed(5)
    hamiltonian = ElectronicStructureHamiltonian(np.array([[-3.0, 2.0], [2.0, -3.0]]), np.zeros((2,) * 4))
    energy, *_ = VQE(
        hamiltonian.to_spin(),
        lambda function, start: spsa_minimize(function, start, precision=1e-6, maxiter=500, c=0.05, a=1, A=0),
        ansatz,
        np.array([0.3, 0.7]),
        get_default_qpu(),
    )
    return Finding(energy, lowest(hamiltonian), 5e-3)


@program("low-depth circuit ansatz (matchgates), gradients by the QPU")
def ldca() -> Finding:
    from qat.fermion.circuits import make_ldca_circ

    from qat.plugins import ScipyMinimizePlugin
    from qat.qpus import LinAlg

    hamiltonian = impurity().to_spin()
    job = make_ldca_circ(4, 1).to_job(observable=hamiltonian)
    start = np.random.RandomState(2).random_sample(len(job.get_variables()))
    result = (ScipyMinimizePlugin(method="BFGS", x0=start) | LinAlg()).submit(job)
    matrix, is_even = hamiltonian.get_matrix(), [state.bit_count() % 2 == 0 for state in range(16)]
    exact = min(np.linalg.eigvalsh(matrix[np.ix_(is_even, is_even)]))  # the circuit conserves the parity of the vacuum
    return Finding(result.value, float(exact), 1e-6)


@program("all circuits: variables bind, files keep them")
def circuits() -> Finding:
    from qat.fermion import circuits as library

    from qat.core import Circuit
    from qat.qpus import LinAlg

    makers = (
        library.make_shallow_circ, library.make_mr_circ, library.make_mrep_circ, lambda: library.make_ldca_circ(4, 1),
        lambda: library.make_general_hwe_circ(4, 2), lambda: library.make_compressed_ldca_circ(4, 1),
    )  # fmt: skip
    difference = 0.0
    for make in makers:
        circ = make()
        bound = circ(**dict.fromkeys(circ.get_variables(), 0.3))
        first, second = (LinAlg().submit(c.to_job()) for c in (bound, Circuit.from_bytes(bound.to_bytes())))
        difference += sum(abs(a.amplitude - b.amplitude) for a, b in zip(first, second, strict=True))
    return Finding(float(difference), 0.0, 0.0)


@program("files: a job with a Hamiltonian of theirs as observable")
def files() -> Finding:
    from qat.core import Job
    from qat.qpus import LinAlg

    job = shallow_job()
    bound = job(**dict.fromkeys(job.get_variables(), 0.4))
    return Finding(LinAlg().submit(Job.from_bytes(bound.to_bytes())).value, LinAlg().submit(bound).value, 0.0)


@program("every module of the package and every service imports")
def modules() -> Finding:
    import importlib
    import pkgutil

    import qat.fermion

    import qat.generators
    import qat.plugins

    names = [module.name for module in pkgutil.walk_packages(qat.fermion.__path__, "qat.fermion.")]
    for name in names:
        importlib.import_module(name)
    services = {
        "AdaptVQEPlugin",
        "SeqOptim",
        "TransformObservable",
        "ZeroNoiseExtrapolator",
        "MultipleLaunchesAnalyzer",
    }
    missing = services - set(dir(qat.plugins)) | {"AnsatzGenerator", "ObservableGenerator"} - set(dir(qat.generators))
    return Finding(float(len(missing)), 0.0, 0.0)


# ---------------------------------------------------------------- running


def outcome(description: str) -> dict[str, Any]:
    """What happened to one program."""
    start = time.perf_counter()
    try:
        finding = PROGRAMS[description]()
        found: dict[str, Any] = {name: float(np.real(value)) for name, value in finding._asdict().items()}
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        found = {"error": f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"}
    return {"what": description, "seconds": time.perf_counter() - start, **found}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for chosen in PROGRAMS:
        if not sys.argv[1:] or any(word.lower() in chosen.lower() for word in sys.argv[1:]):
            print(json.dumps(outcome(chosen)), flush=True)
